"""Confusion matrices of label maps, and the measures of semantic segmentation that are read off them.

Conventions, the same everywhere in the study:

- A pixel whose truth is ``ignore`` (255) counts nowhere, whatever is predicted there.
- IoU of a class is intersection / union = TP / (TP + FP + FN) [Everingham et al., IJCV 2010]. As in mmsegmentation's
  ``IoUMetric``, a class whose union is empty (in no truth and in no prediction) has no IoU and leaves the mean, and a
  class that is predicted somewhere but in no truth has IoU 0 and stays in the mean.
- ``miou`` sums the matrices of all test images first. ``miou_per_image`` is the released code's: the same mean for each
  image by itself, then over the images.
- The mean over a subset of the classes takes the IoU of those classes as they are in the full matrix: pixels of other
  classes count as false positives where one of the subset is predicted. So does the released code for its seven KITTI
  classes; it also counts predictions on unlabelled pixels as false positives, which is not followed here.
"""

from collections.abc import Sequence

import numpy as np

IGNORE = 255
# What remains of the released code's KITTI classes: label ids 7, 8, 11, 21, 22, 23, 26.
KITTI7 = ("road", "sidewalk", "building", "vegetation", "terrain", "sky", "car")


def confusion_matrix(truth: np.ndarray, prediction: np.ndarray, classes: int, ignore: int = IGNORE) -> np.ndarray:
    """Count pixels by true and predicted class.

    Args:
        truth: integer train ids, any shape; ``ignore`` where unlabelled.
        prediction: integer train ids, same shape.
        classes: number of classes C.
        ignore: the truth value that is left out.

    Returns:
        int64 (C, C), indexed [truth, prediction].

    Raises:
        ValueError: the shapes differ, or an id that counts is not in 0 .. C-1.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"truth has shape {truth.shape}, prediction {prediction.shape}")
    counted = truth != ignore
    truth, prediction = truth[counted].astype(np.int64), prediction[counted].astype(np.int64)
    for name, ids in (("truth", truth), ("prediction", prediction)):
        if ids.size and not (ids.min() >= 0 and ids.max() < classes):
            raise ValueError(f"{name} holds id {ids.max() if ids.max() >= classes else ids.min()} of {classes} classes")
    return np.bincount(truth * classes + prediction, minlength=classes**2).reshape(classes, classes)


def confusion_matrices(truths: np.ndarray, predictions: np.ndarray, classes: int, ignore: int = IGNORE) -> np.ndarray:
    """Confusion matrix of each image: two (N, H, W) arrays (or iterables of maps) to int64 (N, C, C)."""
    pairs = zip(truths, predictions, strict=True)
    matrices = [confusion_matrix(np.asarray(t), np.asarray(p), classes, ignore) for t, p in pairs]
    return np.array(matrices, dtype=np.int64).reshape(-1, classes, classes)


def iou(confusion: np.ndarray) -> np.ndarray:
    """IoU of each class of (..., C, C) matrices: float (..., C), NaN where the union is empty."""
    intersection = np.diagonal(confusion, axis1=-2, axis2=-1)
    return ratio(intersection, confusion.sum(-1) + confusion.sum(-2) - intersection)


def mean_iou(confusion: np.ndarray, subset: Sequence[int] | None = None) -> np.ndarray:
    """Mean of the IoU of those classes (of ``subset``, if given) that have one: (..., C, C) to (...), NaN if none."""
    values = iou(confusion)
    return nanmean(values if subset is None else values[..., list(subset)])


def pixel_accuracy(confusion: np.ndarray) -> np.ndarray:
    """Share of the labelled pixels that are right: (..., C, C) to (...), NaN where no pixel is labelled."""
    return ratio(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum((-2, -1)))


def mean_accuracy(confusion: np.ndarray) -> np.ndarray:
    """Mean over the classes in the truth of the share of their pixels that are right: (..., C, C) to (...)."""
    return nanmean(ratio(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-1)))


def metrics(confusion: np.ndarray, classes: Sequence[str]) -> dict:
    """Every measure of one cell, as it stands in its metrics.json.

    Args:
        confusion: int (N, C, C), one matrix a test image, indexed [image, truth, prediction].
        classes: names of the C classes.

    Returns:
        ``miou``, ``miou_per_image``, ``pixel_accuracy``, ``mean_accuracy`` as fractions; ``iou``, a fraction a class
        name, None where the class is in no truth and no prediction; where the seven KITTI classes are all among
        ``classes``, ``miou_kitti7`` and ``miou_kitti7_per_image`` too (the latter is the released code's figure).

    Raises:
        ValueError: shapes disagree, or no pixel of the test set is labelled.
    """
    if confusion.ndim != 3 or confusion.shape[1:] != (len(classes), len(classes)):
        raise ValueError(f"confusion has shape {confusion.shape}, expected (images, {len(classes)}, {len(classes)})")
    total = confusion.sum(0)
    if not total.any():
        raise ValueError("no pixel of the test set is labelled")
    result = {
        "miou": float(mean_iou(total)),
        "miou_per_image": float(nanmean(mean_iou(confusion))),
        "pixel_accuracy": float(pixel_accuracy(total)),
        "mean_accuracy": float(mean_accuracy(total)),
        "iou": {n: None if np.isnan(v) else float(v) for n, v in zip(classes, iou(total), strict=True)},
    }
    if set(KITTI7) <= set(classes):
        subset = [list(classes).index(name) for name in KITTI7]
        values = {"": mean_iou(total, subset), "_per_image": nanmean(mean_iou(confusion, subset))}
        result |= {f"miou_kitti7{key}": None if np.isnan(v) else float(v) for key, v in values.items()}
    return result


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole`` as float64, NaN where ``whole`` is 0."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    return np.divide(part, whole, out=np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan), where=whole != 0)


def nanmean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is not NaN; NaN, without a warning, where all of it is."""
    valid = ~np.isnan(values)
    return ratio(np.where(valid, values, 0.0).sum(-1), valid.sum(-1))
