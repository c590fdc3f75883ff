"""How the fine-tuning loss falls, and the mIoU rises, with the iterations, from each recipe."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from depth2seg.errors import UserError
from depth2seg.reporting.csv_files import read_csv
from depth2seg.reporting.experiment import Experiment
from depth2seg.reporting.figures.curves import add_legend, colours, draw_runs, read_metrics, shown_conditions
from depth2seg.reporting.style import new_figure


def draw(settings: dict, results: Path) -> Figure:
    """Draw the losses in the cells' history.csv, and below them, where runs were evaluated along the way, their mIoU.

    Mean over seeds, and a band from the lowest to the highest. A step's loss is of a few images: each curve is averaged
    over a window of a fortieth of the run first.

    Raises:
        UserError: a history.csv or metrics.json is missing or holds no losses.
    """
    experiment, conditions = Experiment(settings), shown_conditions(settings)
    rows = 2 if "convergence" in experiment.measures else 1
    figure = new_figure((2.2 if len(conditions) == 1 else 2.0) * (1 if rows == 1 else 1.7))
    panels = figure.subplots(rows, len(conditions), sharey="row", sharex="col", squeeze=False)
    for column, condition in enumerate(conditions):
        for recipe, colour in colours(experiment, condition, results).items():
            folders = [results / cell for cell in experiment.cells(recipe, condition)]
            label = settings["recipe_labels"][recipe]
            draw_runs(
                panels[0, column], *_stacked([_losses(folder / "history.csv") for folder in folders]), colour, label
            )
            if rows > 1:
                draw_runs(panels[1, column], *_stacked([_mious(folder) for folder in folders]), colour, label)
        if len(conditions) > 1:
            panels[0, column].set_title(f"{condition.train_size} labelled images", loc="left")
        panels[-1, column].set_xlabel("iteration")
        _loss_axis(panels[0, column])
    for axis in panels.flat:
        axis.grid(axis="y")
        axis.margins(x=0.01)
    panels[0, 0].set_ylabel("fine-tuning loss")
    if rows > 1:
        panels[1, 0].set_ylabel("mIoU, test images")
    add_legend(figure, panels[0, 0])
    return figure


def _loss_axis(axis: Axes) -> None:
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(NullLocator())


def _stacked(runs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    length = min(len(values) for _, values in runs)
    return runs[0][0][:length], np.stack([values[:length] for _, values in runs])


def _mious(cell: Path) -> tuple[np.ndarray, np.ndarray]:
    metrics = read_metrics(cell)
    found = {int(iteration): miou for iteration, miou in metrics["miou_along"].items()}
    found[metrics["iterations"]] = metrics["miou"]
    return np.array(sorted(found)), np.array([found[iteration] for iteration in sorted(found)])


def _losses(path: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = read_csv(path, ("iteration", "loss"))
    iterations, losses = (np.array([float(row[key] or "nan") for row in rows]) for key in ("iteration", "loss"))
    if len(rows) == 0 or not np.isfinite(losses).all():
        raise UserError(f"{path}: holds no losses, or some that are no numbers; train this cell again")
    window = max(1, len(losses) // 40)
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    centre = iterations[(window - 1) // 2 : (window - 1) // 2 + len(smooth)]
    return centre, smooth
