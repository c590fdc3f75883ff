"""Reader of data sets in KITTI's on-disk layout: the frame index from its files alone.

Folders under the data set's root are KITTI's own archives: ``raw`` (raw drives with calibration), ``depth``
(data_depth_annotated and data_depth_velodyne), ``semantics`` (data_semantics) and ``flow`` (flow_occ of the flow 2015
kit, one file a frame). Depth, scans and flow may be absent; images, calibration and labels may not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depth2seg.errors import UserError
from depth2seg.scenes.layout import Drive, LabelledImage

if TYPE_CHECKING:
    import pandas

PATHS = ["image", "right_image", "semantic", "depth", "lidar", "flow"]
NUMBERS = ["fx", "fy", "cx", "cy", "baseline"]
COLUMNS = ["split", "sequence", "frame", *PATHS, *NUMBERS]


def read_index(
    root: Path, drives: list[Drive], labelled: list[LabelledImage], size: tuple[int, int] | None = None
) -> pandas.DataFrame:
    """Frame index of some raw drives and labelled images; ``size`` (height, width), if given, is verified."""
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; the data set's raw files belong there")
    rows: list[dict] = []
    cameras: dict[str, dict[str, float]] = {}
    for drive in drives:
        if drive.date not in cameras:
            cameras[drive.date] = read_camera(root / "raw" / drive.date / "calib_cam_to_cam.txt", size)
        rows += [row | cameras[drive.date] for row in _drive_rows(root, drive)]
    rows += [_labelled_row(root, image) for image in labelled]
    return frame_table(rows)


def frame_table(rows: list[dict]) -> pandas.DataFrame:
    """Rows as a table with every column of the frame index, sorted."""
    import pandas

    table = pandas.DataFrame(rows, columns=COLUMNS)
    kinds = dict.fromkeys(["split", "sequence", *PATHS], "string") | dict.fromkeys(NUMBERS, "float64")
    table = table.astype(kinds | {"frame": "int64"})
    return table.sort_values(["split", "sequence", "frame"], ignore_index=True)


def read_camera(path: Path, size: tuple[int, int] | None = None) -> dict[str, float]:
    """Intrinsics of the left colour camera in pixels, and the stereo baseline in metres, of calib_cam_to_cam.txt.

    Both follow from the rectified projections: P_rect_0i[0, 3] = -fx * (place of camera i along x).
    """
    if not path.is_file():
        raise UserError(f"{path}: no calibration file; it comes with the raw drives of that day")
    values = {}
    for line in path.read_text().splitlines():
        key, _, rest = line.partition(":")
        values[key.strip()] = rest.split()
    try:
        left, right = ([float(v) for v in values[f"P_rect_{k}"]] for k in ("02", "03"))
        width, height = (round(float(v)) for v in values["S_rect_02"])
        if len(left) != 12 or len(right) != 12:
            raise ValueError("P_rect wants 12 numbers")
        baseline = (left[3] - right[3]) / left[0]
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise UserError(
            f"{path}: no valid P_rect_02, P_rect_03 and S_rect_02 ({error}); fetch or render it again"
        ) from error
    if size is not None and (height, width) != tuple(size):
        raise UserError(f"{path}: is of another data set: images of {height} x {width}, {size[0]} x {size[1]} expected")
    return {"fx": left[0], "fy": left[5], "cx": left[2], "cy": left[6], "baseline": baseline}


def _drive_rows(root: Path, drive: Drive) -> list[dict]:
    folder = root / "raw" / drive.date / drive.name
    left = sorted((folder / "image_02/data").glob("*.png"))
    right = {p.name for p in (folder / "image_03/data").glob("*.png")}
    wanted = len(left) if drive.frames is None else drive.frames
    if len(left) != wanted or not left:
        raise UserError(f"{folder / 'image_02/data'}: has {len(left)} images, {wanted or 'some'} expected; "
                        "fetch or render the drive again")  # fmt: skip
    lacking = [p.name for p in left if p.name not in right]
    if lacking:
        raise UserError(f"{folder / 'image_03/data' / lacking[0]}: missing, though image_02 has it; "
                        f"{len(lacking)} of {len(left)} right images are; fetch or render the drive again")  # fmt: skip
    truth = root / "depth" / drive.depth_folder / drive.name / "proj_depth"
    rows = []
    for image in left:
        others = {
            "image": image,
            "right_image": folder / "image_03/data" / image.name,
            "depth": truth / "groundtruth/image_02" / image.name,
            "lidar": truth / "velodyne_raw/image_02" / image.name,
            "flow": root / f"flow/training/flow_occ/{drive.number:06d}_{int(image.stem):02d}.png",
        }
        paths = {name: str(path.relative_to(root)) for name, path in others.items() if path.is_file()}
        rows.append({"split": drive.split, "sequence": drive.name, "frame": int(image.stem)} | paths)
    return rows


def _labelled_row(root: Path, image: LabelledImage) -> dict:
    paths = {}
    for column, folder in {"image": "image_2", "semantic": "semantic"}.items():
        path = root / "semantics/training" / folder / f"{image.number:06d}_10.png"
        if not path.is_file():
            raise UserError(f"{path}: missing; the split {image.split} needs it; fetch or render it again")
        paths[column] = str(path.relative_to(root))
    return {"split": image.split, "sequence": image.sequence, "frame": image.frame} | paths
