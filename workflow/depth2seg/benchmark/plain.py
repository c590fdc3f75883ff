"""The loop that one would write first: PNGs decoded and resized as they are needed, float32, PyTorch's defaults.

The networks and losses are this project's, so that both loops compute the same; but padding and local means are
PyTorch's own operators here, and the process allocates memory as any other does. It takes a step when it is asked to.
"""

import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from depth2seg.benchmark.configs import JITTER, Shape, step_config
from depth2seg.benchmark.frames import Frames
from depth2seg.benchmark.samples import DecodedFrames
from depth2seg.models.decoder import Conv3x3
from depth2seg.models.openmmlab import MODELS, PixelData, SegDataSample
from depth2seg.models.segmentor import Segmentor
from depth2seg.tasks import photometric
from depth2seg.training.provenance import peak_memory_mb


class Plain(nn.Module):
    """Stands in for ``Normalise``, which puts images into channels-last order; the range [0, 1] stays as it is."""

    def forward(self, image: Tensor) -> Tensor:
        """Give the image back."""
        return image


def serve(connection: Connection, name: str, shape: Shape, frames: Frames, threads: int) -> None:
    """Take a step for every message on the connection, and answer with what it took.

    Args:
        connection: the other end belongs to the measuring process; ends when that closes it.
        name: of ``step_names``.
        shape: of the step.
        frames: what to train on.
        threads: of the CPU.
    """
    torch.set_num_threads(threads)
    photometric.local_mean = lambda image: F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), 3, 1)
    config = step_config(name, shape, frames, "float32")
    model = MODELS.build(config.model)
    with_torch_padding(model)
    steps = plain_steps(model, samples(config, shape, frames), shape.batch, config.optim_wrapper.optimizer.lr)
    connection.send({})
    try:
        while connection.recv():
            connection.send({"decoding": next(steps), "peak_memory_mb": peak_memory_mb()})
    except EOFError:
        pass


def samples(config: Config, shape: Shape, frames: Frames) -> DecodedFrames:
    """The samples that a step's config asks for."""
    asked, model = config.train_dataloader.dataset, config.model
    flip = bool(model.get("data_preprocessor", {}).get("flip"))
    jitter = JITTER if flip or model.get("jitter") else None
    wanted = {name: asked[name] for name in ("offsets", "right", "arrays") if name in asked}
    return DecodedFrames(frames, shape.size, jitter, flip=flip, **wanted)


def with_torch_padding(model: nn.Module) -> None:
    """Replace each ``Conv3x3`` by PyTorch's convolution with its own reflection padding, weights kept."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, Conv3x3):
                inputs, outputs = child.in_channels, child.out_channels
                conv = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")
                conv.load_state_dict(child.state_dict())
                setattr(parent, name, conv)


def plain_steps(model: nn.Module, dataset: Dataset, batch: int, lr: float) -> Iterator[float]:
    """Train without end; each step gives the seconds that its data took."""
    model.normalise = Plain()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loader = DataLoader(dataset, batch_size=batch, shuffle=True, drop_last=True)
    model.train()
    while True:
        batches = iter(loader)
        for _ in range(len(loader)):
            begun = time.perf_counter()
            data = next(batches)
            taken = time.perf_counter() - begun
            optimizer.zero_grad()
            losses = _losses(model, data)
            sum(value for name, value in losses.items() if "loss" in name).backward()
            optimizer.step()
            yield taken


def _losses(model: nn.Module, data: dict) -> dict:
    if isinstance(model, Segmentor):
        labels = [SegDataSample(gt_sem_seg=PixelData(data=label[None])) for label in data["semantic"]]
        return model.loss(data["inputs"][:, 0], labels)
    return model.loss(data | {name: data[name].unbind(1) for name in ("images", "inputs")})
