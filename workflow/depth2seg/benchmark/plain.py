"""The loop that one would write first: PNGs decoded and resized as they are needed, float32, PyTorch's defaults.

The networks and losses are this project's, so that both loops compute the same; but padding and local means are
PyTorch's own operators here, and the process allocates memory as any other does. It runs beside the measured one, and
takes a step when it is asked to.
"""

import random
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.utils import import_modules_from_strings
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ColorJitter
from torchvision.transforms import functional as transforms

from depth2seg.benchmark.frames import CAMERA, STORED, Frames
from depth2seg.data.classes import class_table
from depth2seg.data.resize import intrinsics
from depth2seg.models.decoder import Conv3x3
from depth2seg.models.openmmlab import MODELS, PixelData, SegDataSample
from depth2seg.tasks import photometric
from depth2seg.training.config import IMPORTS


class LabelledImages(Dataset):
    """One image with its label image, jittered and flipped at random."""

    def __init__(self, frames: Frames, size: tuple[int, int], jitter: dict):
        self.frames, self.size = frames, size
        self.jitter = ColorJitter(**jitter)
        table = class_table("cityscapes").train_ids
        self.train_ids = torch.tensor([table.get(label, 255) for label in range(256)])

    def __len__(self) -> int:
        return len(self.frames.images)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        """Image 3 x H x W in [0, 1], train ids 1 x H x W."""
        image = read(self.frames.images[item], self.size)
        label = Image.open(self.frames.labels[item]).resize(self.size[::-1], Image.Resampling.NEAREST)
        if random.random() < 0.5:
            image = self.jitter(image)
        if random.random() < 0.5:
            image, label = transforms.hflip(image), transforms.hflip(label)
        return transforms.to_tensor(image), self.train_ids[torch.from_numpy(np.array(label)).long()][None]


class VideoTriplets(Dataset):
    """A frame with its neighbours before and after, as they are and jittered alike."""

    def __init__(self, frames: Frames, size: tuple[int, int], jitter: dict):
        self.frames, self.size = frames, size
        self.jitter = ColorJitter(**jitter)
        camera = np.array([CAMERA[name] for name in ("fx", "fy", "cx", "cy")])
        self.camera = torch.tensor(intrinsics(camera, np.array(STORED), size)).float()

    def __len__(self) -> int:
        return len(self.frames.images) - 2

    def __getitem__(self, item: int) -> dict:
        """``images`` and ``inputs`` 3 x 3 x H x W (frames t, t - 1, t + 1), ``camera`` (4,)."""
        images = [read(self.frames.images[item + 1 + offset], self.size) for offset in (0, -1, 1)]
        inputs = images
        if random.random() < 0.5:
            inputs = [self._jittered(image, *factors) for factors in [self._factors()] for image in images]
        both = (torch.stack([transforms.to_tensor(image) for image in kind]) for kind in (images, inputs))
        return dict(zip(("images", "inputs"), both, strict=True)) | {"camera": self.camera}

    def _factors(self) -> tuple:
        jitter = self.jitter
        return ColorJitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)

    @staticmethod
    def _jittered(image: Image.Image, order: Tensor, *factors: float) -> Image.Image:
        adjust = (
            transforms.adjust_brightness,
            transforms.adjust_contrast,
            transforms.adjust_saturation,
            transforms.adjust_hue,
        )
        for number in order:
            image = adjust[number](image, factors[number])
        return image


class Plain(nn.Module):
    """Stands in for ``Normalise``, which puts images into channels-last order; the range [0, 1] stays as it is."""

    def forward(self, image: Tensor) -> Tensor:
        """Give the image back."""
        return image


def serve(connection: Connection, config: dict, task: str, dataset: Dataset, shape: dict, threads: int) -> None:
    """Take a step for every message on the connection, and answer with the seconds that its data took.

    Args:
        connection: the other end belongs to the measuring process; ends when that closes it.
        config: of the model.
        task: ``finetune`` or ``depth``.
        dataset: what to train on.
        shape: ``batch`` and ``lr``.
        threads: of the CPU.
    """
    torch.set_num_threads(threads)
    photometric.local_mean = lambda image: F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), 3, 1)
    import_modules_from_strings(IMPORTS)  # a process of its own starts with an empty registry
    model = MODELS.build(config)
    with_torch_padding(model)
    steps = plain_steps(model, task, dataset, shape["batch"], shape["lr"])
    connection.send("ready")
    try:
        while connection.recv():
            connection.send(next(steps))
    except EOFError:
        pass


def with_torch_padding(model: nn.Module) -> None:
    """Replace each ``Conv3x3`` by PyTorch's convolution with its own reflection padding, weights kept."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, Conv3x3):
                inputs, outputs = child.in_channels, child.out_channels
                conv = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")
                conv.load_state_dict(child.state_dict())
                setattr(parent, name, conv)


def plain_steps(model: nn.Module, task: str, dataset: Dataset, batch: int, lr: float) -> Iterator[float]:
    """Train without end; each step gives the seconds that its data took."""
    model.normalise = Plain()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loader = DataLoader(dataset, batch_size=batch, shuffle=True, drop_last=True)
    loss_of: Callable[..., dict] = _labelled_loss if task == "finetune" else _video_loss
    model.train()
    while True:
        batches = iter(loader)
        for _ in range(len(loader)):
            begun = time.perf_counter()
            data = next(batches)
            taken = time.perf_counter() - begun
            optimizer.zero_grad()
            losses = loss_of(model, data)
            sum(value for name, value in losses.items() if "loss" in name).backward()
            optimizer.step()
            yield taken


def read(path: object, size: tuple[int, int]) -> Image.Image:
    """Decode an image and resize it, as torchvision and Monodepth2 do, with antialiasing."""
    return Image.open(path).convert("RGB").resize(size[::-1], Image.Resampling.LANCZOS)


def _labelled_loss(model: nn.Module, data: tuple[Tensor, Tensor]) -> dict:
    images, labels = data
    return model.loss(images, [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels])


def _video_loss(model: nn.Module, data: dict) -> dict:
    return model.loss(data | {name: data[name].unbind(1) for name in ("images", "inputs")})
