"""The look that all figures share, and how they are written."""

import logging
import re
import textwrap
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from depth2seg.errors import UserError
from depth2seg.files import atomic_path

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports every glyph of a PDF

WIDTH = 4.8  # inches: the text width of a one-column proceedings page (122 mm), so figures print unscaled
GREY = "#6b6b6b"

# Okabe and Ito's palette, which stays apart under the common colour-vision deficiencies; one colour a kind of
# pre-training in every figure, and a marker each for print without colour.
_KINDS = {
    ("none", ""): ("#6b6b6b", "s"),
    ("classification", ""): ("#E69F00", "D"),
    ("flow", ""): ("#009E73", "v"),
    ("imported", ""): ("#CC79A7", "P"),
    ("depth", "video"): ("#0072B2", "o"),
    ("depth", "stereo"): ("#56B4E9", "^"),
    ("depth", "video+stereo"): ("#CC79A7", "X"),
    ("depth", "lidar"): ("#D55E00", "p"),
}
_SPARE = [("#000000", "*"), ("#CC79A7", "h"), ("#56B4E9", "<"), ("#D55E00", ">"), ("#E69F00", "d"), ("#009E73", "8")]

_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "axes.titlesize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "grid.linewidth": 0.4,
    "grid.color": "#d9d9d9",
    "pdf.fonttype": 42,  # text stays text that journals accept and readers can search
    "savefig.dpi": 300,
    "figure.dpi": 100,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
}


def apply() -> None:
    """Make the style the current one; every figure module calls it before it draws."""
    mpl.rcdefaults()
    mpl.use("Agg")
    mpl.rcParams.update(_RC)


def new_figure(height: float) -> Figure:
    """An empty figure of the common width, ``height`` inches high, in the study's style."""
    apply()
    return Figure(figsize=(WIDTH, height), layout="constrained")


def looks(kinds: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each recipe.

    Args:
        kinds: (task, supervision) a recipe, supervision '' where there is none.

    Returns:
        (colour, marker) a recipe: its kind's, and one of the spare ones where an earlier recipe is of the same kind.
    """
    chosen: dict[str, tuple[str, str]] = {}
    for recipe, kind in kinds.items():
        free = [look for look in [_KINDS.get(kind, _SPARE[0]), *_SPARE] if look not in chosen.values()]
        chosen[recipe] = free[0] if free else _SPARE[len(chosen) % len(_SPARE)]
    return chosen


def wrapped(label: str, width: int) -> str:
    """A label in lines of at most ``width``, broken before a parenthesis rather than within it."""
    if len(label) <= width:
        return label
    return "\n".join(line for part in re.split(r" (?=\()", label) for line in textwrap.wrap(part, width))


def save(figure: Figure, out: Path) -> None:
    """Write ``figure`` to ``out`` (.pdf) and beside it as .png; the same figure gives the same bytes.

    Raises:
        UserError: ``out`` does not end in .pdf.
    """
    if not re.search(r"\.pdf$", str(out)):
        raise UserError(f"--out {out}: expected a name that ends in .pdf; the .png is written beside it")
    for path, metadata in ((out, {"CreationDate": None}), (out.with_suffix(".png"), {"Software": None})):
        with atomic_path(path) as temporary:
            figure.savefig(temporary, metadata=metadata)
