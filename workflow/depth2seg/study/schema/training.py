"""Blocks of settings, and of what they share with recipes: schedules and colour jitter."""

from typing import Annotated, Literal

from pydantic import Field

from depth2seg.block import Block, Count, CropSize, NotNegative, Positive, Protocol, Size
from depth2seg.models.families import DECODERS


class Schedule(Block):
    """How long and how fast a run trains.

    ``milestones`` are iterations at which ``policy: step`` multiplies the learning rate by ``gamma``. It rises in a
    straight line over the first ``warmup`` iterations.
    """

    iterations: Count
    batch: Count
    optimizer: Literal["adam", "sgd"] = "adam"
    lr: Positive
    policy: Literal["constant", "step", "cosine", "poly"] = "constant"
    milestones: list[Count] = Field([])
    gamma: Positive = 0.1
    warmup: Annotated[int, Field(ge=0)] = 0
    momentum: NotNegative = 0.9
    weight_decay: NotNegative = 0.0


class Jitter(Block):
    """Colour jitter: each factor drawn from 1 - x to 1 + x; hue from -x to x turns."""

    brightness: NotNegative = 0.2
    contrast: NotNegative = 0.2
    saturation: NotNegative = 0.2
    hue: NotNegative = 0.1


class Setting(Block):
    """How fine-tuning is done.

    For curves, not for choosing: every ``evaluate_every`` iterations (0: never) the test images are predicted, and at
    the end they are again at each of ``scales``, factors of their size.
    """

    label: str
    head: Literal[tuple(DECODERS)] = "depth-decoder"
    transfer: Literal["encoder", "encoder+decoder"] = "encoder"
    frozen: bool = False
    size: Size
    schedule: Schedule
    protocol: Protocol = "corrected"
    jitter: Jitter | None = None
    flip: bool = False
    crop: CropSize | None = None
    output_stride: Literal[8, 16, 32] = 32
    evaluate_every: Annotated[int, Field(ge=0)] = 0
    scales: list[Annotated[float, Field(ge=0.25, le=4)]] = Field([])
