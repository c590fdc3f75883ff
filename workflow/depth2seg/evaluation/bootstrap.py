"""95 % intervals over seeds and test images, for means and for paired gains.

A condition (a recipe, say) is scored by the mean of its seeds' scores on one test set. Two things make that mean
uncertain, and they are crossed, not nested: every seed is tested on the same images.

**Test images** are resampled with replacement (Efron and Tibshirani, An Introduction to the Bootstrap, 1993), the same
resampled images for every cell, so that what an image has in common for the two sides of a gain cancels. Where several
test frames come from one sequence, whole sequences are resampled (the cluster bootstrap, Davison and Hinkley 1997,
section 3.8): neighbouring frames are no independent images. A class that the resampled images lack keeps its IoU of
the whole test set; otherwise rare classes would leave the mean at random, and the mean would jump upwards each time
a hard one does. Of G units, G - 1 are drawn (McCarthy and Snowden, The Bootstrap and Finite Population Sampling,
1985), which makes the variance of a resampled mean unbiased. The resampled scores enter by their deviation from their
own mean.

**Seeds** are few (3 to 6), where resampling them fails: a percentile interval from n values has a spread of
sqrt((n - 1) / n) of the unbiased one and uses the normal's tails for a variance that was itself estimated from n
values. With n = 3 it covers the truth about 75 times in 100, not 95 (Hesterberg, What Teachers Should Know about the
Bootstrap, The American Statistician 2015, section 3.2, gives both factors: the interval is short by
z / t(n-1) * sqrt((n - 1) / n)). Widening the resampled deviations by the inverse of that factor
mends the width on average, but not the shape: three values have ten different resamples. So the seeds' part is drawn
from what those factors approximate, Student's t with n - 1 degrees of freedom times the standard error, the sampling
distribution of a mean of n normal values whose variance is estimated from them. Draws of it are added to the
resampled image deviations; the interval is the 2.5 % and 97.5 % quantiles of the sum around the observed mean. With
images held fixed it is Student's interval; with seeds that agree perfectly it is the bootstrap's. The seeds' standard
error also holds the part of the interaction of seeds and images that the images' part has too, so the interval is
slightly wide rather than narrow.

**Seeds that share a pre-trained network** (fine-tuning seed s starts from network s modulo k) are not independent
draws of the recipe. Then the k networks are the units: the standard error is that between the means of the seeds
of each network, with k - 1 degrees of freedom. Where k = 1, nothing in the data tells how another network would
do: the interval is then over fine-tuning seeds only and speaks about that one network.

One seed gives no interval: low and high are NaN.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from depth2seg.evaluation.confusion import nanmean, ratio

REPLICATES = 4000
SEED = 20240930
MIN_SEQUENCES = 10  # with fewer, whole sequences are too few units to resample, and frames are resampled


class Interval(NamedTuple):
    """A value and the ends of its 95 % interval (NaN where one seed gives none)."""

    value: float
    low: float
    high: float


def image_weights(
    images: int, sequences: Sequence | None = None, replicates: int = REPLICATES, seed: int = SEED
) -> np.ndarray:
    """How often each test image counts in each replicate; row 0 is the test set as it is.

    Args:
        images: number of test images I.
        sequences: for each image the sequence it is from; None to resample images by themselves. Also images by
            themselves if there are fewer than ``MIN_SEQUENCES`` different sequences.
        replicates: number of replicates B.
        seed: of the generator.

    Returns:
        float64 (1 + B, I).
    """
    units = np.arange(images)
    if sequences is not None and len(set(sequences)) >= MIN_SEQUENCES:
        units = np.unique(np.asarray(sequences), return_inverse=True)[1]
    count = int(units.max()) + 1
    draws = max(count - 1, 1)
    drawn = np.random.default_rng([seed, 0]).multinomial(draws, np.full(count, 1 / count), size=replicates)
    return np.concatenate([np.ones((1, images)), drawn[:, units]])


def weighted_scores(confusion: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """mIoU and pixel accuracy of one cell on every weighting of its test images.

    Args:
        confusion: int (I, C, C), one matrix a test image.
        weights: (1 + B, I) of ``image_weights``.

    Returns:
        Two float64 (1 + B,): mIoU and pixel accuracy, fractions, the observed ones first.
    """
    intersection = np.diagonal(confusion, axis1=1, axis2=2)
    areas = np.concatenate([intersection, confusion.sum(2) + confusion.sum(1) - intersection], axis=1)
    summed = weights @ areas.astype(np.float64)
    classes = confusion.shape[1]
    intersections, unions = summed[:, :classes], summed[:, classes:]
    values = ratio(intersections, unions)
    values = np.where(np.isnan(values), values[0], values)
    labelled = weights @ confusion.sum((1, 2)).astype(np.float64)
    accuracy = ratio(intersections.sum(1), labelled)
    # Cells of one experiment may differ in test images; a replicate that has none of this cell's keeps the observed.
    return nanmean(values), np.where(np.isnan(accuracy), accuracy[0], accuracy)


def network_groups(seeds: Sequence[int], networks: Sequence[int]) -> list[int]:
    """Which seeds are one independent unit, because a recipe they compare shares a pre-trained network among them.

    Args:
        seeds: the fine-tuning seeds.
        networks: for each recipe compared, how many pre-trained networks its seeds share. A recipe with one network
            is conditioned on (see the module's text). Of several numbers the smallest decides, which is exact where
            the others are its multiples.

    Returns:
        A group for each seed.
    """
    shared = [count for count in networks if count > 1]
    return [seed % min(shared) for seed in seeds] if shared else list(seeds)


def interval(scores: np.ndarray, groups: Sequence[int], seed: int = SEED) -> Interval:
    """95 % interval of the mean over seeds; see the module's text for what it accounts for.

    Args:
        scores: (1 + B, S): score, or paired gain, of each of S seeds; row 0 observed, the others on resampled images.
        groups: S group labels of ``network_groups``.
        seed: of the generator.

    Raises:
        ValueError: a score is NaN or infinite, or groups do not match.
    """
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite")
    if scores.shape[1] != len(groups):
        raise ValueError(f"{scores.shape[1]} seeds, {len(groups)} group labels")
    observed = scores[0]
    value = float(observed.mean())
    if len(observed) < 2:
        return Interval(value, np.nan, np.nan)
    error, freedom = _standard_error(observed, groups)
    images = scores[1:].mean(1)
    # One t draw at each of B equally likely quantiles, shuffled: less noise in the tails than independent draws.
    draws = stdtrit(freedom, (np.arange(len(images)) + 0.5) / len(images))
    np.random.default_rng([seed, 1]).shuffle(draws)
    low, high = np.quantile(images - images.mean() + error * draws, [0.025, 0.975])
    return Interval(value, value + float(low), value + float(high))


def _standard_error(observed: np.ndarray, groups: Sequence[int]) -> tuple[float, int]:
    """Standard error of the mean of ``observed`` with groups as the independent units, and its degrees of freedom."""
    labels, index, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if len(labels) == 1:  # all seeds start from one network: conditioned on, the seeds are the units
        index, sizes = np.arange(len(observed)), np.ones(len(observed))
    means = np.bincount(index, weights=observed) / sizes
    count = len(means)
    variance = count / (count - 1) * np.sum((sizes / len(observed)) ** 2 * (means - observed.mean()) ** 2)
    return float(np.sqrt(variance)), count - 1
