"""Error measures of optical flow (KITTI 2015: Menze and Geiger, Object scene flow for autonomous vehicles)."""

import numpy as np


def flow_errors(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """End-point error and outliers over all valid pixels of N x H x W x 2 flow, in pixels.

    Args:
        predicted: flow (u, v).
        truth: the same, NaN where there is none.

    Returns:
        epe: mean Euclidean distance; outliers: share of pixels off by more than 3 pixels and 5 %.
    """
    valid = np.isfinite(truth).all(-1)
    distance = np.linalg.norm(predicted[valid] - truth[valid], axis=-1)
    length = np.linalg.norm(truth[valid], axis=-1)
    return {
        "epe": float(distance.mean(dtype=np.float64)),
        "outliers": float(((distance > 3) & (distance > 0.05 * length)).mean()),
    }
