"""The sample arrays that training jobs leave for figures (samples.npz), and what network they are of."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.confusion import IGNORE


class Network(NamedTuple):
    """A pre-trained network's recipe and its samples' arrays by name."""

    recipe: str
    arrays: dict[str, np.ndarray]


def load_samples(path: Path, *needed: str) -> dict[str, np.ndarray]:
    """Arrays of a samples.npz; UserError if it is missing or lacks one of the ``needed``."""
    if not path.is_file():
        raise UserError(f"{path}: not there; train this first")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it and train this again") from None
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise UserError(f"{path}: lacks {', '.join(missing)}; it has {', '.join(arrays)}")
    return arrays


def load_networks(paths: list[Path], kind: str) -> list[Network]:
    """Networks whose samples hold an array ``kind`` ('depth' or 'flow'), in the order given; others are left out.

    Raises:
        UserError: a file is missing or unreadable, or none of them holds it.
    """
    networks = []
    for path in paths:
        arrays = load_samples(path, "image")
        if kind in arrays:
            described = path.with_name("metrics.json")
            if not described.is_file():
                raise UserError(f"{described}: not there; train this first")
            networks.append(Network(json.loads(described.read_text())["recipe"], arrays))
    if not networks:
        raise UserError(f"none of the {len(paths)} samples.npz holds {kind}: give those of networks that predict it")
    return networks


def by_images(networks: list[Network]) -> list[list[Network]]:
    """Networks in groups that were sampled on the same images, so that these are shown once."""
    groups: list[list[Network]] = []
    for network in networks:
        for group in groups:
            if np.array_equal(group[0].arrays["image"], network.arrays["image"]):
                group.append(network)
                break
        else:
            groups.append([network])
    return groups


def colour_labels(labels: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Train ids (H, W) as colours, uint8 (H, W, 3); unlabelled pixels are white."""
    table = np.full((256, 3), 255, dtype=np.uint8)
    table[: len(palette)] = palette
    table[IGNORE] = 255
    return table[labels]
