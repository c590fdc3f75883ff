"""Inpainting: small patches of an image are blanked, and the network gives back the whole image."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depth2seg.data.packing import Packed
from depth2seg.evaluation.images import image_errors, mean_errors
from depth2seg.models.backbones import build_encoder
from depth2seg.models.decoder import Conv3x3
from depth2seg.models.decoders import build_decoder
from depth2seg.models.families import OUTPUT_STRIDES
from depth2seg.models.openmmlab import MODELS
from depth2seg.tasks.base import PretrainingTask
from depth2seg.tasks.heldout import as_bytes, held_out_batches, pictures

RECIPE = {
    "trains_on": "images",
    "hands_on": ["encoder", "decoder"],
    "backbones": ["resnet", "vit"],
    # The released code's: 0.1 to 1 % of the pixels, in patches of 7 x 7.
    "keys": {
        "decoder": {"default": "depth-decoder", "choices": ["depth-decoder", "deeplabv3", "dpt"]},
        "blanked": {"default": [0.001, 0.01], "gt": 0.0, "le": 0.5},
        "patch": {"default": 7, "ge": 1},
    },
    "shows": {"blanked": "blanked", "restored": "given back"},
}
ASSESSMENT_SEED = 0  # of the patches in held-out images: the same for every network


@MODELS.register_module()
class InpaintingTask(PretrainingTask):
    """Encoder and decoder with three outputs; mean absolute error over all pixels.

    Args:
        backbone: any of the study's.
        decoder: ``depth-decoder``, ``deeplabv3`` or ``dpt``.
        blanked: least and largest share of an image's pixels that are blanked; each image draws its own.
        patch: side of the square patches, in pixels.
    """

    def __init__(
        self,
        backbone: str,
        decoder: str,
        blanked: list[float],
        patch: int,
        normalisation: str,
        jitter: dict | None,
    ):
        super().__init__(normalisation, jitter)
        self.blanked, self.patch = blanked, patch
        self.encoder = build_encoder(backbone, OUTPUT_STRIDES[decoder])
        self.decoder = build_decoder(decoder, backbone)
        self.output = Conv3x3(self.decoder.outputs[0], 3)
        nn.init.zeros_(self.output.bias)

    @staticmethod
    def frames(settings: dict) -> dict:
        """Single images."""
        return {}

    @staticmethod
    def network(settings: dict) -> dict:
        """As the constructor has them."""
        names = ("backbone", "decoder", "blanked", "patch", "normalisation", "jitter")
        return {name: settings[name] for name in names}

    def restored(self, image: Tensor) -> Tensor:
        """B x 3 x H x W with blanks to the same without, in (0, 1), float32."""
        scores = self.output(self.decoder(self.encoder(self.normalise(image)))[0]).float()
        return F.interpolate(scores, size=image.shape[-2:], mode="bilinear", align_corners=False).sigmoid()

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """Mean absolute error against the image as the network would have seen it, jitter included."""
        image = batch["inputs"][0]
        blank = blanks(len(image), image.shape[-2:], self.blanked, self.patch).to(image.device)
        return {"loss_inpainting": (self.restored(image.masked_fill(blank, 0.0)) - image).abs().mean()}

    @torch.no_grad()
    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """PSNR and SSIM of held-out images, and PSNR inside the blanks; an image's mean colour is the trivial guess."""
        generator = torch.Generator().manual_seed(ASSESSMENT_SEED)
        errors, trivial, images, blanked, restored = [], [], [], [], []
        for batch in held_out_batches(self, packed, [], batch_size):
            image = batch["images"][0]
            blank = blanks(len(image), image.shape[-2:], self.blanked, self.patch, generator).to(image.device)
            seen = image.masked_fill(blank, 0.0)
            guess = self.restored(seen)
            errors += image_errors(guess, image, blank)
            trivial += image_errors(image.mean((2, 3), keepdim=True).expand_as(image), image, blank)
            images.append(batch["raw"])
            blanked.append(as_bytes(seen))
            restored.append(as_bytes(guess))
        shown = pictures(images, blanked=np.concatenate(blanked), restored=np.concatenate(restored))
        return mean_errors(errors), mean_errors(trivial), shown


def blanks(
    count: int, size: torch.Size, share: list[float], patch: int, generator: torch.Generator | None = None
) -> Tensor:
    """Where each of ``count`` images is blanked: bool, count x 1 x H x W; at least one whole patch in each.

    Patches may overlap, and lie inside the image; a smaller image is one patch.
    """
    height, width = size
    rows, columns = min(patch, height), min(patch, width)
    drawn = share[0] + (share[1] - share[0]) * torch.rand(count, generator=generator)
    patches = (drawn * height * width / (rows * columns)).round().clamp(min=1).long()
    blank = torch.zeros(count, 1, height, width, dtype=torch.bool)
    for image, number in zip(blank, patches.tolist(), strict=True):
        top = torch.randint(height - rows + 1, (number,), generator=generator).tolist()
        left = torch.randint(width - columns + 1, (number,), generator=generator).tolist()
        for y, x in zip(top, left, strict=True):
            image[:, y : y + rows, x : x + columns] = True
    return blank
