"""Contrastive learning: MoCo v2 (He et al. 2020, Momentum contrast; Chen et al. 2020, Improved baselines)."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from depth2seg.data.packing import Packed
from depth2seg.models.backbones import build_encoder, encoder_channels
from depth2seg.models.openmmlab import MODELS
from depth2seg.tasks.base import PretrainingTask
from depth2seg.tasks.heldout import held_out_batches, pictures

# The defaults are MoCo v2's, but for the queue: 65,536 entries there, for 1.3 million images.
RECIPE = {
    "trains_on": "images",
    "hands_on": ["encoder"],
    "backbones": ["resnet", "vit"],
    "keys": {
        "queue": {"default": 4096, "ge": 1},
        "momentum": {"default": 0.999, "ge": 0.0, "lt": 1.0},
        "temperature": {"default": 0.2, "gt": 0.0},
    },
    "shows": {"nearest": "nearest other image"},
}
PROJECTION = 128
JITTER = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}


@MODELS.register_module()
class ContrastiveTask(PretrainingTask):
    """Two views of an image are to be alike, and unlike what lies in a queue of views of other images.

    On one device MoCo's shuffling of batches has nothing to shuffle between, so it is left out.

    Args:
        backbone: any of the study's.
        queue: how many keys are kept as negatives.
        momentum: of the moving average that the key network is of the query network's weights.
        temperature: of the softmax over similarities.
        jitter: of the colours of a view, in place of MoCo v2's.
    """

    def __init__(
        self,
        backbone: str,
        queue: int,
        momentum: float,
        temperature: float,
        normalisation: str,
        jitter: dict | None,
    ):
        super().__init__(normalisation, None)  # each view is jittered by itself
        self.momentum, self.temperature = momentum, temperature
        self.views = Views(**(jitter or JITTER))
        self.encoder = build_encoder(backbone)
        channels = encoder_channels(backbone)[-1]
        self.projection = nn.Sequential(nn.Linear(channels, channels), nn.ReLU(), nn.Linear(channels, PROJECTION))
        self.key_encoder = copy.deepcopy(self.encoder).requires_grad_(False)
        self.key_projection = copy.deepcopy(self.projection).requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(queue, PROJECTION), dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    @staticmethod
    def frames(settings: dict) -> dict:
        """Single images."""
        return {}

    @staticmethod
    def network(settings: dict) -> dict:
        """As the constructor has them."""
        names = ("backbone", "queue", "momentum", "temperature", "normalisation", "jitter")
        return {name: settings[name] for name in names}

    def features(self, image: Tensor) -> Tensor:
        """B x 3 x H x W to the encoder's pooled features, B x C, float32."""
        return self.encoder(self.normalise(image))[-1].mean((2, 3)).float()

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """InfoNCE of one view's query against the other view's key and the queue's (He et al. 2020, eq. 1)."""
        first, second = self.views(batch["images"][0]), self.views(batch["images"][0])
        query = F.normalize(self.projection(self.features(first)).float(), dim=1)
        with torch.no_grad():
            self._follow()
            pooled = self.key_encoder(self.normalise(second))[-1].mean((2, 3)).float()
            key = F.normalize(self.key_projection(pooled).float(), dim=1)
        with torch.autocast(query.device.type, enabled=False):
            positive = (query * key).sum(1, keepdim=True)
            scores = torch.cat([positive, query @ self.queue.clone().T], dim=1) / self.temperature
            loss = F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long, device=scores.device))
        self._keep(key)
        return {"loss_contrastive": loss}

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the key network towards the query network; at the first step (whatever it started from) all the way."""
        share = self.momentum if self.begun else 0.0
        pairs = ((self.encoder, self.key_encoder), (self.projection, self.key_projection))
        for query, key in pairs:
            for ours, kept in zip(query.parameters(), key.parameters(), strict=True):
                kept.lerp_(ours, 1 - share)
        self.begun.fill_(True)

    @torch.no_grad()
    def _keep(self, keys: Tensor) -> None:
        """Put the batch's keys where the oldest ones lie."""
        keys = keys[-len(self.queue) :]
        places = (self.place + torch.arange(len(keys), device=keys.device)) % len(self.queue)
        self.queue[places] = keys
        self.place.copy_((self.place + len(keys)) % len(self.queue))

    @torch.no_grad()
    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """kNN accuracy (k = 1) among held-out images: whether the nearest other one is of the same class.

        A class is what single objects have, and elsewhere the sequence. Guessing is right by the classes' sizes.
        """
        features, classes, images = [], [], []
        for batch in held_out_batches(self, packed, [], batch_size, labels=True):
            features.append(F.normalize(self.features(batch["images"][0]), dim=1).cpu())
            classes.append(batch["label"])
            images.append(batch["raw"])
        features, classes, images = torch.cat(features), np.concatenate(classes), np.concatenate(images)
        if len(classes) < 2:  # no other image to be near: nothing to measure, and a black picture
            return None, None, pictures([images], nearest=np.zeros_like(images))
        nearest = (features @ features.T).fill_diagonal_(-torch.inf).argmax(1).numpy()
        alike = classes[:, None] == classes
        chance = (alike.sum() - len(alike)) / (len(alike) * (len(alike) - 1))
        correct = float((classes[nearest] == classes).mean())
        return {"knn": correct}, {"knn": float(chance)}, pictures([images], nearest=images[nearest])


class Views:
    """Random views of images: MoCo v2's crop, colours, blur and flip, by torchvision, from torch's generator."""

    def __init__(self, brightness: float, contrast: float, saturation: float, hue: float):
        self.colours = v2.ColorJitter(brightness, contrast, saturation, hue)

    def __call__(self, image: Tensor) -> Tensor:
        """One view of each image, B x 3 x H x W in [0, 1]."""
        scale = image.shape[-2] / 224  # MoCo v2's blur is for 224 pixels
        sigma = (0.1 * scale, 2.0 * scale)
        kernel = 2 * max(1, round(2 * sigma[1])) + 1
        transform = v2.Compose(
            [
                v2.RandomResizedCrop(image.shape[-2:], scale=(0.2, 1.0), antialias=True),
                v2.RandomApply([self.colours], p=0.8),
                v2.RandomGrayscale(p=0.2),
                v2.RandomApply([v2.GaussianBlur(kernel, sigma)], p=0.5),
                v2.RandomHorizontalFlip(),
            ]
        )
        return torch.stack([transform(one) for one in image]).clamp(0, 1)
