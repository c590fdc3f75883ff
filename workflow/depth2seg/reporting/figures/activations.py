"""Activation maps of the encoders that recipes hand on, side by side on the same test images."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from depth2seg.evaluation.arrays import read_arrays
from depth2seg.reporting.grid import Row, image_grid

LEVELS = (1, 2)  # of a ResNet the coarser ones show no boundaries, the finest one the image's own edges


def draw(settings: dict, samples: list[Path]) -> Figure:
    """Draw activation maps.

    Args:
        settings: with ``recipe_labels``, the label of each recipe.
        samples: one activations.npz.

    Raises:
        UserError: the file is missing or no activations.npz.
    """
    arrays = read_arrays(samples[0], "image")
    blocks: list[list[Row]] = [[("Image", list(arrays["image"]))]]
    recipes = arrays["recipes"].tolist()
    firsts = {recipe: recipes.index(recipe) for recipe in recipes}  # one network a recipe
    for level in LEVELS:
        rows: list[Row] = []
        for recipe, place in firsts.items():
            label = settings["recipe_labels"].get(recipe, recipe)
            rows.append((f"{label}, level {level + 1}", [colour(one) for one in arrays[f"{place:02d}-{level}"]]))
        blocks.append(rows)
    return image_grid(blocks)


def colour(values: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) in [0, 1] of a map (H, W), from its 2nd to its 98th percentile."""
    low, high = np.percentile(values.astype(np.float32), (2, 98))
    return mpl.colormaps["viridis"](np.clip((values - low) / max(high - low, 1e-6), 0, 1))[..., :3]
