"""Procedural single objects, one class an image, {split}/{class}/{image:05d}.png: what stands in for ImageNet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from depth2seg.block import Block, Count
from depth2seg.data.blocks import Rendered
from depth2seg.data.kitti import frame_table
from depth2seg.errors import UserError
from depth2seg.scenes.layout import OBJECT_CLASSES

if TYPE_CHECKING:
    import pandas


class ImageSplit(Block):
    """How many images of each class a split has."""

    images: Count


class ObjectSplits(Block):
    """The splits."""

    train: ImageSplit
    val: ImageSplit


class Dataset(Rendered):
    """The block: see ``Rendered``."""

    source: Literal["rendered-object"]
    splits: ObjectSplits

    @property
    def shows(self) -> Literal["objects"]:
        """Single objects."""
        return "objects"


def sequences(dataset: dict) -> list[str]:
    """One job a split and class."""
    return [f"{split}-{name}" for split in dataset["splits"] for name in OBJECT_CLASSES]


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


def render(dataset: dict, job: str, root: Path) -> None:
    """Render all images of a job, and last its manifest."""
    from depth2seg.scenes.objects import render_objects

    render_objects(dataset, job, root)
