"""Training samples as one would make them first: PNGs decoded, resized and jittered by Pillow, each time anew."""

import random
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import ColorJitter
from torchvision.transforms import functional as transforms

from depth2seg.benchmark.frames import BASELINE, CAMERA, STORED, Frames
from depth2seg.data.classes import class_table
from depth2seg.data.resize import intrinsics

IGNORED = 255


class DecodedFrames(Dataset):
    """What ``training.frames.FrameSets`` gives, from the PNGs: a target, its neighbours in time, its right view.

    Args:
        frames: the files.
        size: height and width of the samples.
        jitter: of the colours, of all images of a sample alike; None: as they are.
        offsets: frame numbers relative to the target, target first.
        right: add the target's right image, last.
        arrays: ``semantic``, ``depth`` or ``lidar`` of the target.
        flip: flip half of the samples, one image with its label image, left to right.
    """

    def __init__(
        self,
        frames: Frames,
        size: tuple[int, int],
        jitter: dict | None,
        offsets: Sequence[int] = (0,),
        right: bool = False,
        arrays: Sequence[str] = (),
        flip: bool = False,
    ):
        self.files, self.size, self.right, self.arrays, self.flip = frames.files, size, right, arrays, flip
        self.jitter = ColorJitter(**jitter) if jitter else None
        self.offsets, self.first = offsets, -min(offsets)
        table = class_table("cityscapes").train_ids
        self.train_ids = np.array([table.get(label, IGNORED) for label in range(256)])
        camera = np.array([CAMERA[name] for name in ("fx", "fy", "cx", "cy")])
        self.camera = torch.tensor(intrinsics(camera, np.array(STORED), size)).float()

    def __len__(self) -> int:
        return len(self.files["image"]) - self.first - max(self.offsets)

    def __getitem__(self, item: int) -> dict:
        """``images`` and ``inputs`` S x 3 x H x W in [0, 1], ``camera`` (4,), ``baseline``, ``label``, the arrays."""
        target = item + self.first
        images = [self._image("image", target + offset) for offset in self.offsets]
        images += [self._image("right_image", target)] if self.right else []
        inputs = images
        if self.jitter is not None and random.random() < 0.5:
            inputs = [self._jittered(image, *factors) for factors in [self._factors()] for image in images]
        stacked = {"images": images} if inputs is images else {"images": images, "inputs": inputs}
        sample = {name: torch.stack([transforms.to_tensor(i) for i in kind]) for name, kind in stacked.items()}
        sample.setdefault("inputs", sample["images"])
        sample |= {name: self._array(name, target) for name in self.arrays}
        if self.flip and random.random() < 0.5:
            sample |= {name: sample[name].flip(-1) for name in ("images", "inputs", *self.arrays)}
        return sample | {"camera": self.camera, "baseline": torch.tensor(BASELINE), "label": target}

    def _image(self, column: str, frame: int) -> Image.Image:
        """Decode and resize with antialiasing, as torchvision and Monodepth2 do."""
        image = Image.open(self.files[column][frame]).convert("RGB")
        return image.resize(self.size[::-1], Image.Resampling.LANCZOS)

    def _array(self, column: str, frame: int) -> Tensor:
        stored = Image.open(self.files[column][frame]).resize(self.size[::-1], Image.Resampling.NEAREST)
        values = np.array(stored)
        if column == "semantic":
            return torch.from_numpy(self.train_ids[values])
        return torch.from_numpy(values.astype(np.float32) / 256)

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
