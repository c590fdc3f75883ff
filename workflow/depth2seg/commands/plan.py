"""`plan`: say what a study would take, before anything starts."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import add_study, study_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_study(parser)
    parser.add_argument("--out", type=Path, help="a table to write (.csv); without, the plan is printed")


def run(arguments: argparse.Namespace) -> None:
    """Print the plan, or write it."""
    from depth2seg.reporting.csv_files import write_csv
    from depth2seg.study.plan import COLUMNS, plan, text

    rows = plan(study_of(arguments))
    if arguments.out:
        rounded = [{key: round(v, 3) if isinstance(v, float) else v for key, v in row.items()} for row in rows]
        write_csv(arguments.out, COLUMNS, rounded)
    else:
        print(text(rows))
