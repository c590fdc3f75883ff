"""`archive`: obtain one part of a published data set, verified and in place."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import add_dataset
from depth2seg.data import registry
from depth2seg.data.obtain import obtain
from depth2seg.files import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_dataset(parser)
    parser.add_argument("--part", required=True, help="the part's name in the registry")
    parser.add_argument("--out", type=Path, required=True, help="what is in place, to write (.json)")


def run(arguments: argparse.Namespace) -> None:
    """Put the part in place and say what is there."""
    settings = arguments.settings
    part = registry.reissued(registry.part(settings["source"], arguments.part), settings.get("sha256", {}))
    archives = settings.get("archives")
    write_json(arguments.out, obtain(part, arguments.root, settings.get("mirror"), archives and Path(archives)))
