"""An experiment: mIoU of each recipe, and its gain over the baseline, with intervals and single seeds.

One train size: recipes are rows. Several: lines against the number of labelled images. Left what a recipe reaches,
right the paired gain, whose interval is what decides: means of two recipes share test images and seeds, so their own
intervals may overlap where the gain is beyond doubt.
"""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from depth2seg.errors import UserError
from depth2seg.reporting.cells import read_cells
from depth2seg.reporting.csv_files import read_csv
from depth2seg.reporting.experiment import Condition, Experiment
from depth2seg.reporting.style import GREY, looks, new_figure, wrapped
from depth2seg.reporting.table import COLUMNS

DOTS = {"s": 7, "linewidths": 0, "alpha": 0.45, "zorder": 2}


class Data:
    """An experiment's table and single seeds, as percent and points.

    Raises:
        UserError: table or cells lack something of the experiment.
    """

    def __init__(self, settings: dict, table: Path, cells: Path):
        self.experiment = Experiment(settings)
        self.cells = read_cells(cells)
        self.table = {}
        for row in read_csv(table, COLUMNS):
            if row["experiment"] == self.experiment.name:
                condition = Condition(row["backbone"], row["setting"], int(row["train_size"]))
                self.table[row["recipe"], condition] = row
        for recipe in settings["recipes"]:
            for condition in self.experiment.conditions:
                if (recipe, condition) not in self.table:
                    raise UserError(f"{table}: lacks recipe '{recipe}' with {condition}; write the table again")
        missing = [cell for cell in self.experiment.all_cells() if cell not in self.cells]
        if missing:
            raise UserError(f"{cells}: lacks {missing[0]}")
        first = self.experiment.conditions[0]
        described = {r: self.cells[self.experiment.cells(r, first)[0]] for r in settings["recipes"]}
        self.looks = looks({r: (row["task"], row["supervision"]) for r, row in described.items()})
        self.series = list(dict.fromkeys((c.backbone, c.setting) for c in self.experiment.conditions))

    def seeds(self, recipe: str, condition: Condition, gain: bool) -> np.ndarray:
        """Each seed's mIoU in percent, or its gain in points."""

        def values(name: str) -> np.ndarray:
            return 100 * np.array([float(self.cells[c]["miou"]) for c in self.experiment.cells(name, condition)])

        return values(recipe) - values(self.experiment.settings["baseline"]) if gain else values(recipe)

    def mean(self, recipe: str, condition: Condition, gain: bool) -> tuple[float, float, float]:
        """Mean, and how far its interval reaches below and above it (NaN with one seed)."""
        column, scale = ("miou_gain", 1) if gain else ("miou", 100)
        row = self.table[recipe, condition]
        value, low, high = (scale * float(row[f"{column}{end}"] or "nan") for end in ("", "_low", "_high"))
        return value, value - low, high - value

    def label(self, series: tuple[str, str]) -> str:
        """What tells one backbone and setting from the others."""
        backbones, settings = (self.experiment.settings[key] for key in ("backbones", "settings"))
        parts = [series[0].replace("resnet", "ResNet-")] if len(backbones) > 1 else []
        parts += [self.experiment.settings["setting_labels"][series[1]]] if len(settings) > 1 else []
        return ", ".join(parts)


def draw(settings: dict, table: Path, cells: Path) -> Figure:
    """Draw an experiment.

    Args:
        settings: of the experiment, as ``Study.experiment_settings`` gives them.
        table: the experiment's table (or all.csv).
        cells: cells.csv.

    Raises:
        UserError: table or cells lack something of the experiment.
    """
    data = Data(settings, table, cells)
    return _lines(data) if len(settings["train_sizes"]) > 1 else _rows(data)


