"""Rendered single objects, {root}/{split}/{class}/{image:05d}.png, as a frame index for classification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depth2seg.data.kitti import frame_table
from depth2seg.errors import UserError
from depth2seg.scenes.layout import OBJECT_CLASSES, sequences

if TYPE_CHECKING:
    import pandas

__all__ = ["build_index", "sequences"]


def build_index(root: Path, dataset: dict) -> pandas.DataFrame:
    """Frame index with sequence = class name; UserError if a class or an image is missing."""
    rows = []
    for split, block in dataset["splits"].items():
        for name in OBJECT_CLASSES:
            folder, wanted = root / split / name, int(block["images"])
            images = sorted(folder.glob("*.png"))
            if len(images) < wanted:
                raise UserError(f"{folder}: has {len(images)} of {wanted} images; render the data set again "
                                f"(python -m depth2seg render --sequence {split}-{name} ...)")  # fmt: skip
            rows += [
                {"split": split, "sequence": name, "frame": int(f.stem), "image": str(f.relative_to(root))}
                for f in images[:wanted]
            ]
    return frame_table(rows)
