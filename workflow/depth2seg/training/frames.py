"""Training samples from packed frames, and the order they come in."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.registry import DATA_SAMPLERS, DATASETS, FUNCTIONS
from torch.utils.data import Dataset, Sampler, default_collate

from depth2seg.data.packing import Packed
from depth2seg.errors import UserError


@DATASETS.register_module()
class FrameSets(Dataset):
    """Sets of frames of one sequence, memory-mapped: a target, its neighbours in time, its right view.

    Args:
        packed: the packed folder, or the opened ``Packed``.
        split: which split; a target whose neighbours are missing is left out.
        offsets: frame numbers relative to the target, target first: [0], [0, 1], [0, -1, 1].
        right: add the target's right image, last.
        arrays: further arrays of the target: lidar, depth, flow, semantic. A target that lacks one is left out.
        labels: add ``label``, the place of the target's sequence among all (of rendered objects: its class).
        rows: only these targets (packed rows), in this order, instead of a split.

    Raises:
        UserError: the packed frames lack what is asked for.
    """

    def __init__(
        self,
        packed: str | Path | Packed,
        split: str = "video",
        offsets: list[int] | tuple[int, ...] = (0,),
        right: bool = False,
        arrays: list[str] | tuple[str, ...] = (),
        labels: bool = False,
        rows: list[int] | None = None,
    ):
        self.packed = packed if isinstance(packed, Packed) else Packed(packed)
        self.right, self.arrays, self.labels = right, list(arrays), labels
        if rows is None:
            needed = [*self.arrays, *(["right_image"] if right else [])]
            sets = self.packed.neighbours(split, list(offsets))
            self.sets = sets[np.isin(sets[:, 0], self.packed.rows(split, *needed))]
            if not len(self.sets):
                wanted = " and ".join([f"frames at {list(offsets)}", *needed])
                raise UserError(f"{self.packed.folder}: no target of split '{split}' has {wanted}")
        else:
            self.sets = np.asarray(rows, np.int64)[:, None]
        index, targets = self.packed.index, self.sets[:, 0]
        self.cameras = index[["fx", "fy", "cx", "cy"]].to_numpy(np.float32)[targets]
        self.baselines = index["baseline"].to_numpy(np.float32)[targets]
        self.classes = np.searchsorted(self.class_names, index["sequence"].to_numpy(str)[targets])

    @property
    def class_names(self) -> list[str]:
        """Names that ``label`` counts: the sequences of all splits, sorted."""
        return sorted(self.packed.index["sequence"].unique())

    def __len__(self) -> int:
        return len(self.sets)

    def __getitem__(self, item: int) -> dict:
        """``images`` uint8 (S, H, W, 3), ``camera`` (4,), ``baseline``, ``row``, the arrays, ``label``."""
        target = self.sets[item, 0]
        images = [self.packed.arrays["image"][row] for row in self.sets[item]]
        if self.right:
            images.append(self.packed.arrays["right_image"][target])
        sample = {
            "images": torch.from_numpy(np.stack(images)),
            "camera": torch.from_numpy(self.cameras[item]),
            "baseline": torch.tensor(self.baselines[item]),
            "row": int(target),
        }
        for name in self.arrays:
            sample[name] = torch.from_numpy(np.array(self.packed.arrays[name][target]))
        if self.labels:
            sample["label"] = int(self.classes[item])
        return sample


@DATA_SAMPLERS.register_module()
class EndlessSampler(Sampler):
    """Permutation after permutation of a data set, without end; a pure function of seed and position.

    A run that resumes sets ``start`` to the number of samples it has seen, and goes on where it stopped.
    """

    def __init__(self, dataset: Dataset, seed: int):
        self.size, self.seed, self.start = len(dataset), seed, 0

    def __iter__(self) -> Iterator[int]:
        epoch, skipped = divmod(self.start, self.size)
        while True:
            yield from np.random.default_rng([self.seed, epoch]).permutation(self.size)[skipped:].tolist()
            epoch, skipped = epoch + 1, 0

    def __len__(self) -> int:
        return self.size


FUNCTIONS.register_module(name="stack_samples", module=default_collate)
