import numpy as np
import pytest
from depth2seg.evaluation.confusion import (
    KITTI7,
    confusion_matrices,
    confusion_matrix,
    iou,
    mean_accuracy,
    mean_iou,
    metrics,
    pixel_accuracy,
)
from sklearn import metrics as sklearn_metrics

CLASSES = ("road", "sidewalk", "building", "vegetation", "terrain", "sky", "car", "traffic light")


def label_maps(images: int = 3, classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, (images, 20, 30)).astype(np.uint8)
    prediction = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, classes, truth.shape)).astype(np.uint8)
    truth[rng.random(truth.shape) < 0.1] = 255
    return truth, prediction


def test_matches_sklearn():
    truth, prediction = label_maps()
    known = truth != 255
    matrices = confusion_matrices(truth, prediction, 6)
    total = matrices.sum(0)
    t, p = truth[known], prediction[known]
    assert np.array_equal(total, sklearn_metrics.confusion_matrix(t, p, labels=range(6)))
    assert np.allclose(iou(total), sklearn_metrics.jaccard_score(t, p, labels=range(6), average=None))
    assert mean_iou(total) == pytest.approx(sklearn_metrics.jaccard_score(t, p, labels=range(6), average="macro"))
    assert pixel_accuracy(total) == pytest.approx(sklearn_metrics.accuracy_score(t, p))
    assert mean_accuracy(total) == pytest.approx(sklearn_metrics.balanced_accuracy_score(t, p))
    each = [
        sklearn_metrics.jaccard_score(t[k], p[k], labels=range(6), average="macro")
        for t, p, k in zip(truth, prediction, known, strict=True)
    ]
    assert metrics(matrices, "abcdef")["miou_per_image"] == pytest.approx(np.mean(each))


def test_by_hand():
    truth = np.array([[0, 0, 0, 1], [1, 255, 255, 2]], dtype=np.uint8)
    prediction = np.array([[0, 0, 1, 1], [0, 0, 3, 2]], dtype=np.uint8)
    matrix = confusion_matrix(truth, prediction, 4)
    assert matrix.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert np.allclose(iou(matrix), [2 / 4, 1 / 3, 1, np.nan], equal_nan=True)
    assert mean_iou(matrix) == pytest.approx((1 / 2 + 1 / 3 + 1) / 3)
    assert pixel_accuracy(matrix) == pytest.approx(4 / 6)
    assert mean_accuracy(matrix) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)


def test_a_class_that_is_predicted_but_in_no_truth_counts_as_zero():
    matrix = confusion_matrix(np.array([0, 0, 1]), np.array([0, 2, 1]), 4)
    assert np.allclose(iou(matrix), [1 / 2, 1, 0, np.nan], equal_nan=True)
    assert mean_iou(matrix) == pytest.approx(0.5)


def test_the_two_means_differ_as_defined():
    truths = np.array([[[0, 0, 0, 0]], [[1, 0, 0, 0]]])
    predictions = np.array([[[0, 0, 0, 0]], [[0, 0, 0, 0]]])
    result = metrics(confusion_matrices(truths, predictions, 2), ("a", "b"))
    assert result["miou"] == pytest.approx((7 / 8 + 0) / 2)
    assert result["miou_per_image"] == pytest.approx((1 + (3 / 4 + 0) / 2) / 2)


def test_kitti7_takes_the_classes_iou_from_the_full_matrix():
    truth = np.array([[0, 1, 2, 3, 4, 5, 6, 7, 7]])
    prediction = np.array([[0, 1, 2, 3, 4, 5, 6, 6, 7]])
    result = metrics(confusion_matrices(truth, prediction, 8), CLASSES)
    assert set(KITTI7) <= set(CLASSES)
    assert result["miou_kitti7"] == pytest.approx((6 + 1 / 2) / 7)
    assert result["iou"]["traffic light"] == pytest.approx(1 / 2)
    assert "miou_kitti7" not in metrics(confusion_matrices(truth, prediction, 8), "abcdefgh")


def test_class_without_an_iou_is_none():
    assert metrics(np.array([[[3, 0], [0, 0]]]), ("a", "b"))["iou"] == {"a": 1.0, "b": None}


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([0, 1], [0], "shape"),
        ([0, 4], [0, 1], "truth holds id 4"),
        ([0, 1], [0, 9], "prediction holds id 9"),
        ([0, -1], [0, 1], "truth holds id -1"),
    ],
)
def test_impossible_ids_raise(truth: list, prediction: list, message: str):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(np.array(truth), np.array(prediction), 4)


def test_an_unlabelled_test_set_raises():
    with pytest.raises(ValueError, match="no pixel"):
        metrics(np.zeros((2, 3, 3), dtype=np.int64), "abc")
