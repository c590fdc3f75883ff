"""Intervals: their parts by hand, and how often they cover the truth in simulations."""

import numpy as np
import pytest
from depth2seg.evaluation.bootstrap import image_weights, interval, network_groups, weighted_scores
from depth2seg.evaluation.confusion import mean_iou, pixel_accuracy
from scipy.stats import t as student

REPLICATES = 1000


def test_seeds_alone_give_students_interval():
    scores = np.array([40.0, 44.0, 45.0])
    result = interval(np.tile(scores, (4001, 1)), [0, 1, 2])
    half = student.ppf(0.975, 2) * scores.std(ddof=1) / np.sqrt(3)
    assert result.value == pytest.approx(43)
    assert result.high - 43 == pytest.approx(half, rel=0.02)
    assert 43 - result.low == pytest.approx(half, rel=0.02)


def test_seeds_that_agree_leave_the_images():
    weights = image_weights(50)
    values = np.random.default_rng(1).normal(0, 1, 50)
    means = weights @ values / weights.sum(1)
    result = interval(np.stack([means, means], axis=1), [0, 1])
    half = 1.96 * values.std(ddof=1) / np.sqrt(50)
    assert result.high - result.value == pytest.approx(half, rel=0.1)


def test_seeds_that_share_a_network_are_one_unit():
    scores = np.tile([40.0, 45.0, 41.0, 46.0], (4001, 1))
    alone, shared = interval(scores, [0, 1, 2, 3]), interval(scores, network_groups(range(4), [2, 4]))
    half = student.ppf(0.975, 1) * np.std([40.5, 45.5], ddof=1) / np.sqrt(2)
    assert shared.high - shared.value == pytest.approx(half, rel=0.05)
    assert shared.high - shared.low > 3 * (alone.high - alone.low)
    assert network_groups(range(4), [1, 4]) == [0, 1, 2, 3]
    assert network_groups(range(3), [1, 1]) == [0, 1, 2]


def test_one_seed_gives_no_interval():
    result = interval(np.full((11, 1), 0.4), [0])
    assert result.value == pytest.approx(0.4)
    assert np.isnan(result.low)
    assert np.isnan(result.high)


def test_nan_raises():
    with pytest.raises(ValueError, match="NaN"):
        interval(np.array([[1.0, np.nan], [1.0, 1.0]]), [0, 1])


def test_row_0_is_the_test_set_as_it_is():
    confusion = np.random.default_rng(0).integers(0, 50, (20, 4, 4))
    miou, accuracy = weighted_scores(confusion, image_weights(20, replicates=5))
    assert miou[0] == pytest.approx(mean_iou(confusion.sum(0)))
    assert accuracy[0] == pytest.approx(pixel_accuracy(confusion.sum(0)))


def test_a_rare_class_does_not_make_the_mean_jump():
    confusion = np.zeros((20, 2, 2), dtype=np.int64)
    confusion[:, 0, 0] = 90
    confusion[3, 1, 0] = 10  # the only image with class 1, which is missed
    miou, _ = weighted_scores(confusion, image_weights(20))
    assert miou.max() < 0.51


def test_sequences_are_resampled_whole():
    sequences = [f"s{i // 4}" for i in range(48)]
    weights = image_weights(48, sequences, replicates=50)
    assert (weights.reshape(51, 12, 4).std(2) == 0).all()
    few = image_weights(48, [f"s{i // 24}" for i in range(48)], replicates=50)
    assert np.array_equal(few, image_weights(48, replicates=50))


def study(rng: np.random.Generator, seeds: int, images: int, lift: float, hardness: np.ndarray) -> np.ndarray:
    """Confusion matrices (seeds, images, 2, 2) of 200 pixels an image, half of each class."""
    skill = lift + rng.normal(0, 0.3, (seeds, 1, 1)) + rng.normal(0, 0.1, (seeds, images, 1))
    right = rng.binomial(100, 1 / (1 + np.exp(-(skill + hardness[None, :, None]))), (seeds, images, 2))
    return np.stack(
        [np.stack([right[..., 0], 100 - right[..., 0]], -1), np.stack([100 - right[..., 1], right[..., 1]], -1)], -2
    )


def naive(rng: np.random.Generator, scores: np.ndarray) -> tuple[float, float]:
    """Percentile bootstrap that resamples seeds and images alike."""
    picks = rng.integers(0, scores.shape[1], (len(scores) - 1, scores.shape[1]))
    return tuple(np.quantile(np.take_along_axis(scores[1:], picks, axis=1).mean(1), [0.025, 0.975]))


@pytest.mark.parametrize(("seeds", "naive_below"), [(3, 0.82), (5, 0.90)])
def test_coverage_of_a_paired_gain(seeds: int, naive_below: float):
    images, trials, lifts = 30, 250, (0.9, 0.6)
    weights = image_weights(images, replicates=REPLICATES)

    def gains(rng: np.random.Generator, seeds: int, images: int, weights: np.ndarray) -> np.ndarray:
        hardness = rng.normal(0, 0.7, images)  # of the images, the same for both sides
        sides = [study(rng, seeds, images, lift, hardness) for lift in lifts]
        scores = [np.stack([weighted_scores(c, weights)[0] for c in side], axis=1) for side in sides]
        return scores[0] - scores[1]

    rng = np.random.default_rng(seeds)
    truth = gains(rng, 2000, 2000, np.ones((1, 2000))).mean()
    ours = plain = 0
    for _ in range(trials):
        drawn = gains(rng, seeds, images, weights)
        result = interval(drawn, range(seeds))
        ours += result.low <= truth <= result.high
        low, high = naive(rng, drawn)
        plain += low <= truth <= high
    print(f"coverage with {seeds} seeds: {ours / trials:.3f}, of the percentile bootstrap {plain / trials:.3f}")
    assert 0.92 <= ours / trials <= 0.985
    assert plain / trials < naive_below


def test_a_replicate_without_a_cells_images_keeps_its_observed_scores():
    confusion = np.array([[[3, 1], [0, 4]]])
    miou, accuracy = weighted_scores(confusion, np.array([[1.0], [0.0], [2.0]]))
    assert miou[1] == miou[0]
    assert accuracy.tolist() == [0.875, 0.875, 0.875]
