"""Depth maps of the pre-trained networks beside the true depth.

Drawn is inverse depth, brighter is nearer, each map divided by its own 95th percentile: depth learnt from one camera's
video has no scale, and the eye should compare shapes.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from depth2seg.reporting.grid import Row, image_grid
from depth2seg.reporting.samples import Network, by_images, load_networks

COLUMNS = 3


def draw(settings: dict, samples: list[Path]) -> Figure:
    """Draw depth maps.

    Args:
        settings: with ``recipe_labels``, the label of each recipe.
        samples: samples.npz of pre-trained networks, in the order to show; those without depth are left out.

    Raises:
        UserError: a file is missing, or none holds depth.
    """
    groups = by_images(load_networks(samples, "depth"))
    return image_grid([_block(group, settings.get("recipe_labels", {})) for group in groups])


def _block(networks: list[Network], labels: dict[str, str]) -> list[Row]:
    first = networks[0].arrays
    chosen = range(min(COLUMNS, len(first["image"])))
    rows: list[Row] = [("Image", [first["image"][i] for i in chosen])]
    truth = next((n.arrays["truth"] for n in networks if "truth" in n.arrays), None)
    if truth is not None:
        rows.append(("True depth", [inverse_depth(truth[i]) for i in chosen]))
    for network in networks:
        rows.append(
            (labels.get(network.recipe, network.recipe), [inverse_depth(network.arrays["depth"][i]) for i in chosen])
        )
    return rows


def inverse_depth(depth: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) in [0, 1] of a depth map (H, W) in any unit; light grey where it is 0 (unknown)."""
    valid = np.isfinite(depth) & (depth > 0)
    inverse = np.where(valid, 1 / np.where(valid, depth, 1), 0)
    top = np.percentile(inverse[valid], 95) if valid.any() else 1.0
    colours = mpl.colormaps["magma"](np.clip(inverse / top, 0, 1))[..., :3]
    return np.where(valid[..., None], colours, 0.85)
