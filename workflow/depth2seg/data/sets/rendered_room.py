"""Procedural rooms looked around in with one hand-held camera, in `depth2seg.data.nyu`'s form, one scene a sequence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from depth2seg.data.blocks import Filmed
from depth2seg.data.nyu import AGAIN, scene_rows
from depth2seg.errors import UserError
from depth2seg.scenes.layout import LABEL_BASE, frame_numbers, job_name

if TYPE_CHECKING:
    import pandas


class Dataset(Filmed):
    """The block: see ``Filmed``. The camera measures every pixel's depth."""

    source: Literal["rendered-room"]
    classes: Literal["nyu40", "nyu13"] = "nyu13"

    @property
    def supervisions(self) -> tuple[str, ...]:
        """Those of a single camera."""
        return ("video", "dense")


def sequences(dataset: dict) -> list[str]:
    """One job a room."""
    return [job_name(split, i) for split, block in dataset["splits"].items() for i in range(int(block["sequences"]))]


def build_index(root: Path, dataset: dict) -> pandas.DataFrame:
    """Frame index; UserError if a scene is missing, half there or another data set's."""
    import pandas

    rows = []
    for split, block in dataset["splits"].items():
        wanted, labelled = set(frame_numbers(block)), split in LABEL_BASE
        for scene in (job_name(split, i) for i in range(int(block["sequences"]))):
            found = scene_rows(root, scene, split, tuple(dataset["size"]))
            _check_frames(root / scene, found, wanted, labelled)
            rows += [row for row in found if row["frame"] in wanted]
    return pandas.DataFrame(rows)


def render(dataset: dict, job: str, root: Path) -> None:
    """Render the frames of a job, and last its manifest."""
    from depth2seg.scenes.rooms.sequence import render_room

    render_room(dataset, job, root)


def _check_frames(folder: Path, rows: list[dict], wanted: set[int], labelled: bool) -> None:
    lacking = wanted - {row["frame"] for row in rows}
    if lacking:
        raise UserError(f"{folder / 'image'}: lacks {len(lacking)} of {len(wanted)} images, the first is "
                        f"{min(lacking):06d}.png; {AGAIN}")  # fmt: skip
    for row in rows:
        if labelled and row["frame"] in wanted and "semantic" not in row:
            raise UserError(f"{folder}/label/{row['frame']:06d}.png: missing; {AGAIN}")
