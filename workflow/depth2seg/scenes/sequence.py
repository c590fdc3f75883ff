"""Render one street sequence to KITTI's folders.

::

    raw/{date}/calib_cam_to_cam.txt, calib_velo_to_cam.txt, calib_imu_to_velo.txt
    raw/{date}/{drive}/image_02/data/{frame:010d}.png        left image; image_03 the right one
    raw/{date}/{drive}/velodyne_points/data/{frame:010d}.bin 64-beam scan
    raw/{date}/{drive}/oxts/data/{frame:010d}.txt            pose
    depth/{train|val}/{drive}/proj_depth/groundtruth/image_02/{frame:010d}.png   exact dense depth (left)
    depth/{train|val}/{drive}/proj_depth/velodyne_raw/image_02/{frame:010d}.png  the scan, projected
    flow/training/flow_occ/{drive number:06d}_{frame:02d}.png                    to the next frame, occluded too
    semantics/training/image_2/{number:06d}_10.png           labelled image
    semantics/training/semantic/{number:06d}_10.png          its label ids
    semantics/training/instance/{number:06d}_10.png          label id * 256 + number
    manifests/{job}.json                                     last: every file with size and sha256

Raw drives are the splits video and val, labelled images train and test (see layout.py for the numbers).
"""

import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.files import atomic_path, sha256, write_json
from depth2seg.scenes import formats, layout
from depth2seg.scenes.drive import FOCAL, SPLIT_SEED, Drive
from depth2seg.scenes.lidar import scan

log = logging.getLogger(__name__)


def render_sequence(dataset: dict, job: str, root: Path) -> None:
    """Render the frames of a job, "{split}-{number}", and last its manifest."""
    split, _, index = job.partition("-")
    frames = layout.frame_numbers(dataset["splits"][split])
    drive = Drive(dataset, split, int(index), frames[-1])
    if split in layout.DRIVE_BASE:
        files = share_calibration(root, dataset["size"])
        number = layout.DRIVE_BASE[split] + int(index)
        rendered = (_video_frame(drive, split, number, k, k == frames[-1], root) for k in frames)
    else:
        files, base = [], layout.LABEL_BASE[split] + 1000 * int(index)
        rendered = (_labelled_frame(drive, base + k, k, root) for k in frames)
    for frame_files in with_progress(rendered, len(frames), "frame"):
        files += frame_files
    write_manifest(dataset, job, root, files)


def with_progress(results: Iterable, total: int, what: str, every: float = 2.0) -> Iterable:
    """Pass results on; log how far they are, seconds each and time left, at most every so-many seconds."""
    start = last = time.monotonic()
    for k, result in enumerate(results, 1):
        yield result
        now = time.monotonic()
        if now - last >= every or k == total:
            each, last = (now - start) / k, now
            log.info("%s %d of %d, %.2f s each, %.0f s left", what, k, total, each, each * (total - k))


def write_manifest(dataset: dict, job: str, root: Path, files: list[Path]) -> None:
    """manifests/{job}.json: what was rendered, and each file's size and sha256 by its path under root."""
    listed = {
        str(f.relative_to(root)): {"size": f.stat().st_size, "sha256": sha256(f)} for f in sorted(set(files))
    }  # fmt: skip
    settings = {key: dataset[key] for key in ("source", "seed", "size", "samples", "fps") if key in dataset}
    content = {"sequence": job, "settings": settings, "split": _extent(dataset, job), "files": listed}
    write_json(root / "manifests" / f"{job}.json", content)


