"""Photometric reprojection error and edge-aware smoothness, as depth and flow minimise them."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# Wang et al., Image quality assessment (2004), for a data range of 1.
C1, C2 = 0.01**2, 0.03**2
SSIM_WEIGHT = 0.85


class _LocalMean(torch.autograd.Function):
    """Mean over 3 x 3 windows of a reflection-padded image, by sums of shifted images.

    The same numbers as ``F.avg_pool2d(F.pad(image, (1, 1, 1, 1), "reflect"), 3, 1)``, whose kernels for few channels
    are not vectorised: they took a sixth of a depth step (128 x 96, batch 8, one core).
    """

    @staticmethod
    def forward(ctx: object, image: Tensor) -> Tensor:
        padded = F.pad(image, (1, 1, 1, 1), mode="reflect")
        rows = (padded[..., :-2, :] + padded[..., 1:-1, :]).add_(padded[..., 2:, :])
        return (rows[..., :-2] + rows[..., 1:-1]).add_(rows[..., 2:]).mul_(1 / 9)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        gradient = gradient * (1 / 9)
        height, width = gradient.shape[-2:]
        rows = F.pad(gradient, (0, 2))
        rows[..., 1 : width + 1].add_(gradient)
        rows[..., 2:].add_(gradient)
        padded = F.pad(rows, (0, 0, 0, 2))
        padded[..., 1 : height + 1, :].add_(rows)
        padded[..., 2:, :].add_(rows)
        # What fell on the border belongs to the pixels that it reflects.
        padded[..., 2, :].add_(padded[..., 0, :])
        padded[..., -3, :].add_(padded[..., -1, :])
        padded[..., 2].add_(padded[..., 0])
        padded[..., -3].add_(padded[..., -1])
        return padded[..., 1:-1, 1:-1]


local_mean = _LocalMean.apply


@dataclass
class LocalStatistics:
    """An image with its 3 x 3 means and variances: kept, because one target is compared with many warped sources."""

    image: Tensor
    mean: Tensor
    variance: Tensor

    @classmethod
    def of(cls, image: Tensor) -> "LocalStatistics":
        """Statistics of B x C x H x W."""
        mean, square = local_mean(torch.cat([image, image * image])).chunk(2)
        return cls(image, mean, square - mean * mean)


def ssim_distance(image: Tensor, target: LocalStatistics) -> Tensor:
    """(1 - SSIM) / 2, clamped to 0..1, for each pixel and channel, over 3 x 3 windows with equal weights."""
    mean, square, product = local_mean(torch.cat([image, image * image, image * target.image])).chunk(3)
    variance = square - mean * mean
    covariance = product - mean * target.mean
    numerator = (2 * mean * target.mean + C1) * (2 * covariance + C2)
    denominator = (mean * mean + target.mean * target.mean + C1) * (variance + target.variance + C2)
    return ((1 - numerator / denominator) / 2).clamp(0, 1)


def photometric_error(image: Tensor, target: LocalStatistics) -> Tensor:
    """0.85 SSIM distance + 0.15 L1, mean over channels: B x 1 x H x W. Zhao et al. 2017; Godard et al. 2017, eq. 2."""
    ssim = ssim_distance(image, target).mean(1, keepdim=True)
    l1 = (image - target.image).abs().mean(1, keepdim=True)
    return SSIM_WEIGHT * ssim + (1 - SSIM_WEIGHT) * l1


def smoothness(values: Tensor, image: Tensor) -> Tensor:
    """Edge-aware first-order smoothness: gradients of ``values`` weighted by exp(-image gradient); a scalar.

    Godard et al. 2017, eq. 3. ``values`` is B x K x h x w; the image is averaged down to that size.
    """
    if image.shape[-2:] != values.shape[-2:]:
        image = F.adaptive_avg_pool2d(image, values.shape[-2:])
    total = values.new_zeros(())
    for dim in (2, 3):
        change = values.diff(dim=dim).abs().mean(1, keepdim=True)
        edge = image.diff(dim=dim).abs().mean(1, keepdim=True)
        total = total + (change * torch.exp(-edge)).mean()
    return total
