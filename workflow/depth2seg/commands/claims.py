"""Hold the paper's claims against the tables."""

import argparse
import json
from pathlib import Path

from depth2seg.reporting.claims import write_claims


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--settings", type=json.loads, required=True, help="list of all experiments' settings, as JSON")
    parser.add_argument("--cells", type=Path, required=True, help="cells.csv")
    parser.add_argument("--results", type=Path, required=True, help="results folder, with the cells' confusion.npz")
    parser.add_argument("--activations", type=Path, help="activations.npz of the first experiment's encoders")
    parser.add_argument("--out", type=Path, required=True, help="claims.csv")


def run(arguments: argparse.Namespace) -> None:
    """Run the verb."""
    write_claims(arguments.settings, arguments.cells, arguments.results, arguments.out, arguments.activations)
