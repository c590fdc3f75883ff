"""`prepare`: make of one part of a published data set what the frame index needs and its archives do not hold."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import add_dataset
from depth2seg.data import sets
from depth2seg.errors import UserError
from depth2seg.files import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_dataset(parser)
    parser.add_argument("--sequence", required=True, help="which part: a drive, a city, a part of recordings")
    parser.add_argument("--out", type=Path, required=True, help="a record of what was made (.json)")


def run(arguments: argparse.Namespace) -> None:
    """Make what is missing, and write the record."""
    source = arguments.settings["source"]
    module = sets.module(source)
    if not hasattr(module, "prepare"):
        raise UserError(f"source '{source}': nothing of it needs to be prepared")
    parts = module.sequences(arguments.settings)
    if arguments.sequence not in parts:
        raise UserError(f"--sequence {arguments.sequence!r} is none of this data set's: {parts[0]} ... {parts[-1]}")
    made = module.prepare(arguments.root, arguments.settings, arguments.sequence)
    write_json(arguments.out, {"source": source, "sequence": arguments.sequence} | made)
