"""Test images, their labels, and what the network of each recipe predicts."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from depth2seg.errors import UserError
from depth2seg.evaluation.arrays import read_arrays
from depth2seg.evaluation.confusion import IGNORE
from depth2seg.reporting.experiment import Condition, Experiment
from depth2seg.reporting.grid import image_grid
from depth2seg.reporting.samples import colour_labels

COLUMNS = 3


def shown_cells(settings: dict) -> dict[str, str]:
    """The cell drawn of each recipe: first backbone and setting, most labelled images, first seed."""
    experiment = Experiment(settings)
    where = Condition(settings["backbones"][0], settings["settings"][0], max(settings["train_sizes"]))
    return {recipe: experiment.cells(recipe, where)[0] for recipe in settings["recipes"]}


def draw(settings: dict, results: Path) -> Figure:
    """Draw the predictions of ``shown_cells``, on the samples that their runs kept.

    Raises:
        UserError: a cell's samples.npz is missing, or was kept of other images.
    """
    needed = ("image", "semantic", "prediction", "palette", "classes")
    paths = {recipe: results / cell / "samples.npz" for recipe, cell in shown_cells(settings).items()}
    samples = {recipe: read_arrays(path, *needed) for recipe, path in paths.items()}
    first = samples[settings["recipes"][0]]
    for recipe, arrays in samples.items():
        if not np.array_equal(arrays["semantic"], first["semantic"]):
            raise UserError(f"{paths[recipe]}: shows other test images than the other recipes' samples; train it again")
    chosen = range(min(COLUMNS, len(first["image"])))
    palette = first["palette"]
    rows = [
        ("Image", [first["image"][i] for i in chosen]),
        ("Label", [colour_labels(first["semantic"][i], palette) for i in chosen]),
    ]
    rows += [
        (settings["recipe_labels"][recipe], [colour_labels(arrays["prediction"][i], palette) for i in chosen])
        for recipe, arrays in samples.items()
    ]
    seen = {int(i) for a in samples.values() for k in ("semantic", "prediction") for i in np.unique(a[k][list(chosen)])}
    legend = [(str(first["classes"][i]), tuple(palette[i] / 255)) for i in sorted(seen - {IGNORE})]
    unlabelled = [("unlabelled", (1, 1, 1))] if IGNORE in seen else []
    return image_grid([rows], legend + unlabelled)
