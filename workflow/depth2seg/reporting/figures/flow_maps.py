"""Optical flow of the pre-trained networks beside the true flow.

Colours as in Baker et al., A Database and Evaluation Methodology for Optical Flow, IJCV 2011: hue is the direction,
saturation the length, white is no motion. One scale an image, so that rows compare.
"""

from pathlib import Path

import numpy as np
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure

from depth2seg.reporting.grid import Row, image_grid
from depth2seg.reporting.samples import Network, by_images, load_networks

COLUMNS = 3


def draw(settings: dict, samples: list[Path]) -> Figure:
    """Draw flow maps.

    Args:
        settings: with ``recipe_labels``, the label of each recipe.
        samples: samples.npz of pre-trained networks, in the order to show; those without flow are left out.

    Raises:
        UserError: a file is missing, or none holds flow.
    """
    groups = by_images(load_networks(samples, "flow"))
    figure = image_grid([_block(group, settings.get("recipe_labels", {})) for group in groups])
    _add_wheel(figure)
    return figure


def _block(networks: list[Network], labels: dict[str, str]) -> list[Row]:
    first = networks[0].arrays
    chosen = range(min(COLUMNS, len(first["image"])))
    truth = next((n.arrays["truth"] for n in networks if "truth" in n.arrays), None)
    # The longest motions that are not outliers; of the truth where it is known.
    scales = [_length(truth[i] if truth is not None else first["flow"][i]) for i in chosen]
    rows: list[Row] = [("Image", [first["image"][i] for i in chosen])]
    maps = [("True flow", truth)] if truth is not None else []
    maps += [(labels.get(network.recipe, network.recipe), network.arrays["flow"]) for network in networks]
    return rows + [(label, [colour_flow(flow[i], scales[i]) for i in chosen]) for label, flow in maps]


def colour_flow(flow: np.ndarray, scale: float) -> np.ndarray:
    """Colours (H, W, 3) in [0, 1] of flow (H, W, 2) in pixels; ``scale`` pixels are fully saturated; grey where NaN."""
    valid = np.isfinite(flow).all(-1)
    u, v = np.where(valid, flow[..., 0], 0), np.where(valid, flow[..., 1], 0)
    hue = np.arctan2(v, u) / (2 * np.pi) % 1.0
    saturation = np.clip(np.hypot(u, v) / scale, 0, 1)
    colours = hsv_to_rgb(np.stack([hue, saturation, np.ones_like(hue)], axis=-1))
    return np.where(valid[..., None], colours, 0.85)


def _length(flow: np.ndarray) -> float:
    length = np.hypot(flow[..., 0], flow[..., 1])
    return max(float(np.nanpercentile(length, 95)) if np.isfinite(length).any() else 1.0, 1e-6)


def _add_wheel(figure: Figure) -> None:
    """The colour of each direction, in the corner of the first row's label."""
    width, height = figure.get_size_inches()
    side = 0.34
    axis = figure.add_axes((0.02 / width, 1 - side / height, side / width, side / height))
    x, y = np.meshgrid(np.linspace(-1, 1, 101), np.linspace(-1, 1, 101))
    wheel = colour_flow(np.stack([x, y], axis=-1), 1.0)
    inside = np.hypot(x, y) <= 1
    axis.imshow(np.dstack([wheel, inside]), interpolation="nearest")
    axis.set_axis_off()
