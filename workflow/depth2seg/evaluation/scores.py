"""The scores of trained cells on their resampled test images, read from their confusion matrices."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.arrays import read_arrays
from depth2seg.evaluation.bootstrap import image_weights, weighted_scores


class Scores(NamedTuple):
    """Fractions, float64 (1 + B,), on the test images as they are, then on B resampled ones; the images' row ids.

    ``convergence`` and ``robustness`` are shares of the run's own final mIoU: its mean mIoU along the way, and its mean
    mIoU on test images of other scales. None where a run was not evaluated so.
    """

    miou: np.ndarray
    pixel_accuracy: np.ndarray
    images: tuple[int, ...]
    convergence: np.ndarray | None
    robustness: np.ndarray | None


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
        cell: _scores(arrays, weights[:, np.searchsorted(known, rows)], tuple(rows))
        for cell, (arrays, rows, _) in files.items()
    }


def _scores(arrays: dict[str, np.ndarray], weights: np.ndarray, images: tuple[int, ...]) -> Scores:
    miou, accuracy = weighted_scores(arrays["confusion"], weights)

    def share(name: str) -> np.ndarray | None:
        if name not in arrays:
            return None
        others = np.mean([weighted_scores(one, weights)[0] for one in arrays[name]], axis=0)
        return np.divide(others, miou, out=np.zeros_like(miou), where=miou > 0)

    return Scores(miou, accuracy, images, share("along"), share("scaled"))


def _read(path: Path) -> tuple[dict[str, np.ndarray], list[int], list[str | None]]:
    arrays = read_arrays(path, "confusion", "rows")
    confusion, rows = arrays["confusion"], arrays["rows"].tolist()
    names = arrays["sequences"].tolist() if "sequences" in arrays else [None] * len(rows)
    if confusion.ndim != 3 or not 0 < len(confusion) == len(rows) == len(names):
        raise UserError(f"{path}: confusion has shape {confusion.shape} for {len(rows)} images; train this cell again")
    return arrays, rows, names
