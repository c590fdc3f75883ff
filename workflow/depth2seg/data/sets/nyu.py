"""NYU-Depth-V2 as published: the labelled frames, and with ``raw`` of the block the raw recordings for pre-training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from depth2seg.block import Count
from depth2seg.data import nyu_labelled, nyu_raw, registry
from depth2seg.data.blocks import Published, Together
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import pandas

    from depth2seg.data.preflight import Findings


class Dataset(Published):
    """NYU-Depth-V2's labelled frames, with dense depth, and its raw recordings to pre-train on.

    ``raw``: whether the recordings are taken; without them, pre-training sees the labelled training frames.
    ``stride``: every n-th frame of a recording. ``raw_parts``: only these of the registry's parts.
    """

    source: Literal["nyu"]
    classes: Literal["nyu40", "nyu13"] = "nyu40"
    raw: bool = False
    stride: Count = 10
    raw_parts: Annotated[list[Literal[tuple(nyu_raw.all_parts())]], Field(min_length=1)] | None = None

    @property
    def shows(self) -> Literal["video", "images"]:
        """The labelled frames are no video, the recordings are."""
        return "video" if self.raw else "images"

    @property
    def supervisions(self) -> tuple[str, ...]:
        """Those of a single camera."""
        return ("video", "dense") if self.raw else ("dense",)

    @property
    def labelled(self) -> int:
        """The official split's."""
        return 795

    @property
    def together(self) -> Together | None:
        """Of all recordings."""
        source = (
            "all recordings in one file about 428 GB, says the publisher's page (quoted in "
            "simonmeister/pytorch-mono-depth, issue 2); on disk 407,024 frames, as that page counts them, of 1.5 MB"
        )
        return Together("raw parts", 428e9, 625e9, source) if self.raw and not (self.parts or self.raw_parts) else None

    def needed_parts(self) -> list[str] | None:
        """The labelled frames with split and classes, and the raw parts."""
        return self.parts or [*(part.name for part in registry.parts("nyu")), *nyu_raw.parts(self.model_dump())]

    def problems(self) -> list[str]:
        """Recordings that are asked for have to be among the parts."""
        if not self.raw or nyu_raw.parts(self.model_dump()):
            return []
        return [
            "parts: with raw: true they hold none of the recordings (key `raw_parts`); name some, or leave `parts` out"
        ]


def sequences(dataset: Mapping) -> list[str]:
    """One job for the labelled frames, and one a raw part."""
    return [nyu_labelled.FOLDER, *nyu_raw.parts(dataset)]


def preflight(root: Path, dataset: Mapping) -> Findings:
    """What is wrong with the folder."""
    from depth2seg.data import nyu_preflight, nyu_raw_preflight

    findings = nyu_preflight.check(root)
    if nyu_raw.parts(dataset):
        nyu_raw_preflight.check(findings, dataset)
    return findings


def prepare(root: Path, dataset: Mapping, sequence: str) -> dict:
    """Write one job's frames as image files, and say how many; UserError as the modules of the two kinds say."""
    if sequence == nyu_labelled.FOLDER:
        return nyu_labelled.prepare(root)
    return nyu_raw.prepare(root, dataset, sequence)


def build_index(root: Path, dataset: Mapping) -> pandas.DataFrame:
    """The frame index.

    ``train`` and ``test`` are the official split of the labelled frames, all with depth. ``val``, which pre-trained
    networks are measured on, is the test frames again, without labels. They lie seconds apart and are no video.
    ``video`` is the raw frames, of no scene of the test split; without ``raw`` there is none.

    Raises:
        UserError: files are missing.
    """
    import pandas

    video = list(nyu_raw.rows(root, dataset))
    if dataset["raw"] and not video:
        raise UserError(
            f"{root}: not one frame of the recordings may train: their scenes are all of the official test split, or "
            "damaged. Take more parts (key `raw_parts`), or set `raw: false`"
        )
    return pandas.DataFrame([*nyu_labelled.rows(root), *video])
