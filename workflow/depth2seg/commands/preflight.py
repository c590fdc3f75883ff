"""`preflight`: check the files of a published data set, before anything is made of them."""

import argparse
import logging
from pathlib import Path

from depth2seg.commands.arguments import add_dataset
from depth2seg.data import sets
from depth2seg.errors import UserError
from depth2seg.files import write_json

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_dataset(parser)
    parser.add_argument("--out", type=Path, required=True, help="the report to write (.json)")


def run(arguments: argparse.Namespace) -> None:
    """Look at everything, then complain of everything, or write what was counted."""
    source = arguments.settings["source"]
    module = sets.module(source)
    if not hasattr(module, "preflight"):
        raise UserError(f"source '{source}' has no preflight: its files are verified where they are made or downloaded")
    if not arguments.root.is_dir():
        raise UserError(f"{arguments.root}: no such folder; the files of '{source}' belong there. Check data_root")
    report = module.preflight(arguments.root, arguments.settings).report(source)
    write_json(arguments.out, report)
    logger.info("%s is complete: %s", arguments.root, ", ".join(f"{name} {value}" for name, value in report.items()))
