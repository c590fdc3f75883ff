"""The claims: each effect with its interval and verdict, and the paper's own figure where one is known."""

import re
import textwrap
from pathlib import Path

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


def draw(table: Path) -> Figure:
    """Draw claims.csv as a forest plot; claims without a test are listed without a mark.

    Raises:
        UserError: ``table`` is no claims.csv.
    """
    rows = read_csv(table, COLUMNS)
    experiments = {row["experiment"] for row in rows if row["experiment"]}
    lines = [_statement(row, len(experiments) > 1) for row in rows]
    heights = [0.125 * (text.count("\n") + 1) + 0.11 for text in lines]
    figure = new_figure(sum(heights) + 0.62)
    axis = figure.subplots()
    places, total = [], 0.0
    for height in heights:
        places.append(total + height / 2)
        total += height
    shown = False
    for place, row in zip(places, rows, strict=True):
        colour, marker = VERDICTS[row["verdict"]]
        paper = re.match(r"([+-]\d+(?:\.\d+)?) mIoU", row["paper"])
        if row["effect"]:
            value = float(row["effect"])
            low, high = (float(row[end] or value) for end in ("low", "high"))
            axis.plot([low, high], [place, place], color=colour, linewidth=1.3, zorder=2, solid_capstyle="butt")
            axis.plot(value, place, marker=marker, color=colour, markersize=4.5, zorder=3, linestyle="none")
        if row["effect"] and paper:
            shown = True
            axis.plot(
                float(paper[1]), place, marker="d", markersize=5, markerfacecolor="white", color="black", zorder=4
            )
        axis.text(1.02, place, row["verdict"], color=colour, va="center", transform=axis.get_yaxis_transform())
    axis.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    axis.set_yticks(places, lines)
    axis.set_ylim(total, 0)
    axis.set_xlabel("effect (mIoU points)")
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    if shown:
        handle = Line2D([], [], marker="d", markersize=5, markerfacecolor="white", color="black", linestyle="none")
        figure.legend([handle], ["the paper's figure"], loc="outside lower center", handlelength=1)
    return figure


def _statement(row: dict[str, str], name_experiment: bool) -> str:
    text = f"{row['claim']}  {row['statement']}"
    if name_experiment and row["experiment"]:
        text += f" ({row['experiment']})"
    return textwrap.fill(text, 46, subsequent_indent="      ")
