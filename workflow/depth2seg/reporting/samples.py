"""The sample arrays that training jobs leave for figures (samples.npz), and what network they are of."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.arrays import read_arrays
from depth2seg.evaluation.confusion import IGNORE


class Network(NamedTuple):
    """A pre-trained network's recipe and its samples' arrays by name."""

    recipe: str
    arrays: dict[str, np.ndarray]


def load_networks(paths: list[Path], kind: str) -> list[Network]:
    """Networks whose samples hold an array ``kind`` ('depth' or 'flow'), in the order given; others are left out.

    Raises:
        UserError: a file is missing or unreadable, or none of them holds it.
    """
    networks = []
    for path in paths:
        arrays = read_arrays(path, "image")
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
