"""How well pre-trained encoders' activations keep to boundaries, as gains of one recipe over another."""

from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.arrays import read_arrays
from depth2seg.evaluation.bootstrap import image_weights, network_groups
from depth2seg.evaluation.confusion import ratio


class Alignment:
    """The scores in an activations.npz, on the test images as they are and on resampled ones.

    Args:
        path: the file; ``scores`` (encoders, levels, images) with ``recipes``, ``seeds`` and ``sequences``.
        seeds: the fine-tuning seeds; seed s starts from a recipe's network s modulo their number.
    """

    def __init__(self, path: Path, seeds: range):
        arrays = read_arrays(path, "scores", "recipes", "seeds", "sequences")
        self.path, self.seeds = path, seeds
        # A level says as much as another; an image without boundaries, or with nothing else, has no score.
        scores = arrays["scores"].astype(np.float64).mean(1)
        known = np.isfinite(scores).all(0)
        weights = image_weights(int(known.sum()), arrays["sequences"][known].tolist())
        means = ratio(weights @ scores[:, known].T, weights.sum(1, keepdims=True))
        self.means: dict[str, list[np.ndarray]] = {}
        for recipe, _, column in sorted(zip(arrays["recipes"], arrays["seeds"], means.T, strict=True), key=_order):
            self.means.setdefault(str(recipe), []).append(column)

    def gain(self, recipe: str, baseline: str) -> np.ndarray:
        """(1 + B, seeds): recipe minus baseline, paired by seed and image, in points of 100.

        Raises:
            UserError: the file lacks one of them.
        """
        return 100 * (self._of(recipe) - self._of(baseline))

    def groups(self, recipes: list[str]) -> list[int]:
        """Which seeds are one unit when these recipes are compared: see evaluation/bootstrap.py."""
        return network_groups(self.seeds, [len(self.means[recipe]) for recipe in recipes])

    def _of(self, recipe: str) -> np.ndarray:
        if recipe not in self.means:
            raise UserError(f"{self.path}: has no encoder of recipe '{recipe}'; delete it to have it made again")
        networks = self.means[recipe]
        return np.stack([networks[seed % len(networks)] for seed in self.seeds], axis=1)


def _order(entry: tuple) -> tuple:
    return entry[0], entry[1]
