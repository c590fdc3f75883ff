"""bfloat16 where the machine computes in it, by autocast; mmengine's own AmpOptimWrapper refuses the CPU."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn


def bfloat16_available(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware: else it would be emulated, and slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class NotFiniteError(ArithmeticError):
    """A loss is NaN or infinite; ``args[0]`` is its value."""


@OPTIM_WRAPPERS.register_module()
class StudyOptimWrapper(OptimWrapper):
    """An OptimWrapper whose forward pass runs under autocast.

    Args:
        precision: ``bfloat16`` or ``float32``.
        reset_gradients: ``False`` for the released protocol, whose code adds every step's gradients to all earlier.
    """

    def __init__(self, precision: str = "float32", reset_gradients: bool = True, **kwargs: object):
        super().__init__(**kwargs)
        self.precision, self.reset_gradients = precision, reset_gradients

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The context of a forward pass."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), autocast(device, self.precision):
            yield

    def backward(self, loss: torch.Tensor, **kwargs: object) -> None:
        """Go backward from a finite loss.

        Raises:
            NotFiniteError: it is not. Going backward through a warp whose grid is NaN ended the process by a
                segmentation fault.
        """
        value = loss.item()
        if not math.isfinite(value):
            raise NotFiniteError(value)
        super().backward(loss, **kwargs)

    def zero_grad(self, **kwargs: object) -> None:
        """Reset the gradients, unless the released protocol is to be followed."""
        if self.reset_gradients:
            super().zero_grad(**kwargs)


def autocast(device: str, precision: str) -> torch.autocast:
    """Autocast to bfloat16, or no change for float32."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bfloat16")
