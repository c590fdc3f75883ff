"""Supervised classification: the common start that depth is held against."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depth2seg.data.packing import Packed
from depth2seg.models.backbones import build_encoder, encoder_channels
from depth2seg.models.openmmlab import MODELS
from depth2seg.tasks.base import PretrainingTask
from depth2seg.tasks.heldout import held_out_batches, pictures
from depth2seg.training.frames import FrameSets

RECIPE = {"trains_on": "objects", "hands_on": ["encoder"], "backbones": ["resnet", "vit"]}


@MODELS.register_module()
class ClassificationTask(PretrainingTask):
    """Encoder with global average pooling and one linear layer; cross-entropy; horizontal flips."""

    def __init__(self, backbone: str, classes: int, normalisation: str, jitter: dict | None):
        super().__init__(normalisation, jitter)
        self.encoder = build_encoder(backbone)
        self.classifier = nn.Linear(encoder_channels(backbone)[-1], classes)

    @staticmethod
    def frames(settings: dict) -> dict:
        """Single images with their class."""
        return {"labels": True}

    @staticmethod
    def network(settings: dict) -> dict:
        """``classes`` is the number of classes of the packed data set, which the caller adds."""
        return {name: settings[name] for name in ("backbone", "classes", "normalisation", "jitter")}

    def scores(self, image: Tensor) -> Tensor:
        """B x 3 x H x W to B x classes."""
        return self.classifier(self.encoder(self.normalise(image))[-1].mean((2, 3))).float()

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """Cross-entropy; each image is flipped with probability 0.5."""
        image = batch["inputs"][0]
        flip = torch.rand(len(image), device=image.device) < 0.5
        image = torch.where(flip[:, None, None, None], image.flip(-1), image)
        return {"loss_classification": F.cross_entropy(self.scores(image), batch["label"])}

    @torch.no_grad()
    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """Top-1 accuracy on the held-out images; guessing gets one in so many classes."""
        predicted, truths, images = [], [], []
        for batch in held_out_batches(self, packed, [], batch_size, labels=True):
            predicted.append(self.scores(batch["images"][0]).argmax(1).cpu().numpy())
            truths.append(batch["label"])
            images.append(batch["raw"])
        predicted, truth = np.concatenate(predicted), np.concatenate(truths)
        names = np.array(FrameSets(packed, split="val").class_names)
        errors, chance = {"top1": float((predicted == truth).mean())}, {"top1": 1 / len(names)}
        return errors, chance, pictures(images, prediction=predicted, truth=truth) | {"classes": names}
