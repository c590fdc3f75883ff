"""Predictions for test images: at the end, along the way, and at other scales. None of them chooses anything."""

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from depth2seg.data.packing import Packed
from depth2seg.evaluation.confusion import confusion_matrices
from depth2seg.files import atomic_path
from depth2seg.models.segmentor import Segmentor
from depth2seg.training.frames import FrameSets
from depth2seg.training.loop import history_of
from depth2seg.training.precision import autocast

TEST_BATCH = 8
# Encoders halve an image five times, and the coarsest map needs two pixels each way to reflect at its border.
MULTIPLE, LEAST = 32, 64


@torch.no_grad()
def predict(model: Segmentor, frames: Packed, rows: np.ndarray, precision: str, scale: float = 1.0) -> np.ndarray:
    """Train ids predicted for packed rows: uint8 N x H x W, at the frames' size whatever the scale.

    Args:
        model: put into evaluation mode, and left there.
        frames: packed frames.
        rows: which of them.
        precision: ``bfloat16`` or ``float32``.
        scale: the network sees the images resized by this factor, objects and all; its scores are resized back.
    """
    model.eval()
    sets, predictions = FrameSets(frames, rows=rows.tolist()), []
    for start in range(0, len(sets), TEST_BATCH):
        images = torch.stack([sets[i]["images"] for i in range(start, min(start + TEST_BATCH, len(sets)))])
        with autocast(next(model.parameters()).device.type, precision):
            scores = _scores(model, images, scale)
        predictions.append(scores.argmax(1).to(torch.uint8).cpu().numpy())
    return np.concatenate(predictions)


def _scores(model: Segmentor, images: Tensor, scale: float) -> Tensor:
    if scale == 1.0:
        return model.scores({"images": images})
    size = images.shape[2:4]
    height, width = (max(round(side * scale), 1) for side in size)
    small = images[:, 0].permute(0, 3, 1, 2).float()
    small = F.interpolate(small, size=(height, width), mode="bilinear", align_corners=False, antialias=True)
    right, below = (max(-(-side // MULTIPLE) * MULTIPLE, LEAST) - side for side in (width, height))
    padded = F.pad(small, (0, right, 0, below), mode="replicate").round().to(torch.uint8)
    scores = model.scores({"images": padded.permute(0, 2, 3, 1)[:, None]})[..., :height, :width]
    return F.interpolate(scores, size=size, mode="bilinear", align_corners=False)


class EvaluationHook(Hook):
    """Confusion matrices of the test images every few iterations, each a file of the run's work folder.

    A run that resumes finds those of the iterations before its saved state; later ones are written anew.

    Args:
        folder: of the files; made if it is missing.
        every: iterations between two evaluations; 0: none. The last iteration is left to the caller.
        frames: packed frames.
        rows: the test images.
        precision: ``bfloat16`` or ``float32``.
    """

    priority = "LOW"  # after the history's clock, before the state is saved

    def __init__(self, folder: Path, every: int, frames: Packed, rows: np.ndarray, precision: str):
        self.folder, self.every, self.frames, self.rows, self.precision = folder, every, frames, rows, precision

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Evaluate, where it is due; the time that it takes counts as no step's."""
        iteration = batch_idx + 1
        if not self.every or iteration % self.every or iteration == runner.max_iters:
            return
        predictions = predict(runner.model, self.frames, self.rows, self.precision)
        runner.model.train()
        truth = self.frames.arrays["semantic"][self.rows]
        confusion = confusion_matrices(truth, predictions, len(self.frames.classes))
        self.folder.mkdir(exist_ok=True)
        with atomic_path(self.folder / f"{iteration:08d}.npz") as temporary:
            np.savez_compressed(temporary, confusion=confusion.astype(np.uint32))
        history_of(runner).last = time.monotonic()

    def found(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Iterations (K,) and their matrices (K, N, C, C); None if there were none."""
        files = sorted(self.folder.glob("*.npz"))
        matrices = [np.load(path)["confusion"] for path in files]
        return np.array([int(path.stem) for path in files], np.int64), np.stack(matrices) if matrices else None
