"""How mIoU changes when the test images, and the objects in them, are made smaller or larger."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from depth2seg.reporting.experiment import Experiment
from depth2seg.reporting.figures.curves import add_legend, colours, draw_runs, read_metrics, shown_conditions
from depth2seg.reporting.style import new_figure


def draw(settings: dict, results: Path) -> Figure:
    """Draw each recipe's mIoU over the scale of the test images: mean over seeds, and a band from lowest to highest.

    Raises:
        UserError: a metrics.json is missing.
    """
    experiment, conditions = Experiment(settings), shown_conditions(settings)
    figure = new_figure(2.2 if len(conditions) == 1 else 2.0)
    panels = figure.subplots(1, len(conditions), sharey=True, squeeze=False)[0]
    for axis, condition in zip(panels, conditions, strict=True):
        for recipe, colour in colours(experiment, condition, results).items():
            runs = [_by_scale(results / cell) for cell in experiment.cells(recipe, condition)]
            scales = sorted(runs[0])
            values = np.array([[run[scale] for scale in scales] for run in runs])
            draw_runs(axis, np.array(scales), values, colour, settings["recipe_labels"][recipe])
        if len(conditions) > 1:
            axis.set_title(f"{condition.train_size} labelled images", loc="left")
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_locator(FixedLocator(scales))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set_xlabel("scale of the test images")
        axis.grid(axis="y")
        axis.margins(x=0.01)
    panels[0].set_ylabel("mIoU")
    add_legend(figure, panels[0])
    return figure


def _by_scale(cell: Path) -> dict[float, float]:
    metrics = read_metrics(cell)
    return {1.0: metrics["miou"]} | {float(scale): miou for scale, miou in metrics["miou_scaled"].items()}
