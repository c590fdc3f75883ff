"""Held-out frames for a task's error measure, and the few that become pictures."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import default_collate

from depth2seg.data.packing import Packed
from depth2seg.training.frames import FrameSets

PICTURES = 4


def held_out_batches(
    model: torch.nn.Module,
    packed: Packed,
    arrays: list[str],
    batch_size: int,
    offsets: list[int] | tuple[int, ...] = (0,),
    labels: bool = False,
) -> Iterator[dict]:
    """Preprocessed batches of the split ``val``, in order; of ``video``, else ``train``, where a data set has none.

    Adds ``raw``, the first frame as uint8 (B, H, W, 3). Arrays that the data set lacks are left out; those it has
    stay numpy.
    """
    split = next((name for name in ("val", "video") if len(packed.rows(name))), "train")
    present = [name for name in arrays if name in packed.arrays]
    frames = FrameSets(packed, split=split, offsets=offsets, arrays=present, labels=labels)
    keep = [*present, *(["label"] if labels else [])]
    model.eval()
    for start in range(0, len(frames), batch_size):
        items = [frames[i] for i in range(start, min(start + batch_size, len(frames)))]
        batch = default_collate(items)
        kept = {name: batch.pop(name).numpy() for name in keep}
        raw = batch["images"][:, 0].numpy()
        yield {**model.data_preprocessor(batch, False), **kept, "raw": raw}


def pictures(images: list[np.ndarray], **arrays: np.ndarray) -> dict[str, np.ndarray]:
    """A few frames spread evenly over the held-out split, with what belongs to them."""
    image = np.concatenate(images)
    chosen = np.unique(np.linspace(0, len(image) - 1, PICTURES).round().astype(int))
    return {"image": image[chosen], **{name: values[chosen] for name, values in arrays.items()}}


def as_bytes(image: torch.Tensor) -> np.ndarray:
    """Images in [0, 1], B x 3 x H x W, as uint8 (B, H, W, 3)."""
    return image.mul(255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
