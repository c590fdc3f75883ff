"""KITTI as published: raw drives and the semantic benchmark's labelled images.

Below the data set's folder lie the archives' own folders: ``raw/{date}`` (drives and calibration) and
``semantics/training``. Preparing adds ``depth/train/{drive}/proj_depth/velodyne_raw/image_02``, which is where and how
KITTI's own data_depth_velodyne has projected scans; files that are there already are used as they are.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from depth2seg.block import NotNegative
from depth2seg.data import kitti, kitti_splits
from depth2seg.data.blocks import Published, Together
from depth2seg.errors import UserError
from depth2seg.files import atomic_path
from depth2seg.scenes.layout import Drive

if TYPE_CHECKING:
    import pandas

    from depth2seg.data.preflight import Findings

CAMERA = "image_02"  # left colour
logger = logging.getLogger(__name__)


class Dataset(Published):
    """KITTI's raw drives of the Eigen split, and the 200 labelled images of its semantic benchmark.

    ``held_out``: what pre-trained networks are measured on, Eigen's 697 test frames or the validation drives.
    ``least_motion``: metres a frame below which the camera stands still, and trains nothing. ``drives``: only these.
    """

    source: Literal["kitti"]
    classes: Literal["cityscapes"] = "cityscapes"
    held_out: Literal["test", "validation"] = "test"
    least_motion: NotNegative = 0.1
    drives: Annotated[list[Literal[tuple(kitti_splits.drive_splits())]], Field(min_length=1)] | None = None

    @property
    def supervisions(self) -> tuple[str, ...]:
        """Those of a stereo pair with a laser scanner; no depth is dense."""
        return ("video", "stereo", "video+stereo", "lidar")

    @property
    def labelled(self) -> int:
        """Labelled images that are not of the test set."""
        return kitti_splits.LABELLED - kitti_splits.TEST_IMAGES

    @property
    def together(self) -> Together | None:
        """Of all drives."""
        source = "raw drives together about 175 GB, says the README of nianticlabs/monodepth2"
        return None if self.parts or self.drives else Together("raw drives", 175e9, 175e9, source)

    def needed_parts(self) -> list[str] | None:
        """The archives of the drives, their days' calibration, and the labelled images."""
        used = [drive.name for drive in kitti_splits.drives(self.model_dump())]
        days = sorted({name[:10] for name in used})
        return self.parts or [*(f"{day}_calib" for day in days), *(name[:21] for name in used), "data_semantics"]


def sequences(dataset: Mapping) -> list[str]:
    """The drives, each of which is prepared by a job of its own."""
    return [drive.name for drive in kitti_splits.drives(dataset)]


def preflight(root: Path, dataset: Mapping) -> Findings:
    """What is wrong with the folder."""
    from depth2seg.data import kitti_preflight

    return kitti_preflight.check(root, dataset)


def prepare(root: Path, dataset: Mapping, sequence: str) -> dict:
    """Project a drive's laser scans to sparse depth; what an earlier, broken run has projected is kept.

    Returns:
        what was found: the drive's number of images and of projected scans.

    Raises:
        UserError: calibration, scans or images are missing or damaged.
    """
    from depth2seg.data import velodyne
    from depth2seg.data.preflight import image_size
    from depth2seg.scenes.formats import encode_depth, write_png

    (drive,) = (drive for drive in kitti_splits.drives(dataset) if drive.name == sequence)
    folder, out = root / "raw" / drive.date / drive.name, lidar_folder(root, drive)
    images = _numbered(folder / CAMERA / "data", "png")
    scans = _numbered(folder / "velodyne_points/data", "bin")
    if not images or not scans:
        raise UserError(
            f"{folder}: {len(images)} images and {len(scans)} laser scans; extract the drive's archive anew"
        )
    used = _used_frames(root, drive, dataset, images)
    wanted = sorted(set(scans) & (_measured_frames(drive, used) if drive.split == "val" else used))
    matrix = velodyne.projection(root / "raw" / drive.date)
    size = image_size(next(iter(images.values())))
    done = 0
    for frame in wanted:
        path = out / images[frame].name
        if path.is_file():
            continue
        points = velodyne.read_scan(scans[frame])
        with atomic_path(path) as temporary:
            write_png(temporary, encode_depth(velodyne.sparse_depth(points, matrix, size)))
        done += 1
    logger.info("%s: %d of %d laser scans projected, the others were there", drive.name, done, len(wanted))
    return {"images": len(images), "scans": len(scans), "projected": len(wanted)}


