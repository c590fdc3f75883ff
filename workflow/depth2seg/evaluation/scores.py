"""The scores of trained cells on their resampled test images, read from their confusion matrices."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.arrays import read_arrays
from depth2seg.evaluation.bootstrap import image_weights, weighted_scores


class Scores(NamedTuple):
    """Fractions, float64 (1 + B,), on the test images as they are, then on B resampled ones; the images' row ids."""

    miou: np.ndarray
    pixel_accuracy: np.ndarray
    images: tuple[int, ...]


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
        cell: Scores(*weighted_scores(confusion, weights[:, np.searchsorted(known, rows)]), tuple(rows))
        for cell, (confusion, rows, _) in files.items()
    }


def _read(path: Path) -> tuple[np.ndarray, list[int], list[str | None]]:
    arrays = read_arrays(path, "confusion", "rows")
    confusion, rows = arrays["confusion"], arrays["rows"].tolist()
    names = arrays["sequences"].tolist() if "sequences" in arrays else [None] * len(rows)
    if confusion.ndim != 3 or not 0 < len(confusion) == len(rows) == len(names):
        raise UserError(f"{path}: confusion has shape {confusion.shape} for {len(rows)} images; train this cell again")
    return confusion, rows, names
