"""Gather every cell's metrics in one table."""

import argparse
from pathlib import Path

from depth2seg.reporting.cells import write_cells


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.fromfile_prefix_chars = "@"
    parser.add_argument("metrics", nargs="+", type=Path, help="metrics.json of each cell, or @FILE with one a line")
    parser.add_argument("--out", type=Path, required=True, help="cells.csv")


def run(arguments: argparse.Namespace) -> None:
    """Run the verb."""
    write_cells(arguments.metrics, arguments.out)
