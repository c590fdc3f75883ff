"""Which labelled images a cell trains on, and which it is tested on."""

import numpy as np

from depth2seg.data.packing import Packed
from depth2seg.errors import UserError


def label_subset(frames: Packed, size: int, seed: int, protocol: str) -> tuple[np.ndarray, np.ndarray]:
    """Packed rows to train and to test on.

    ``corrected``: the first ``size`` of a permutation of the training pool drawn by ``seed``, so that the subsets of
    one seed are nested; the test set is the data set's own, the same for every cell. ``released``: the first ``size``
    labelled images, and all others are the test set, which so changes with ``size``.

    Raises:
        UserError: there are fewer labelled images than asked for.
    """
    pool, test = frames.rows("train", "semantic"), frames.rows("test", "semantic")
    if protocol == "released":
        everything = np.concatenate([pool, test])
        pool, test = everything, everything[size:]
    if size > len(pool) or not len(test):
        raise UserError(
            f"{frames.folder}: {size} labelled training images are asked for, and there are {len(pool)}, "
            f"with {len(test)} to test on. Lower the experiment's train_sizes, or add labelled images"
        )
    order = np.arange(len(pool)) if protocol == "released" else np.random.default_rng([seed, 1]).permutation(len(pool))
    return pool[order[:size]], test
