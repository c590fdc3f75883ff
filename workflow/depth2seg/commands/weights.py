"""`weights`: download a file of published weights, and verify it."""

import argparse
import threading
from pathlib import Path

from depth2seg.data.patience import Patience
from depth2seg.data.transfer import download
from depth2seg.data.wanted import Wanted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--address", required=True, help="where the file is")
    parser.add_argument("--sha256", required=True, help="its digest, or the beginning of it")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")


def run(arguments: argparse.Namespace) -> None:
    """Download; a file that is not the expected one does not get its name."""
    wanted = Wanted(arguments.address.rsplit("/", 1)[-1], sha256=arguments.sha256, origin="the recipe")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    download(arguments.out, wanted, arguments.address, Patience(), threading.Event())
