"""What figures of curves share: the conditions they show, recipes' looks, a panel's axes, the legend."""

import json
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from depth2seg.errors import UserError
from depth2seg.reporting.experiment import Condition, Experiment
from depth2seg.reporting.style import looks

PANELS = 3  # of the train sizes at most the smallest, the middle one and the largest


def shown_conditions(settings: dict) -> list[Condition]:
    """The conditions drawn, a panel each: first backbone and setting, up to three train sizes."""
    sizes = sorted(settings["train_sizes"])
    if len(sizes) > PANELS:
        sizes = [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    return [Condition(settings["backbones"][0], settings["settings"][0], size) for size in sizes]


def read_metrics(cell: Path) -> dict:
    """A cell's metrics.json; UserError if it is not there."""
    path = cell / "metrics.json"
    if not path.is_file():
        raise UserError(f"{path}: not there; train this cell first")
    return json.loads(path.read_text())


def colours(experiment: Experiment, condition: Condition, results: Path) -> dict[str, str]:
    """Each recipe's colour, the same in every figure."""
    kinds = {}
    for recipe in experiment.recipes:
        described = read_metrics(results / experiment.cells(recipe, condition)[0])
        kinds[recipe] = (described["task"], described["supervision"] or "")
    return {recipe: colour for recipe, (colour, _) in looks(kinds).items()}


def draw_runs(axis: Axes, places: np.ndarray, runs: np.ndarray, colour: str, label: str) -> None:
    """Mean over runs (rows), and a band from the lowest to the highest."""
    axis.fill_between(places, runs.min(0), runs.max(0), color=colour, alpha=0.18, linewidth=0)
    axis.plot(places, runs.mean(0), color=colour, label=label)


def add_legend(figure: Figure, axis: Axes) -> None:
    """One legend for all panels, below them."""
    handles, names = axis.get_legend_handles_labels()
    columns = 2 if max(map(len, names)) > 22 else min(4, len(names))
    figure.legend(handles, names, loc="outside lower center", ncols=columns, handlelength=1.6, columnspacing=1.5)
