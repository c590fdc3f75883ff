"""`index`: write a data set's frame index."""

import argparse
import logging
from pathlib import Path

from depth2seg.commands.arguments import add_dataset
from depth2seg.data import index

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_dataset(parser)
    parser.add_argument("--out", type=Path, required=True, help="the frame index to write (.parquet)")


def run(arguments: argparse.Namespace) -> None:
    """Build, check and write the index."""
    frames = index.build(arguments.root, arguments.settings)
    index.write(frames, arguments.out)
    counts = ", ".join(f"{split} {count}" for split, count in frames["split"].value_counts(sort=False).items())
    logger.info("%d frames: %s", len(frames), counts)
