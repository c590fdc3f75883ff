"""Images that pre-trained networks make of held-out images, as their task declares them in ``shows``."""

from pathlib import Path

from matplotlib.figure import Figure

from depth2seg.reporting.grid import Row, image_grid
from depth2seg.reporting.samples import Network, by_images, load_networks

COLUMNS = 3


def draw(settings: dict, samples: list[Path]) -> Figure:
    """Draw the pictures.

    Args:
        settings: with ``recipe_labels``, and ``shows``: array to label.
        samples: samples.npz of networks of one task, in the order to show.

    Raises:
        UserError: a file is missing, or none holds the first array.
    """
    groups = by_images(load_networks(samples, next(iter(settings["shows"]))))
    return image_grid([_block(group, settings) for group in groups])


def _block(networks: list[Network], settings: dict) -> list[Row]:
    images = networks[0].arrays["image"][:COLUMNS]
    rows: list[Row] = [("Image", list(images))]
    for network in networks:
        label = settings["recipe_labels"].get(network.recipe, network.recipe)
        rows += [
            (f"{label}: {words}", list(network.arrays[name][:COLUMNS])) for name, words in settings["shows"].items()
        ]
    return rows
