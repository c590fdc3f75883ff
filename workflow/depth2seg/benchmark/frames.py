"""Frames to train on: PNGs of KITTI's size in a temporary folder, and the same frames packed."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from depth2seg.data import index, packer

STORED = (375, 1242)  # height, width: what KITTI's cameras deliver after rectification
CAMERA = {"fx": 721.5, "fy": 721.5, "cx": 609.6, "cy": 172.9}
LABEL_IDS = (7, 8, 11, 21, 23, 26)  # of Cityscapes: road, sidewalk, building, vegetation, sky, car


@dataclass(frozen=True)
class Frames:
    """One sequence, twice: ``images`` and ``labels`` are PNGs in order, ``packed`` the folder made of them."""

    images: list[Path]
    labels: list[Path]
    packed: Path


def write_frames(folder: Path, count: int, size: tuple[int, int], workers: int) -> Frames:
    """Write ``count`` frames with label images, and pack them.

    The pictures are smooth shapes with a camera's noise, so that a PNG has the size, and takes the time to decode, of
    a photograph.
    """
    rng, rows = np.random.default_rng(0), []
    shapes = cv2.resize(rng.uniform(0, 255, (13, 42, 3)), STORED[::-1], interpolation=cv2.INTER_CUBIC)
    areas = cv2.resize(rng.choice(LABEL_IDS, (12, 40)).astype(np.uint8), STORED[::-1], interpolation=cv2.INTER_NEAREST)
    for frame in range(count):
        for kind, picture in (
            ("image", np.roll(shapes, 4 * frame, axis=1) + rng.normal(0, 4, shapes.shape)),
            ("semantic", np.roll(areas, 4 * frame, axis=1)),
        ):
            path = folder / "raw" / kind / f"{frame:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture.clip(0, 255).astype(np.uint8))
        files = {kind: f"{kind}/{frame:04d}.png" for kind in ("image", "semantic")}
        rows += [
            {"split": split, "sequence": "drive", "frame": frame, **files, **CAMERA}
            for split in ("video", "val", "train", "test")
        ]
    index.write(index.table(rows), folder / "index.parquet")
    settings = packer.Settings(size=size, classes="cityscapes")
    packer.pack(folder / "index.parquet", folder / "raw", folder / "packed", settings, workers)
    images, labels = (sorted((folder / "raw" / kind).glob("*.png")) for kind in ("image", "semantic"))
    return Frames(images, labels, folder / "packed")
