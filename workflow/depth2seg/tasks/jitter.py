"""Colour jitter of whole batches, drawn from torch's generator, so that a seeded step is repeatable."""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


class ColourJitter:
    """Brightness, contrast, saturation and hue, each sample with its own factors, half of the samples left alone.

    Hue turns the chroma plane of YIQ, which needs no conversion to HSV. Factors as in ``study.schema.Jitter``.
    """

    def __init__(self, brightness: float, contrast: float, saturation: float, hue: float, probability: float = 0.5):
        self.brightness, self.contrast, self.saturation, self.hue = brightness, contrast, saturation, hue
        self.probability = probability

    def __call__(self, images: Tensor) -> Tensor:
        """Jitter S x B x 3 x H x W in [0, 1]: sample b's S frames alike. Returns a new tensor."""
        samples, device = images.shape[1], images.device
        draw = torch.rand(5, samples, device=device)
        active = (draw[4] < self.probability).float()

        def factor(row: int, spread: float) -> Tensor:
            return 1 + active * spread * (2 * draw[row] - 1)

        brightness, contrast = factor(0, self.brightness), factor(1, self.contrast)
        colour = self._colour_matrices(factor(2, self.saturation), active * self.hue * (2 * draw[3] - 1))
        # All four are affine in the pixel: x -> M (c (b x - m) + m) with m the mean luma of b x, one matrix a sample.
        luma = torch.tensor(LUMA, device=device)
        mean = torch.einsum("sbchw,c->b", images, luma) / (images.shape[0] * images.shape[3] * images.shape[4])
        matrix = colour * (contrast * brightness)[:, None, None]
        offset = ((1 - contrast) * brightness * mean)[:, None].expand(-1, 3)
        jittered = torch.einsum("bij,sbjhw->sbihw", matrix, images) + offset[:, :, None, None]
        return jittered.clamp_(0, 1)

    @staticmethod
    def _colour_matrices(saturation: Tensor, turns: Tensor) -> Tensor:
        """B x 3 x 3: scale and turn the chroma of YIQ. Grey stays grey."""
        to_yiq = turns.new_tensor([LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112)])
        angle = 2 * torch.pi * turns
        cos, sin = saturation * angle.cos(), saturation * angle.sin()
        one, zero = torch.ones_like(cos), torch.zeros_like(cos)
        rows = [torch.stack(row, dim=1) for row in ((one, zero, zero), (zero, cos, -sin), (zero, sin, cos))]
        return torch.linalg.inv(to_yiq) @ torch.stack(rows, dim=1) @ to_yiq
