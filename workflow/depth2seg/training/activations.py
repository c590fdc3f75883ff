"""Activation maps of encoders on chosen images, side by side, and how well they keep to the labels' boundaries."""

import csv
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from depth2seg.evaluation.boundaries import boundary_alignment
from depth2seg.files import atomic_path
from depth2seg.models.backbones import build_encoder, encoder_strides
from depth2seg.tasks.base import Normalise
from depth2seg.training.frames import FrameSets
from depth2seg.training.pretrain import load_part
from depth2seg.training.state import load_tensors

COLUMNS = ("recipe", "backbone", "seed", "level", "stride", "boundary_alignment", "images")
BATCH = 8


def activations(packed: Path, encoders: list[Path], images: int, out: Path) -> None:
    """Write activations.csv, mean scores on all labelled test images, and activations.npz, the scores and some maps.

    Args:
        packed: packed frames of a labelled data set.
        encoders: encoder.pth of the recipes, in the order to show.
        images: how many images' maps are kept, spread over the test set.
        out: the folder.

    Raises:
        UserError: a file is missing or no encoder.pth, or the set has no labelled test images.
    """
    frames = Packed(packed)
    rows = frames.rows("test", "semantic")
    if not len(rows):
        raise UserError(f"{packed}: no labelled images in its split 'test'")
    shown = np.unique(np.linspace(0, len(rows) - 1, images).round().astype(int))
    labels = np.asarray(frames.arrays["semantic"][rows])
    table, kept, all_scores = [], {}, []
    for place, path in enumerate(encoders):
        handed = load_tensors(path)
        named = [handed["recipe"], handed["backbone"], handed["seed"]]
        maps_of = activation_maps(handed, frames, rows)
        all_scores.append([])
        for level, (stride, maps) in enumerate(zip(encoder_strides(handed["backbone"]), maps_of, strict=True)):
            scores = [boundary_alignment(one, truth) for one, truth in zip(maps, labels, strict=True)]
            all_scores[-1].append(scores)
            table.append([*named, level, stride, f"{np.nanmean(scores):.4f}", len(scores)])
            kept[f"{place:02d}-{level}"] = maps[shown].astype(np.float16)
    out.mkdir(parents=True, exist_ok=True)
    with atomic_path(out / "activations.csv") as temporary, temporary.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *table])
    recipes, seeds = (np.array([row[column] for row in table if row[3] == 0]) for column in (0, 2))
    sequences = frames.index["sequence"].to_numpy(str)[rows]
    described = {"image": frames.arrays["image"][rows[shown]], "recipes": recipes, "seeds": seeds}
    described |= {"scores": np.array(all_scores, np.float32), "sequences": sequences}
    with atomic_path(out / "activations.npz") as temporary:
        np.savez_compressed(temporary, **described, **kept)


@torch.no_grad()
def activation_maps(handed: dict, frames: Packed, rows: np.ndarray) -> list[np.ndarray]:
    """For each level of an encoder, the length of the feature vector at each pixel: N x H x W at the images' size.

    Args:
        handed: the contents of an encoder.pth.
        frames: packed frames.
        rows: which of them.
    """
    encoder = build_encoder(handed["backbone"])
    load_part(encoder, handed, "encoder")
    encoder.eval()
    normalise, sets, levels = Normalise(handed["normalisation"]), FrameSets(frames, rows=rows.tolist()), []
    for start in range(0, len(sets), BATCH):
        images = [sets[i]["images"][0] for i in range(start, min(start + BATCH, len(sets)))]
        image = torch.stack(images).permute(0, 3, 1, 2).float() / 255
        levels.append([_lengths(level, image.shape[-2:]) for level in encoder(normalise(image))])
    return [np.concatenate(level) for level in zip(*levels, strict=True)]


def _lengths(level: Tensor, size: torch.Size) -> np.ndarray:
    length = level.float().square().sum(1, keepdim=True).sqrt()
    return F.interpolate(length, size=size, mode="bilinear", align_corners=False)[:, 0].numpy()
