"""The depth decoder of Monodepth2 (Godard et al. 2019, supplementary material, table 5), for any number of outputs."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (16, 32, 64, 128, 256)
SCALES = (0, 1, 2, 3)


class _ReflectionPad(torch.autograd.Function):
    """One pixel of reflection padding that keeps the memory order; PyTorch's own leaves channels last by a detour."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        if min(height, width) < 2:
            raise ValueError(f"a map of {height} x {width} has nothing to reflect: the images are too small")
        shape = (batch, channels, height + 2, width + 2)
        padded = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=_memory_order(x))
        padded[:, :, 1:-1, 1:-1] = x
        padded[:, :, 1:-1, 0], padded[:, :, 1:-1, -1] = x[..., 1], x[..., -2]
        padded[:, :, 0], padded[:, :, -1] = padded[:, :, 2], padded[:, :, -3]
        return padded

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        inner = gradient[:, :, 1:-1].clone(memory_format=_memory_order(gradient))
        inner[:, :, 1].add_(gradient[:, :, 0])
        inner[:, :, -2].add_(gradient[:, :, -1])
        inner[..., 2].add_(inner[..., 0])
        inner[..., -3].add_(inner[..., -1])
        return inner[..., 1:-1]


def _memory_order(x: Tensor) -> torch.memory_format:
    last = x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


class Conv3x3(nn.Conv2d):
    """A 3 x 3 convolution with reflection padding: Monodepth2's."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """B x inputs x H x W to B x outputs x H x W."""
        return super().forward(_ReflectionPad.apply(x))


class UNetDecoder(nn.Module):
    """Five stages from coarse to fine: convolve, double the size, join the encoder's features, convolve.

    Args:
        encoder_channels: channels of the encoder's five levels, finest first.
    """

    def __init__(self, encoder_channels: list[int]):
        super().__init__()
        self.outputs = CHANNELS
        below = [encoder_channels[-1], *reversed(CHANNELS[1:])]
        skips = [*reversed(encoder_channels[:-1]), 0]
        stages = list(reversed(CHANNELS))
        self.before = nn.ModuleList(Conv3x3(b, c) for b, c in zip(below, stages, strict=True))
        self.after = nn.ModuleList(Conv3x3(c + s, c) for c, s in zip(stages, skips, strict=True))
        # PyTorch's default shrinks a signal by about sqrt(6) a layer, which ten layers without normalisation cannot
        # make up for in the few hundred steps of a small study. He et al. 2015 keeps its variance.
        for conv in (*self.before, *self.after):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)

    def forward(self, levels: tuple[Tensor, ...]) -> list[Tensor]:
        """Encoder levels to features at scales 0 to 4: 16, 32, 64, 128, 256 channels, size / 2**scale."""
        x, outputs = levels[-1], []
        skips = [*reversed(levels[:-1]), None]
        for before, after, skip in zip(self.before, self.after, skips, strict=True):
            x = F.interpolate(F.elu(before(x)), scale_factor=2.0, mode="nearest")
            x = F.elu(after(x if skip is None else torch.cat([x, skip], dim=1)))
            outputs.append(x)
        return outputs[::-1]


class MultiScaleOutput(nn.Module):
    """One 3 x 3 convolution and a sigmoid at each of the four finest scales, or as many as a decoder has.

    Args:
        channels: of each output.
        inputs: channels of the decoder's maps, finest first.
    """

    def __init__(self, channels: int, inputs: tuple[int, ...] = CHANNELS):
        super().__init__()
        self.convs = nn.ModuleList(Conv3x3(count, channels) for count in inputs[: len(SCALES)])

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Decoder features to outputs in (0, 1), float32, finest first."""
        return [conv(x).float().sigmoid() for conv, x in zip(self.convs, features, strict=False)]
