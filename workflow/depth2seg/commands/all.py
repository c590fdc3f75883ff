"""Write the table of every experiment."""

import argparse
from pathlib import Path

from depth2seg.reporting.table import write_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("tables", nargs="+", type=Path, help="each experiment's table, in the order to keep")
    parser.add_argument("--out", type=Path, required=True, help="all.csv")


def run(arguments: argparse.Namespace) -> None:
    """Run the verb."""
    write_all(arguments.tables, arguments.out)