def share_calibration(root: Path, size: list[int]) -> list[Path]:
    """Write the day's calibration files, or find them the same; UserError if they are another data set's."""
    height, width = size
    f = FOCAL * width
    texts = {
        "calib_cam_to_cam.txt": formats.camera_calibration(f, (width - 1) / 2, (height - 1) / 2, width, height),
        "calib_velo_to_cam.txt": formats.rigid_calibration(formats.VELO_TO_CAM),
        "calib_imu_to_velo.txt": formats.rigid_calibration(formats.IMU_TO_VELO),
    }
    paths = []
    for name, text in texts.items():
        path = root / "raw" / layout.DATE / name
        if not path.exists():
            with atomic_path(path) as temporary:
                temporary.write_text(text)
        elif path.read_text() != text:
            raise UserError(f"{path}: is of another data set (size {size} was asked for); render into an empty folder")
        paths.append(path)
    return paths


def _video_frame(drive: Drive, split: str, number: int, frame: int, last: bool, root: Path) -> list[Path]:
    name = layout.drive_name(layout.DATE, number)
    raw = root / "raw" / layout.DATE / name
    depth_folder = root / "depth" / layout.DEPTH_FOLDER[split] / name / "proj_depth"
    moment = drive.moment(frame)
    image, depth = moment.image(), moment.depth()
    rng = np.random.default_rng([int(drive.seed), SPLIT_SEED[split], number, frame])
    points, sparse = scan(depth, image, moment.left, rng)
    pose = formats.oxts_line(formats.imu_pose(moment.left.pose), drive.street.speed * drive.fps)
    png = f"{frame:010d}.png"
    files = [
        save(raw / "image_02/data" / png, image),
        save(raw / "image_03/data" / png, moment.image(right=True)),
        save(depth_folder / "groundtruth/image_02" / png, formats.encode_depth(depth)),
        save(depth_folder / "velodyne_raw/image_02" / png, formats.encode_depth(sparse)),
        save(raw / f"velodyne_points/data/{frame:010d}.bin", points.tobytes()),
        save(raw / f"oxts/data/{frame:010d}.txt", pose.encode()),
    ]
    if not last:
        flow = root / f"flow/training/flow_occ/{number:06d}_{frame:02d}.png"
        files.append(save(flow, formats.encode_flow(moment.flow())))
    return files


def _labelled_frame(drive: Drive, number: int, frame: int, root: Path) -> list[Path]:
    moment = drive.moment(frame)
    labels = moment.labels()
    folder, name = root / "semantics/training", f"{number:06d}_10.png"
    return [
        save(folder / "image_2" / name, moment.image()),
        save(folder / "semantic" / name, labels),
        save(folder / "instance" / name, number_within_class(labels, moment.instances())),
    ]


def number_within_class(labels: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """uint16 label id * 256 + 1, 2, ... in order of instance within each class; + 0 where nothing is countable."""
    result = labels.astype(np.uint16) * 256
    for label in np.unique(labels[instances > 0]):
        here = (labels == label) & (instances > 0)
        result[here] += np.minimum(np.searchsorted(np.unique(instances[here]), instances[here]) + 1, 255).astype(
            np.uint16
        )
    return result


def save(path: Path, content: np.ndarray | bytes) -> Path:
    """Write an image or bytes, complete or not at all."""
    with atomic_path(path) as temporary:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            formats.write_png(temporary, content)
    return path


def _extent(dataset: dict, job: str) -> dict:
    """What a job's split says of each of its sequences: frames and stride, or images."""
    block = dataset["splits"][job.partition("-")[0]]
    return {key: value for key, value in block.items() if key != "sequences"}


def already_rendered(dataset: dict, job: str, root: Path) -> bool:
    """True if the job's manifest is there and every file of it is unchanged; UserError if it has other settings."""
    path = root / "manifests" / f"{job}.json"
    if not path.exists():
        return False
    manifest = json.loads(path.read_text())
    for key, value in manifest["settings"].items():
        if dataset.get(key) != value:
            raise UserError(f"{path}: was rendered with {key} {value}, not {dataset.get(key)}; "
                            f"choose another data_root or remove {root}")  # fmt: skip
    if manifest.get("split", _extent(dataset, job)) != _extent(dataset, job):
        return False
    return all(
        (root / name).is_file() and sha256(root / name) == file["sha256"] for name, file in manifest["files"].items()
    )
