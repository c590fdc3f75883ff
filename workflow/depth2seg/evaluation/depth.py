"""Error measures of depth maps (Eigen et al. 2014, section 4.2)."""

import numpy as np

NEAREST, FARTHEST = 1e-3, 80.0


def depth_errors(predicted: np.ndarray, truth: np.ndarray, median_scaling: bool) -> dict[str, float]:
    """Errors of N x H x W depth maps where the truth is valid, averaged over images.

    Args:
        predicted: metres, or metres times an unknown factor an image with ``median_scaling``.
        truth: metres, 0 where there is none; beyond 80 m it does not count.
        median_scaling: multiply each prediction by the ratio of medians first (Zhou et al. 2017).

    Returns:
        abs_rel, sq_rel (metres), rmse (metres), rmse_log, delta1, delta2, delta3 (shares with ratio < 1.25^k).
    """
    rows = []
    for image, reference in zip(predicted, truth, strict=True):
        valid = (reference > NEAREST) & (reference < FARTHEST)
        if valid.any():
            depth, metres = image[valid].astype(np.float64), reference[valid].astype(np.float64)
            if median_scaling:
                depth = depth * (np.median(metres) / np.median(depth))
            rows.append(_errors(depth.clip(NEAREST, FARTHEST), metres))
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def errors_both_ways(predicted: np.ndarray, truth: np.ndarray, median_scaling: bool) -> dict[str, float]:
    """``depth_errors``, and those with the other choice of scaling as ``scaled_...`` or ``unscaled_...``."""
    other = "unscaled" if median_scaling else "scaled"
    turned = depth_errors(predicted, truth, not median_scaling)
    return depth_errors(predicted, truth, median_scaling) | {f"{other}_{name}": e for name, e in turned.items()}


def has_truth(truth: np.ndarray) -> bool:
    """Whether any pixel's depth counts; without one there is nothing to hold a prediction against."""
    return bool(((truth > NEAREST) & (truth < FARTHEST)).any())


def best_constant(truth: np.ndarray) -> dict[str, float]:
    """Errors of the best depth map that ignores the image: for each measure, the constant that minimises it.

    The constant may differ from image to image, which is what median scaling would grant a flat prediction, so the
    bound is one that a network has to look at the image to beat.
    """
    rows = []
    for reference in truth:
        metres = reference[(reference > NEAREST) & (reference < FARTHEST)].astype(np.float64)
        if metres.size:
            constants = _best_constants(metres)
            rows.append({name: _errors(np.full_like(metres, c), metres)[name] for name, c in constants.items()})
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _best_constants(metres: np.ndarray) -> dict[str, float]:
    """The constant that minimises each error (maximises each delta) over one image's depths."""
    ordered = np.sort(metres)
    weights, logarithms = np.cumsum(1 / ordered), np.log(ordered)
    best = {
        "abs_rel": ordered[np.searchsorted(weights, weights[-1] / 2)],  # the median, weighted by 1 / depth
        "sq_rel": len(ordered) / weights[-1],  # the harmonic mean
        "rmse": ordered.mean(),
        "rmse_log": np.exp(logarithms.mean()),
    }
    for k in (1, 2, 3):  # the middle of the interval, of the widest ratio that still counts, with most depths in it
        ends = np.searchsorted(logarithms, logarithms + 2 * k * np.log(1.25))
        first = int(np.argmax(ends - np.arange(len(ordered))))
        best[f"delta{k}"] = np.sqrt(ordered[first] * ordered[ends[first] - 1])
    return best


def _errors(depth: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    difference, ratio = depth - truth, np.maximum(depth / truth, truth / depth)
    return {
        "abs_rel": np.mean(np.abs(difference) / truth),
        "sq_rel": np.mean(difference**2 / truth),
        "rmse": np.sqrt(np.mean(difference**2)),
        "rmse_log": np.sqrt(np.mean((np.log(depth) - np.log(truth)) ** 2)),
        **{f"delta{k}": np.mean(ratio < 1.25**k) for k in (1, 2, 3)},
    }
