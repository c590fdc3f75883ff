"""Photometric reprojection error and edge-aware smoothness, as depth and flow minimise them."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# Wang et al., Image quality assessment (2004), for a data range of 1.
C1, C2 = 0.01**2, 0.03**2
SSIM_WEIGHT = 0.85


def _local_mean(image: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), 3, 1)


@dataclass
class LocalStatistics:
    """An image with its 3 x 3 means and variances: kept, because one target is compared with many warped sources."""

    image: Tensor
    mean: Tensor
    variance: Tensor

    @classmethod
    def of(cls, image: Tensor) -> "LocalStatistics":
        """Statistics of B x C x H x W."""
        mean, square = _local_mean(torch.cat([image, image * image])).chunk(2)
        return cls(image, mean, square - mean * mean)


def ssim_distance(image: Tensor, target: LocalStatistics) -> Tensor:
    """(1 - SSIM) / 2, clamped to 0..1, for each pixel and channel, over 3 x 3 windows with equal weights."""
    mean, square, product = _local_mean(torch.cat([image, image * image, image * target.image])).chunk(3)
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
