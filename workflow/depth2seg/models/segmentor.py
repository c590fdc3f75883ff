"""Segmentation networks: mmsegmentation's encoder-decoder with one of the study's decoders as head."""

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from depth2seg.models.backbones import encoder_channels
from depth2seg.models.decoder import Conv3x3
from depth2seg.models.decoders import build_decoder
from depth2seg.models.openmmlab import MODELS, BaseDecodeHead, EncoderDecoder, PixelData, SegDataSample
from depth2seg.tasks.base import Normalise
from depth2seg.tasks.jitter import ColourJitter


@MODELS.register_module()
class DecoderHead(BaseDecodeHead):
    """One of the study's decoders with one output a class: pre-trained decoder weights fit ``self.decoder``.

    Args:
        kind: ``depth-decoder``, ``deeplabv3`` or ``dpt``.
        backbone: the encoder below it.
        num_classes: outputs.
    """

    def __init__(self, kind: str, backbone: str, num_classes: int, **kwargs: object):
        decoder, channels = build_decoder(kind, backbone), encoder_channels(backbone)
        super().__init__(
            in_channels=channels,
            in_index=list(range(len(channels))),
            input_transform="multiple_select",
            channels=decoder.outputs[0],
            num_classes=num_classes,
            dropout_ratio=0.1 if kind == "deeplabv3" else 0.0,
            align_corners=False,
            **kwargs,
        )
        self.decoder = decoder
        if kind == "depth-decoder":
            self.conv_seg = Conv3x3(decoder.outputs[0], num_classes)

    def forward(self, levels: tuple[Tensor, ...]) -> Tensor:
        """Encoder levels to B x classes x H/s x W/s scores, s the stride of the decoder's finest map."""
        return self.cls_seg(self.decoder(levels)[0]).float()


@MODELS.register_module()
class LabelledPreprocessor(BaseDataPreprocessor):
    """Batches of packed frames with label images to mmsegmentation's inputs and data samples.

    Args:
        normalisation: what the encoder was pre-trained with: ``none`` (images in [0, 1]) or ``imagenet``.
        jitter: colour jitter in training, or None.
        flip: flip half of the training images left to right.
        crop: height and width of a random training crop, or None.
        label_map: for each train id the id to train on (255: ignored), or None.
    """

    def __init__(
        self,
        normalisation: str,
        jitter: dict | None = None,
        flip: bool = False,
        crop: list[int] | None = None,
        label_map: list[int] | None = None,
    ):
        super().__init__()
        self.normalise = Normalise(normalisation)
        self.jitter = ColourJitter(**jitter) if jitter else None
        self.flip, self.crop, self.label_map = flip, crop, label_map

    def forward(self, data: dict, training: bool = False) -> dict:
        """``images`` uint8 (B, 1, H, W, 3), and in training its labels (B, H, W), to ``inputs``, ``data_samples``."""
        data = self.cast_data(data)
        images = data["images"].permute(1, 0, 4, 2, 3).float().div_(255.0)
        if not training:
            return {"inputs": self.normalise(images[0]), "data_samples": None}
        image = (images if self.jitter is None else self.jitter(images))[0]
        label = data["semantic_filtered" if "semantic_filtered" in data else "semantic"].long()
        if self.label_map is not None:
            label = torch.tensor(self.label_map, device=label.device)[label]
        if self.flip:
            flipped = torch.rand(len(image), device=image.device) < 0.5
            image = torch.where(flipped[:, None, None, None], image.flip(-1), image)
            label = torch.where(flipped[:, None, None], label.flip(-1), label)
        if self.crop is not None:
            image, label = self._cropped(image, label)
        samples = [SegDataSample(gt_sem_seg=PixelData(data=one[None])) for one in label]
        return {"inputs": self.normalise(image), "data_samples": samples}

    def _cropped(self, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        height, width = self.crop
        top = [int(torch.randint(0, image.shape[-2] - height + 1, ())) for _ in image]
        left = [int(torch.randint(0, image.shape[-1] - width + 1, ())) for _ in image]
        window = [(..., slice(t, t + height), slice(x, x + width)) for t, x in zip(top, left, strict=True)]
        image = torch.stack([one[w] for one, w in zip(image, window, strict=True)])
        return image, torch.stack([one[w] for one, w in zip(label, window, strict=True)])


@MODELS.register_module()
class Segmentor(EncoderDecoder):
    """mmsegmentation's EncoderDecoder whose encoder can be frozen.

    Args:
        frozen: ``none``; ``weights``: the encoder neither trains nor updates its statistics; ``statistics``: evaluation
            mode alone, which is what the released code calls frozen: the weights still train.
    """

    def __init__(self, frozen: str = "none", **kwargs: object):
        super().__init__(**kwargs)
        self.frozen = frozen
        if frozen == "weights":
            self.backbone.requires_grad_(False)

    def train(self, mode: bool = True) -> "Segmentor":
        """Training mode, but for a frozen encoder."""
        super().train(mode)
        if self.frozen != "none":
            self.backbone.eval()
        return self

    def scores(self, batch: dict) -> Tensor:
        """Scores of a batch of packed frames: B x classes x H x W, float32, at the frames' size."""
        inputs = self.data_preprocessor(batch, False)["inputs"]
        meta = {"ori_shape": inputs.shape[-2:], "img_shape": inputs.shape[-2:], "pad_shape": inputs.shape[-2:]}
        return self.encode_decode(inputs, [meta] * len(inputs)).float()
