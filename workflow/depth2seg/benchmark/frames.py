"""Frames to train on: PNGs of KITTI's size in a temporary folder, and the same frames packed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from depth2seg.data import index, packer
from depth2seg.data.classes import IGNORE, class_table
from depth2seg.data.packing import DEFAULT_ARRAYS

STORED = (375, 1242)  # height, width: what KITTI's cameras deliver after rectification
CAMERA = {"fx": 721.5, "fy": 721.5, "cx": 609.6, "cy": 172.9}
BASELINE = 0.54  # metres
MEASURED = 0.05  # share of the pixels that a lidar's points fall on


@dataclass(frozen=True)
class Frames:
    """One sequence, twice: ``files`` are PNGs in order, by column of the frame index; ``packed`` is made of them.

    Packed, the split ``video`` is the sequence, and in ``train`` each frame is a sequence (so a class) of its own.
    """

    files: dict[str, list[Path]]
    packed: Path


def write_frames(
    folder: Path,
    count: int,
    size: tuple[int, int],
    workers: int,
    classes: str = "cityscapes",
    columns: Sequence[str] = DEFAULT_ARRAYS,
) -> Frames:
    """Write ``count`` frames with right view, label image, depth and lidar, and pack them: ``columns``, at ``size``.

    The pictures are smooth shapes with a camera's noise, so that a PNG has the size, and takes the time to decode, of
    a photograph.
    """
    rng, files = np.random.default_rng(0), {}
    shapes = cv2.resize(rng.uniform(0, 255, (13, 42, 3)), STORED[::-1], interpolation=cv2.INTER_CUBIC)
    labels = [label for label, train_id in class_table(classes).train_ids.items() if train_id != IGNORE]
    areas = cv2.resize(rng.choice(labels, (12, 40)).astype(np.uint8), STORED[::-1], interpolation=cv2.INTER_NEAREST)
    metres = cv2.resize(rng.uniform(4, 70, (6, 20)), STORED[::-1], interpolation=cv2.INTER_LINEAR)
    for frame in range(count):
        depth = np.roll(metres, 4 * frame, axis=1) * 256
        for column, picture in {
            "image": np.roll(shapes, 4 * frame, axis=1) + rng.normal(0, 4, shapes.shape),
            "right_image": np.roll(shapes, 4 * frame - 20, axis=1) + rng.normal(0, 4, shapes.shape),
            "semantic": np.roll(areas, 4 * frame, axis=1),
            "depth": depth.astype(np.uint16),
            "lidar": (depth * (rng.random(STORED) < MEASURED)).astype(np.uint16),
        }.items():
            path = folder / "raw" / column / f"{frame:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture if picture.dtype == np.uint16 else picture.clip(0, 255).astype(np.uint8))
            files.setdefault(column, []).append(path)
    rows = []
    for frame in range(count):
        common = {column: f"{column}/{frame:04d}.png" for column in files} | CAMERA | {"baseline": BASELINE}
        rows.append({"split": "video", "sequence": "drive", "frame": frame, **common})
        rows.append({"split": "train", "sequence": f"{frame:04d}", "frame": 0, **common})
    index.write(index.table(rows), folder / "index.parquet")
    settings = packer.Settings(size=size, classes=classes, columns=tuple(columns))
    packer.pack(folder / "index.parquet", folder / "raw", folder / "packed", settings, workers)
    return Frames(files, folder / "packed")
