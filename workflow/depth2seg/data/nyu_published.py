"""NYU-Depth-V2 as published: the labelled frames, and with ``raw`` of the block the raw recordings for pre-training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from depth2seg.data import nyu_labelled, nyu_raw
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import pandas

    from depth2seg.data.preflight import Findings


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
