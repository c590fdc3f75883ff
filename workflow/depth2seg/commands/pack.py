"""`pack`: decode a data set's frames once, to memory-mapped arrays at the working size."""

import argparse
import json
from pathlib import Path

from depth2seg.commands.arguments import count
from depth2seg.data import packer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "--settings",
        type=json.loads,
        required=True,
        help="JSON: size [height, width]; optional: classes, columns (default: all there are), dataset (a name)",
    )
    parser.add_argument("--index", type=Path, required=True, help="the frame index")
    parser.add_argument("--root", type=Path, required=True, help="the data set's folder")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--processes", type=count, default=1, metavar="N", help="frames decoded at the same time")


def run(arguments: argparse.Namespace) -> None:
    """Pack."""
    settings = packer.Settings.from_json(arguments.settings)
    packer.pack(arguments.index, arguments.root, arguments.out, settings, arguments.processes)
