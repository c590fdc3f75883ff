"""`step-times`: time every kind of training step that a study has, for plans of it."""

import argparse
import logging
import os
import tempfile
from pathlib import Path

from depth2seg.commands.arguments import add_study, count, study_of

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_study(parser)
    parser.add_argument("--batch", type=count, help="samples a step at most (default: the study's own batches)")
    parser.add_argument("--repeats", type=count, default=5, help="steps that are timed, after two (default 5)")
    parser.add_argument("--threads", type=count, default=os.cpu_count(), help="CPU threads (default: all cores)")
    parser.add_argument("--out", type=Path, required=True, help="the table (.csv), for the config's step_times")


def run(arguments: argparse.Namespace) -> None:
    """Measure, and write the table of what could be measured."""
    from depth2seg.benchmark.study_steps import measure
    from depth2seg.errors import UserError
    from depth2seg.reporting.csv_files import write_csv
    from depth2seg.study.step_kinds import examples
    from depth2seg.study.step_times import COLUMNS

    kinds = examples(study_of(arguments), arguments.batch)
    with tempfile.TemporaryDirectory(prefix="depth2seg-steps-") as folder:
        rows, failures = measure(Path(folder), kinds, arguments.repeats, arguments.threads, logger.info)
    if rows:
        write_csv(arguments.out, COLUMNS, rows)
    if failures:
        kept = f"{arguments.out} has the other {len(rows)}" if rows else "nothing was written"
        lines = "\n  ".join(failures)
        raise UserError(f"{len(failures)} of {len(kinds)} kinds of step could not be measured, {kept}:\n  {lines}")
