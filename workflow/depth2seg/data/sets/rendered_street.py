"""Procedural streets driven through by a stereo pair with a laser scanner, in KITTI's on-disk layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from depth2seg.data import kitti
from depth2seg.data.blocks import Filmed
from depth2seg.scenes import layout

if TYPE_CHECKING:
    import pandas


class Dataset(Filmed):
    """The block: see ``Filmed``."""

    source: Literal["rendered-street"]
    classes: Literal["cityscapes"] = "cityscapes"

    @property
    def supervisions(self) -> tuple[str, ...]:
        """All that there are."""
        return ("video", "stereo", "video+stereo", "lidar", "dense")


def sequences(dataset: dict) -> list[str]:
    """One job a sequence."""
    return layout.street_jobs(dataset)


def build_index(root: Path, dataset: dict) -> pandas.DataFrame:
    """Frame index; UserError if the folder is missing, half there or another's."""
    return kitti.read_index(root, layout.drives(dataset), layout.labelled_images(dataset), tuple(dataset["size"]))


def render(dataset: dict, job: str, root: Path) -> None:
    """Render the frames of a job, and last its manifest."""
    from depth2seg.scenes.sequence import render_sequence

    render_sequence(dataset, job, root)
