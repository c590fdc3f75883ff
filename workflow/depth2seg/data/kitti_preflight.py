"""Preflight of KITTI: raw drives, calibration, the benchmark's labelled images."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from depth2seg.data import kitti, kitti_splits, velodyne
from depth2seg.data.oxts import positions
from depth2seg.data.preflight import Findings, spread
from depth2seg.scenes.formats import read_calibration
from depth2seg.scenes.layout import Drive

_FOLDERS = {"image_02": "png", "image_03": "png", "velodyne_points": "bin", "oxts": "txt"}
_MISSING_SCANS = 0.1  # share of frames that may lack a scan: drive 0009 of 2011_09_26 lacks four


def check(root: Path, dataset: Mapping) -> Findings:
    """Look at the folder; `Findings.problems` says all that is wrong."""
    findings = Findings(root)
    drives = kitti_splits.drives(dataset)
    absent = [drive for drive in drives if not _folder(root, drive).is_dir()]
    findings.lacks(
        [drive.name for drive in absent], len(drives), "raw drives are", f"extract their archives into {root / 'raw'}"
    )
    counts = {drive.name: _drive(findings, drive) for drive in drives if drive not in absent}
    for day in sorted({drive.date for drive in drives}):
        _calibration(findings, day, [drive for drive in drives if drive.date == day and counts.get(drive.name)])
    _labelled(findings, dataset["classes"])
    findings.facts |= {"drives": len(counts), "frames": sum(counts.values())}
    return findings


def _folder(root: Path, drive: Drive) -> Path:
    return root / "raw" / drive.date / drive.name


def _drive(findings: Findings, drive: Drive) -> int:
    """Number of its left images, after looking at all that belongs to them."""
    folder = _folder(findings.root, drive)
    files = {name: sorted((folder / name / "data").glob(f"*.{kind}")) for name, kind in _FOLDERS.items()}
    frames = {path.stem for path in files["image_02"]}
    if not frames:
        findings.problems.append(f"{folder}/image_02/data holds no images: extract the drive's archive anew")
        return 0
    for name, allowed in {"image_03": 0, "oxts": 0, "velodyne_points": _MISSING_SCANS}.items():
        lacking = sorted(frames - {path.stem for path in files[name]})
        if len(lacking) > allowed * len(frames):
            findings.lacks(
                lacking, len(frames), f"files of {folder}/{name}/data are", "extract the drive's archive anew"
            )
    tested = kitti_splits.eigen_test_frames().get(drive.name, ())
    absent = [frame for frame in tested if f"{frame:010d}" not in frames]
    findings.lacks(
        absent, len(tested), f"of Eigen's test frames of {drive.name} are", "extract the drive's archive anew"
    )
    findings.sizes([*spread(files["image_02"]), *spread(files["image_03"])])
    for path in spread(files["velodyne_points"]):
        points = findings.attempt(velodyne.read_scan, path)
        if points is not None:
            far = np.abs(points[:, :3]).max(initial=0)
            findings.expect(
                len(points) > 0 and far < 200,
                f"{path}: {len(points)} points, the farthest {far:.0f} m away, are no scan",
            )
    if files["oxts"]:
        findings.attempt(positions, folder / "oxts/data")
    return len(frames)


def _calibration(findings: Findings, day: str, drives: list[Drive]) -> None:
    folder = findings.root / "raw" / day
    camera = findings.attempt(kitti.read_camera, folder / "calib_cam_to_cam.txt")
    laser = findings.attempt(velodyne.projection, folder)
    if camera is None or laser is None or not drives:
        return
    text = (folder / "calib_cam_to_cam.txt").read_text()
    size = tuple(round(value) for value in read_calibration(text)["S_rect_02"][::-1].tolist())
    first = min((_folder(findings.root, drives[0]) / "image_02/data").glob("*.png"))
    findings.sizes([first], size)
    findings.camera(camera, size, folder / "calib_cam_to_cam.txt")
    turn = read_calibration((folder / "calib_velo_to_cam.txt").read_text())["R"].reshape(3, 3)
    findings.expect(
        np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) and np.linalg.det(turn) > 0,
        f"{folder / 'calib_velo_to_cam.txt'}: R is no rotation; extract the day's calibration anew",
    )


def _labelled(findings: Findings, classes: str) -> None:
    folder = findings.root / "semantics/training"
    names = [f"{image.number:06d}_10.png" for image in kitti_splits.labelled_images()]
    pairs = [(folder / "image_2" / name, folder / "semantic" / name) for name in names]
    for kind in (0, 1):
        absent = [pair[kind].relative_to(findings.root) for pair in pairs if not pair[kind].is_file()]
        what = ("labelled images are", "label images are")[kind]
        findings.lacks(absent, len(names), what, f"extract data_semantics into {findings.root / 'semantics'}")
    there = [pair for pair in pairs if pair[0].is_file() and pair[1].is_file()]
    for image, label in there:
        findings.sizes([image, label])
    findings.labels([label for _, label in there], classes)
