"""How well an image is given back: peak signal-to-noise ratio and structural similarity."""

import math

import torch
from torch import Tensor

from depth2seg.tasks.photometric import LocalStatistics, ssim_distance

# No mean squared error counts as smaller than this: half a grey level of 8 bits, uniformly wrong, squared over 3.
LEAST = (0.5 / 255) ** 2 / 3


def image_errors(image: Tensor, truth: Tensor, blank: Tensor) -> list[dict[str, float]]:
    """Measures of each of B images in [0, 1], B x 3 x H x W, against the truth.

    ``psnr`` (decibels, for a peak of 1) and ``ssim`` (Wang et al. 2004, mean over 3 x 3 windows of equal weights) are
    of the whole image, ``psnr_blanked`` of the pixels where ``blank`` (B x 1 x H x W) is true.
    """
    image, truth = image.float(), truth.float()
    square = (image - truth).square().mean(1, keepdim=True)
    similarity = 1 - 2 * ssim_distance(image, LocalStatistics.of(truth)).mean((1, 2, 3))
    return [
        {"psnr": _psnr(one.mean()), "ssim": alike.item(), "psnr_blanked": _psnr(one[where].mean())}
        for one, alike, where in zip(square, similarity, blank, strict=True)
    ]


def mean_errors(errors: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each measure over images."""
    return {name: math.fsum(one[name] for one in errors) / len(errors) for name in errors[0]}


def _psnr(square: Tensor) -> float:
    return -10 * torch.log10(square.clamp(min=LEAST)).item()
