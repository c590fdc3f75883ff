"""Write one experiment's table."""

import argparse
import json
from pathlib import Path

from depth2seg.reporting.table import write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--settings", type=json.loads, required=True, help="the experiment's settings, as JSON")
    parser.add_argument("--cells", type=Path, required=True, help="cells.csv")
    parser.add_argument("--results", type=Path, required=True, help="results folder, with the cells' confusion.npz")
    parser.add_argument("--out", type=Path, required=True, help="the table")


def run(arguments: argparse.Namespace) -> None:
    """Run the verb."""
    write_table(arguments.settings, arguments.cells, arguments.results, arguments.out)