def build_index(root: Path, dataset: Mapping) -> pandas.DataFrame:
    """The frame index.

    ``video`` is Eigen's training drives without the frames in which the camera stood still. ``val`` holds what
    pre-trained networks are measured on, with its depth in both columns ``depth`` and ``lidar``: of the test drives
    Eigen's 697 frames (each also followed by its next frame, without depth, so that flow has pairs), or the validation
    drives. ``train`` and ``test`` are the labelled images.

    Raises:
        UserError: files are missing.
    """
    drives = kitti_splits.drives(dataset)
    frames = kitti.read_index(root, drives, kitti_splits.labelled_images())
    numbers = frames.groupby("sequence")["frame"].groups
    keep, measured = frames["split"].isin(["train", "test"]), frames.index[:0]
    for drive in drives:
        rows = numbers[drive.name]
        of_drive = frames.loc[rows, "frame"]
        keep[rows] = of_drive.isin(_used_frames(root, drive, dataset, of_drive))
        if drive.split == "val":
            measured = measured.union(rows[of_drive.isin(_measured_frames(drive, of_drive))])
    held_out = frames["split"] == "val"
    frames.loc[held_out & ~frames.index.isin(measured), "lidar"] = None
    frames["depth"] = frames["lidar"].where(held_out, None)
    return frames[keep].reset_index(drop=True)


def rows_at_most(dataset: Mapping) -> list[tuple[str, int, tuple[str, ...]]]:
    """Split, number of rows and the columns that they fill.

    At most: which frames of ``video`` stand still, the archives' oxts files tell.
    """
    counts = Counter(image.split for image in kitti_splits.labelled_images())
    for drive in kitti_splits.drives(dataset):
        frames = range(kitti_splits.drive_lengths()[drive.name])
        counts[drive.split] += len(frames if drive.split == "video" else _held_out_frames(drive, frames))
    stereo, labelled = ("image", "right_image", "lidar"), ("image", "semantic")
    columns = {"video": stereo, "val": (*stereo, "depth"), "train": labelled, "test": labelled}
    return [(split, count, columns[split]) for split, count in counts.items()]


def lidar_folder(root: Path, drive: Drive) -> Path:
    """Where a drive's projected scans lie."""
    return root / "depth" / drive.depth_folder / drive.name / "proj_depth/velodyne_raw" / CAMERA


def _used_frames(root: Path, drive: Drive, dataset: Mapping, frames: Iterable[int]) -> set[int]:
    """Of a drive's frames, those that the index has."""
    if drive.split == "video":
        from depth2seg.data import oxts

        places = oxts.positions(root / "raw" / drive.date / drive.name / "oxts/data")
        return set(frames) - oxts.static_frames(places, dataset["least_motion"])
    return _held_out_frames(drive, frames)


def _held_out_frames(drive: Drive, frames: Iterable[int]) -> set[int]:
    """Of a held-out drive's frames, those that are measured on and the next of each."""
    measured = _measured_frames(drive, frames)
    return {frame for frame in frames if frame in measured or frame - 1 in measured}


def _measured_frames(drive: Drive, frames: Iterable[int]) -> set[int]:
    """Of a held-out drive's frames, those that pre-trained networks are measured on."""
    tested = kitti_splits.eigen_test_frames()
    return set(frames) & set(tested[drive.name]) if drive.name in tested else set(frames)


def _numbered(folder: Path, suffix: str) -> dict[int, Path]:
    return {int(path.stem): path for path in sorted(folder.glob(f"*.{suffix}"))}
