"""How the fine-tuning loss falls with the iterations, from each recipe."""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from depth2seg.errors import UserError
from depth2seg.reporting.csv_files import read_csv
from depth2seg.reporting.experiment import Condition, Experiment
from depth2seg.reporting.style import looks, new_figure

PANELS = 3  # of the train sizes at most the smallest, the middle one and the largest


def shown_conditions(settings: dict) -> list[Condition]:
    """The conditions drawn, a panel each: first backbone and setting, up to three train sizes."""
    sizes = sorted(settings["train_sizes"])
    if len(sizes) > PANELS:
        sizes = [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    return [Condition(settings["backbones"][0], settings["settings"][0], size) for size in sizes]


def draw(settings: dict, results: Path) -> Figure:
    """Draw the losses in the cells' history.csv: mean over seeds, and a band from the lowest to the highest.

    A step's loss is of a few images: each curve is averaged over a window of a fortieth of the run first.

    Raises:
        UserError: a history.csv or metrics.json is missing or holds no losses.
    """
    experiment, conditions = Experiment(settings), shown_conditions(settings)
    figure = new_figure(2.2 if len(conditions) == 1 else 2.0)
    panels = figure.subplots(1, len(conditions), sharey=True, squeeze=False)[0]
    kinds = {}
    for recipe in settings["recipes"]:
        path = results / experiment.cells(recipe, conditions[0])[0] / "metrics.json"
        if not path.is_file():
            raise UserError(f"{path}: not there; train this cell first")
        described = json.loads(path.read_text())
        kinds[recipe] = (described["task"], described["supervision"] or "")
    for axis, condition in zip(panels, conditions, strict=True):
        for recipe, (colour, _) in looks(kinds).items():
            runs = [_losses(results / cell / "history.csv") for cell in experiment.cells(recipe, condition)]
            length = min(len(losses) for _, losses in runs)
            iterations = runs[0][0][:length]
            losses = np.stack([losses[:length] for _, losses in runs])
            axis.fill_between(iterations, losses.min(0), losses.max(0), color=colour, alpha=0.18, linewidth=0)
            axis.plot(iterations, losses.mean(0), color=colour, label=settings["recipe_labels"][recipe])
        if len(conditions) > 1:
            axis.set_title(f"{condition.train_size} labelled images", loc="left")
        axis.set_xlabel("iteration")
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_locator(NullLocator())
        axis.grid(axis="y")
        axis.margins(x=0.01)
    panels[0].set_ylabel("fine-tuning loss")
    handles, names = panels[0].get_legend_handles_labels()
    columns = 2 if max(map(len, names)) > 22 else min(4, len(names))
    figure.legend(handles, names, loc="outside lower center", ncols=columns, handlelength=1.6, columnspacing=1.5)
    return figure


def _losses(path: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = read_csv(path, ("iteration", "loss"))
    iterations, losses = (np.array([float(row[key] or "nan") for row in rows]) for key in ("iteration", "loss"))
    if len(rows) == 0 or not np.isfinite(losses).all():
        raise UserError(f"{path}: holds no losses, or some that are no numbers; train this cell again")
    window = max(1, len(losses) // 40)
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    centre = iterations[(window - 1) // 2 : (window - 1) // 2 + len(smooth)]
    return centre, smooth
