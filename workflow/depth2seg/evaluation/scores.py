"""The scores of trained cells on their resampled test images, read from their confusion matrices."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.bootstrap import image_weights, weighted_scores


class Scores(NamedTuple):
    """Fractions, float64 (1 + B,): on the test images as they are, then on B resampled ones."""

    miou: np.ndarray
    pixel_accuracy: np.ndarray


def load_scores(results: Path, cells: Iterable[str]) -> dict[str, Scores]:
    """Scores of each cell; the same replicate is the same resampled images for all of them.

    Args:
        results: the study's results folder.
        cells: cells' paths below it. Cells of one data set, whose test images may differ (protocol ``released``).

    Returns:
        Scores a cell path.

    Raises:
        UserError: a cell's confusion.npz is missing or holds something else.
    """
    files = {cell: _read(results / cell / "confusion.npz") for cell in sorted(set(cells))}
    # Row ids are of the packed data set, so the same id is the same image whichever cell was tested on it.
    sequences = {row: s for _, rows, names in files.values() for row, s in zip(rows, names, strict=True)}
    known = np.array(sorted(sequences))
    blocks = [sequences[row] for row in known]
    weights = image_weights(len(known), None if None in blocks else blocks)
    return {
        cell: Scores(*weighted_scores(confusion, weights[:, np.searchsorted(known, rows)]))
        for cell, (confusion, rows, _) in files.items()
    }


def _read(path: Path) -> tuple[np.ndarray, list[int], list[str | None]]:
    if not path.is_file():
        raise UserError(f"{path}: not there; train this cell first (snakemake {path.parent / 'metrics.json'})")
    try:
        with np.load(path, allow_pickle=False) as file:
            confusion, rows = file["confusion"], file["rows"].tolist()
            names = file["sequences"].tolist() if "sequences" in file else [None] * len(rows)
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise UserError(f"{path}: no confusion matrices ({error}); delete it and train this cell again") from None
    if confusion.ndim != 3 or len(confusion) != len(rows) or len(names) != len(rows) or len(rows) == 0:
        raise UserError(f"{path}: confusion has shape {confusion.shape} for {len(rows)} images; train this cell again")
    return confusion, rows, names