def _rows(data: Data) -> Figure:
    recipes, labels = data.experiment.settings["recipes"], data.experiment.settings["recipe_labels"]
    size = data.experiment.settings["train_sizes"][0]
    many = len(data.series) > 1
    step = 0.28 if not many else 0.14 * len(data.series) + 0.14
    figure = new_figure(0.62 + step * len(recipes) + (0.2 if many else 0))
    axes = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1))
    offsets = (np.arange(len(data.series)) - (len(data.series) - 1) / 2) * (0.14 / step if many else 0)
    for axis, gain in zip(axes, (False, True), strict=True):
        for place, recipe in enumerate(recipes):
            if gain and recipe == data.experiment.settings["baseline"]:
                continue
            for offset, series in zip(offsets, data.series, strict=True):
                condition, fill = Condition(*series, size), data.series.index(series)
                colour, marker = data.looks[recipe]
                dots = data.seeds(recipe, condition, gain)
                mean, below, above = data.mean(recipe, condition, gain)
                y = place + offset
                axis.scatter(dots, np.full(len(dots), y + 0.1 / step * 0.5), color=colour, **DOTS)
                axis.errorbar(
                    *(mean, y - 0.02 / step),
                    xerr=[[below], [above]],
                    fmt=marker,
                    color=colour,
                    markersize=4.2,
                    markerfacecolor=("white" if fill % 2 else colour),
                    elinewidth=1.1,
                    zorder=3,
                )
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
    axes[1].axvline(0, color=GREY, linewidth=0.8, zorder=1)
    axes[0].set_yticks(range(len(recipes)), [wrapped(labels[recipe], 20) for recipe in recipes])
    axes[0].set_ylim(len(recipes) - 0.45, -0.55)
    axes[0].set_xlabel("mIoU (%)")
    axes[1].set_xlabel(_gain_label(data, 26))
    if many:
        _series_legend(figure, data)
    return figure


def _series_legend(figure: Figure, data: Data) -> None:
    """Which marker fill is which backbone and setting; further ones by their order from above."""
    handles = [
        Line2D([], [], color=GREY, marker="o", markersize=4, markerfacecolor="white" if i % 2 else GREY, label=label)
        for i, label in enumerate(map(data.label, data.series))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1.6)


def _lines(data: Data) -> Figure:
    settings, rows = data.experiment.settings, len(data.series)
    figure = new_figure(0.55 + 1.75 * rows)
    axes = np.atleast_2d(figure.subplots(rows, 2, sharex=True, squeeze=False))
    for (left, right), series in zip(axes, data.series, strict=True):
        _line_panel(left, data, series, gain=False)
        _line_panel(right, data, series, gain=True)
        right.axhline(0, color=GREY, linewidth=0.8, zorder=1)
        if data.label(series):
            left.set_title(data.label(series), loc="left")
        left.set_ylabel("mIoU (%)")
        right.set_ylabel(_gain_label(data, 26))
    for axis in axes[-1]:
        axis.set_xlabel("labelled training images")
    handles, names = axes[0, 0].get_legend_handles_labels()
    columns = 2 if max(map(len, names)) > 22 else min(4, len(settings["recipes"]))
    figure.legend(handles, names, loc="outside lower center", ncols=columns, handlelength=1.8, columnspacing=1.5)
    return figure


def _line_panel(axis: Axes, data: Data, series: tuple[str, str], gain: bool) -> None:
    settings = data.experiment.settings
    sizes = np.array(sorted(settings["train_sizes"]), dtype=float)
    recipes = [r for r in settings["recipes"] if not (gain and r == settings["baseline"])]
    # Side by side, by a factor since the axis is logarithmic, so that no interval hides another.
    closest = np.diff(np.log(sizes)).min()
    shifts = np.exp((np.arange(len(recipes)) - (len(recipes) - 1) / 2) * min(0.09, 0.6 / len(recipes)) * closest)
    for recipe, shift in zip(recipes, shifts, strict=True):
        colour, marker = data.looks[recipe]
        conditions = [Condition(*series, int(size)) for size in sizes]
        mean, below, above = np.array([data.mean(recipe, c, gain) for c in conditions]).T
        axis.errorbar(
            *(sizes * shift, mean, [below, above]),
            color=colour,
            marker=marker,
            markersize=3.6,
            elinewidth=0.9,
            label=settings["recipe_labels"][recipe],
            zorder=3,
        )
        for size, condition in zip(sizes, conditions, strict=True):
            dots = data.seeds(recipe, condition, gain)
            axis.scatter(np.full(len(dots), size * shift * np.exp(0.03 * closest)), dots, color=colour, **DOTS)
    axis.set_xscale("log")
    axis.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.grid(axis="y")
    axis.set_axisbelow(True)


def _gain_label(data: Data, width: int) -> str:
    settings = data.experiment.settings
    baseline = settings["recipe_labels"][settings["baseline"]]
    return textwrap.fill(f"mIoU gain over {baseline[0].lower()}{baseline[1:]} (points)", width)
