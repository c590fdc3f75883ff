"""Whether a map changes where the labels do: a score of how well activations keep to semantic boundaries."""

import numpy as np

from depth2seg.evaluation.confusion import IGNORE


def label_boundaries(labels: np.ndarray) -> np.ndarray:
    """Pixels (H, W, bool) beside a pixel of another class, in the four directions; unlabelled pixels bound nothing."""
    boundary = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        before, after = np.moveaxis(labels, axis, 0)[:-1], np.moveaxis(labels, axis, 0)[1:]
        change = (before != after) & (before != IGNORE) & (after != IGNORE)
        sides = np.moveaxis(boundary, axis, 0)
        sides[:-1] |= change
        sides[1:] |= change
    return boundary


def boundary_alignment(values: np.ndarray, labels: np.ndarray) -> float:
    """How often a map's gradient is larger at a boundary pixel than at another one, both drawn at random.

    The area under the ROC curve of the gradient's magnitude as a detector of boundaries: 0.5 is chance, 1 is perfect;
    a map's scale does not matter.

    Args:
        values: H x W, of any unit, finite.
        labels: train ids, H x W; ``IGNORE`` pixels count neither way.

    Returns:
        The score; NaN where all labelled pixels are of one kind.
    """
    slope = np.hypot(*np.gradient(values.astype(np.float64)))
    known = labels != IGNORE
    return roc_area(slope[known], label_boundaries(labels)[known])


def roc_area(scores: np.ndarray, positive: np.ndarray) -> float:
    """P(a positive's score > a negative's) + half that of a tie (Mann and Whitney 1947); NaN if there are not both."""
    wins = int(positive.sum())
    losses = len(positive) - wins
    if not wins or not losses:
        return float("nan")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(count) - (count - 1) / 2  # ties share their mean rank
    return float((ranks[place][positive].sum() - wins * (wins + 1) / 2) / (wins * losses))
