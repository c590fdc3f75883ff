"""The claims: each effect with its interval and verdict, and the paper's own figure where one is known."""

import re
import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from depth2seg.reporting.claims import COLUMNS
from depth2seg.reporting.csv_files import read_csv
from depth2seg.reporting.style import GREY, new_figure

VERDICTS = {
    "supported": ("#0072B2", "o"),
    "contradicted": ("#D55E00", "X"),
    "undecided": ("#6b6b6b", "s"),
    "not tested": ("#6b6b6b", "s"),
}
PAPER = {"marker": "d", "markersize": 5, "markerfacecolor": "white", "color": "black", "linestyle": "none"}


LEFT, RIGHT, LINE = 0.51, 0.755, 0.125  # the plot's sides as shares of the width; inches a line of text


def draw(table: Path) -> Figure:
    """Draw claims.csv as a forest plot; claims without a test are listed without a mark.

    Raises:
        UserError: ``table`` is no claims.csv.
    """
    rows = read_csv(table, COLUMNS)
    several = len({row["experiment"] for row in rows if row["experiment"]}) > 1
    statements = [_statement(row, several) for row in rows]
    ends = np.cumsum([LINE * (text.count("\n") + 1) + 0.12 for text in statements])
    places = (ends + np.concatenate([[0], ends[:-1]])) / 2
    total, footer = float(ends[-1]), 0.55
    figure = new_figure(total + footer)
    figure.set_layout_engine("none")
    axis = figure.add_axes((LEFT, footer / (total + footer), RIGHT - LEFT, total / (total + footer)))
    paper = False
    for place, row, statement in zip(places, rows, statements, strict=True):
        colour, _ = VERDICTS[row["verdict"]]
        across = axis.get_yaxis_transform()
        margin = (0.005 - LEFT) / (RIGHT - LEFT)
        axis.text(margin, place, row["claim"], va="center", fontweight="bold", transform=across)
        axis.text(margin + 0.3, place, statement, va="center", transform=across)
        said = f"{_numbers(row)}\n{row['verdict']}" if row["effect"] else row["verdict"]
        axis.text(1.04, place, said, color=colour, va="center", fontsize=7, transform=across)
        paper |= _marks(axis, place, row)
    axis.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    axis.set_yticks([])
    axis.set_ylim(total, 0)
    axis.set_xlabel("effect (points)")
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    if paper:
        handle = Line2D([], [], **PAPER)
        figure.legend([handle], ["the paper's figure"], loc="lower left", bbox_to_anchor=(0.05, 0), handlelength=1)
    return figure


def _marks(axis: Axes, place: float, row: dict[str, str]) -> bool:
    """Draw a row's effect and interval; True if the paper's figure was drawn too."""
    if not row["effect"]:
        return False
    colour, marker = VERDICTS[row["verdict"]]
    value = float(row["effect"])
    low, high = (float(row[end] or value) for end in ("low", "high"))
    axis.plot([low, high], [place, place], color=colour, linewidth=1.3, zorder=2, solid_capstyle="butt")
    axis.plot(value, place, marker=marker, color=colour, markersize=4.5, zorder=3, linestyle="none")
    known = re.match(r"([+-]\d+(?:\.\d+)?) mIoU", row["paper"])
    if known:
        axis.plot(float(known[1]), place, zorder=4, **PAPER)
    return known is not None


def _numbers(row: dict[str, str]) -> str:
    text = f"{float(row['effect']):+.2f}"
    text += f" [{row['low']}, {row['high']}]" if row["low"] else ""
    return text.replace("-", "\u2212")


def _statement(row: dict[str, str], name_experiment: bool) -> str:
    text = row["statement"]
    if name_experiment and row["experiment"]:
        text += f" ({row['experiment']})"
    return textwrap.fill(text, 35, break_on_hyphens=False)
