"""Draw one figure, as PDF and PNG."""

import argparse
import importlib
import json
from pathlib import Path

# What each figure is drawn from; the module is depth2seg.reporting.figures.<name with _>.
FIGURES = {
    "experiment": "--settings (an experiment's), --table (its table), --cells (cells.csv)",
    "claims": "--table (claims.csv)",
    "predictions": "--settings (an experiment's), --results",
    "convergence": "--settings (an experiment's), --results",
    "scales": "--settings (an experiment's), --results",
    "depth-maps": "--settings (with recipe_labels), samples.npz of pre-trained networks",
    "flow-maps": "--settings (with recipe_labels), samples.npz of pre-trained networks",
    "activations": "--settings (with recipe_labels), one activations.npz",
    "pictures": "--settings (with recipe_labels and shows), samples.npz of pre-trained networks",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.fromfile_prefix_chars = "@"
    known = "; ".join(f"{name}: {needs}" for name, needs in FIGURES.items())
    parser.add_argument("--name", choices=FIGURES, required=True, help=f"what to draw, and from what: {known}")
    parser.add_argument("--settings", type=json.loads, help="settings, as JSON")
    parser.add_argument("--table", type=Path, help="the table that is drawn")
    parser.add_argument("--cells", type=Path, help="cells.csv")
    parser.add_argument("--results", type=Path, help="results folder")
    parser.add_argument("samples", nargs="*", type=Path, help=".npz files, or @FILE with one a line")
    parser.add_argument("--out", type=Path, required=True, help="the figure's .pdf; its .png is written beside it")


def run(arguments: argparse.Namespace) -> None:
    """Run the verb."""
    from depth2seg.errors import UserError
    from depth2seg.reporting.style import save

    needs = FIGURES[arguments.name]
    given = {key: getattr(arguments, key) for key in ("settings", "table", "cells", "results") if f"--{key}" in needs}
    missing = [f"--{key}" for key, value in given.items() if value is None]
    if ".npz" in needs:
        given["samples"] = arguments.samples
        missing += [] if arguments.samples else [".npz files"]
    if missing:
        raise UserError(f"--name {arguments.name} needs {', '.join(missing)}")
    figure = importlib.import_module(f"depth2seg.reporting.figures.{arguments.name.replace('-', '_')}")
    save(figure.draw(**given), arguments.out)
