"""What every pre-training task is: a network that mmengine trains, whose encoder fine-tuning starts from."""

import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from torch import Tensor, nn

from depth2seg.data.packing import Packed
from depth2seg.models.openmmlab import MODELS
from depth2seg.tasks.jitter import ColourJitter

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalise(nn.Module):
    """Images in [0, 1] to what the encoder expects: as they are, or with ImageNet's mean and deviation."""

    def __init__(self, kind: str):
        super().__init__()
        imagenet = kind == "imagenet"
        for name, values, neutral in (("mean", IMAGENET_MEAN, 0.0), ("std", IMAGENET_STD, 1.0)):
            tensor = torch.tensor(values if imagenet else [neutral] * 3).view(1, 3, 1, 1)
            self.register_buffer(name, tensor, persistent=False)
        self.active = imagenet

    def forward(self, image: Tensor) -> Tensor:
        """B x 3 x H x W to the same, channels last."""
        if self.active:
            image = (image - self.mean) / self.std
        return image.contiguous(memory_format=torch.channels_last)


@MODELS.register_module()
class FramePreprocessor(BaseDataPreprocessor):
    """Batches of uint8 frames to floats in [0, 1], with colour jitter in training.

    ``images`` (B, S, H, W, 3) becomes S maps of B x 3 x H x W: under ``images`` as they are, which losses compare,
    and under ``inputs`` jittered, which networks see; one sample's frames share their jitter.
    """

    def __init__(self, jitter: dict | None = None):
        super().__init__()
        self.jitter = ColourJitter(**jitter) if jitter else None

    def forward(self, data: dict, training: bool = False) -> dict:
        """Move a batch to the device and unpack it."""
        data = self.cast_data(data)
        images = data["images"].permute(1, 0, 4, 2, 3).float().div_(255.0)
        inputs = self.jitter(images) if training and self.jitter is not None else images
        return {**data, "images": images.unbind(0), "inputs": inputs.unbind(0)}


class PretrainingTask(BaseModel):
    """Base of the tasks in this package: ``flow.py`` has ``FlowTask``, and so on.

    A task's module has a literal ``RECIPE`` at its top, which ``study.task_specs`` reads: the keys that its recipes
    have, the frames it trains on, what it hands on. A subclass builds ``self.encoder`` (and ``self.decoder`` where
    fine-tuning can take it over), and has

    - ``frames(settings)``: which frames and arrays a training sample is made of (arguments of ``FrameSets``);
    - ``network(settings)``: the constructor's arguments, from a recipe's settings;
    - ``loss(batch)``: named scalar losses, of which those whose name has ``loss`` in it are added up;
    - ``assess(packed, batch_size)``: held-out errors, the trivial predictor's errors, and pictures.
    """

    def __init__(self, normalisation: str, jitter: dict | None):
        super().__init__(data_preprocessor={"type": "FramePreprocessor", "jitter": jitter})
        self.normalise = Normalise(normalisation)

    @staticmethod
    def frames(settings: dict) -> dict:
        """Arguments of ``FrameSets`` for a training sample."""
        raise NotImplementedError

    @staticmethod
    def network(settings: dict) -> dict:
        """Arguments of the constructor."""
        raise NotImplementedError

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """Losses of one preprocessed batch."""
        raise NotImplementedError

    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """Errors on the held-out split, the trivial predictor's, and arrays for figures; None without ground truth."""
        raise NotImplementedError

    def forward(self, mode: str = "loss", **batch: object) -> dict[str, Tensor]:
        """mmengine's entry: ``train_step`` calls it with a preprocessed batch."""
        if mode != "loss":
            raise ValueError(f"a pre-training task has no mode '{mode}'")
        return self.loss(batch)

    def handed_on(self) -> dict[str, dict[str, Tensor] | None]:
        """The weights that fine-tuning may start from."""
        decoder = getattr(self, "decoder", None)
        return {"encoder": self.encoder.state_dict(), "decoder": decoder and decoder.state_dict()}
