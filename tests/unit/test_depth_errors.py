"""Error measures of depth and flow against values computed by hand, and the best constant against a search."""

import math

import numpy as np
import pytest
from depth2seg.evaluation.depth import _errors, best_constant, depth_errors, errors_both_ways
from depth2seg.evaluation.flow import flow_errors


def test_errors_of_two_pixels_by_hand():
    # predicted 2 and 9 metres where 1 and 10 are true
    errors = depth_errors(np.array([[[2.0, 9.0]]]), np.array([[[1.0, 10.0]]]), median_scaling=False)
    assert errors == pytest.approx(
        {
            "abs_rel": (1 / 1 + 1 / 10) / 2,
            "sq_rel": (1 / 1 + 1 / 10) / 2,
            "rmse": 1.0,
            "rmse_log": math.sqrt((math.log(2) ** 2 + math.log(10 / 9) ** 2) / 2),
            "delta1": 0.5,  # 10/9 is below 1.25; 2 is above 1.25^3
            "delta2": 0.5,
            "delta3": 0.5,
        }
    )


def test_deltas_count_ratios_on_both_sides_of_the_truth():
    errors = depth_errors(np.array([[[1.2, 0.84, 1.5, 0.6, 1.9]]]), np.ones((1, 1, 5)), median_scaling=False)
    assert [errors[f"delta{k}"] for k in (1, 2, 3)] == pytest.approx([2 / 5, 3 / 5, 5 / 5])


def test_pixels_without_truth_or_beyond_80_metres_do_not_count():
    truth = np.array([[[0.0, 5.0, 100.0]]])
    errors = depth_errors(np.array([[[77.0, 5.0, 3.0]]]), truth, median_scaling=False)
    assert errors["rmse"] == 0 and errors["delta1"] == 1


def test_images_count_alike_however_many_pixels_they_have():
    predicted, truth = np.full((3, 1, 4), 10.0), np.zeros((3, 1, 4))
    truth[0], truth[1, 0, 0] = 10.0, 5.0  # the third has no truth at all
    assert depth_errors(predicted, truth, median_scaling=False)["abs_rel"] == pytest.approx((0 + 1) / 2)


def test_median_scaling_takes_each_images_factor_out():
    truth = np.random.default_rng(0).uniform(2, 60, (2, 4, 5))
    predicted = truth * np.array([0.01, 7.0])[:, None, None]
    assert depth_errors(predicted, truth, median_scaling=True)["rmse"] == pytest.approx(0, abs=1e-9)
    assert depth_errors(predicted, truth, median_scaling=False)["abs_rel"] > 1


@pytest.mark.parametrize(("scaling", "other"), [(True, "unscaled"), (False, "scaled")])
def test_errors_both_ways_name_the_other_scaling(scaling, other):
    truth = np.random.default_rng(0).uniform(2, 60, (2, 4, 5))
    predicted = 1.5 * truth + 1
    errors = errors_both_ways(predicted, truth, median_scaling=scaling)
    own = depth_errors(predicted, truth, median_scaling=scaling)
    turned = depth_errors(predicted, truth, median_scaling=not scaling)
    assert errors == own | {f"{other}_{name}": value for name, value in turned.items()}
    assert len(errors) == 14 and errors["abs_rel"] != errors[f"{other}_abs_rel"]


def test_predictions_are_limited_to_80_metres():
    errors = depth_errors(np.full((1, 1, 1), 1e6), np.full((1, 1, 1), 40.0), median_scaling=False)
    assert errors["rmse"] == pytest.approx(40)


@pytest.mark.parametrize("seed", range(4))
def test_no_constant_is_better_than_the_best(seed):
    rng = np.random.default_rng(seed)
    metres = np.exp(rng.normal(2, 0.9, 80)).clip(1, 79)
    best = best_constant(metres.reshape(1, 8, 10))
    search = [_errors(np.full_like(metres, constant), metres) for constant in np.geomspace(0.5, 80, 4000)]
    for name, value in best.items():
        found = [errors[name] for errors in search]
        if name.startswith("delta"):
            assert value >= max(found) and value == pytest.approx(max(found), abs=1e-9)
        else:
            assert value <= min(found) + 1e-12 and value == pytest.approx(min(found), rel=2e-3)


def test_the_best_constant_may_differ_from_image_to_image_and_ignores_missing_truth():
    truth = np.zeros((3, 2, 2))
    truth[0], truth[1, 0] = 4.0, 30.0
    best = best_constant(truth)
    assert best["rmse"] == best["abs_rel"] == best["rmse_log"] == pytest.approx(0, abs=1e-9) and best["delta1"] == 1


def test_flow_errors_by_hand_leave_invalid_pixels_out():
    truth = np.zeros((1, 2, 2, 2), np.float32)
    truth[0, 0, 0], truth[0, 1, 1, 0] = (100, 0), np.nan  # one component is enough to make it invalid
    predicted = np.zeros_like(truth)
    predicted[0, 0, 0], predicted[0, 0, 1], predicted[0, 1, 1] = (96, 0), (3, 4), (50, 50)
    errors = flow_errors(predicted, truth)
    # distances 4 (but within 5 % of 100), 5, 0
    assert errors == pytest.approx({"epe": (4 + 5 + 0) / 3, "outliers": 1 / 3})
