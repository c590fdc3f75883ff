"""What a trained cell makes of its test images, as its files hold it."""

import numpy as np

from depth2seg.data.packing import Packed
from depth2seg.evaluation.confusion import confusion_matrices, mean_iou, metrics
from depth2seg.models.segmentor import Segmentor
from depth2seg.training.predict import EvaluationHook, predict


class Tested:
    """Predictions of a trained segmentor.

    Args:
        model: at its last iteration.
        frames: packed frames.
        rows: the test images.
        precision: ``bfloat16`` or ``float32``.
        scales: factors at which the images are predicted too.
        along: what was found along the way.
    """

    def __init__(
        self,
        model: Segmentor,
        frames: Packed,
        rows: np.ndarray,
        precision: str,
        scales: list[float],
        along: EvaluationHook,
    ):
        self.frames, self.rows, self.scales = frames, rows, np.array(scales, float)
        self.truth = frames.arrays["semantic"][rows]
        self.predictions = predict(model, frames, rows, precision)
        self.confusion = self._confusion(self.predictions)
        scaled = [self._confusion(predict(model, frames, rows, precision, scale)) for scale in scales]
        self.scaled = np.stack(scaled) if scaled else None
        self.iterations, self.along = along.found()

    def _confusion(self, predictions: np.ndarray) -> np.ndarray:
        return confusion_matrices(self.truth, predictions, len(self.frames.classes))

    def confusion_arrays(self) -> dict[str, np.ndarray]:
        """Matrices (N, C, C), and, where there are any, those along the way (K, N, C, C) and at other scales."""
        sequences = self.frames.index["sequence"].to_numpy(str)[self.rows]
        arrays = {"confusion": self.confusion, "rows": self.rows, "sequences": sequences}
        arrays["classes"] = np.array(self.frames.classes.names)
        if self.along is not None:
            arrays |= {"iterations": self.iterations, "along": self.along}
        if self.scaled is not None:
            arrays |= {"scales": self.scales, "scaled": self.scaled.astype(np.uint32)}
        return arrays

    def samples(self, count: int) -> dict[str, np.ndarray]:
        """A few test images, spread over the set, with truth and prediction."""
        chosen = np.unique(np.linspace(0, len(self.rows) - 1, count).round().astype(int))
        return {
            "image": self.frames.arrays["image"][self.rows[chosen]],
            "semantic": self.truth[chosen],
            "prediction": self.predictions[chosen],
            "palette": self.frames.classes.palette(),
            "classes": np.array(self.frames.classes.names),
        }

    def metrics(self) -> dict:
        """``evaluation.confusion.metrics``, and the mIoU by iteration and by scale where there are any."""
        along = zip(self.iterations.tolist(), [] if self.along is None else self.along, strict=True)
        scaled = zip(self.scales.tolist(), [] if self.scaled is None else self.scaled, strict=True)
        return metrics(self.confusion, list(self.frames.classes.names)) | {
            "miou_along": {str(iteration): float(mean_iou(confusion.sum(0))) for iteration, confusion in along},
            "miou_scaled": {str(scale): float(mean_iou(confusion.sum(0))) for scale, confusion in scaled},
        }
