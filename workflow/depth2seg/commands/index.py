"""`index`: write a data set's frame index."""

import argparse
import json
import logging
from pathlib import Path

from depth2seg.data import index

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "--settings", type=json.loads, required=True, help="the data set's block of the config, as JSON"
    )
    parser.add_argument("--root", type=Path, required=True, help="the data set's folder")
    parser.add_argument("--out", type=Path, required=True, help="the frame index to write (.parquet)")


def run(arguments: argparse.Namespace) -> None:
    """Build, check and write the index."""
    frames = index.build(arguments.root, arguments.settings)
    index.write(frames, arguments.out)
    counts = ", ".join(f"{split} {count}" for split, count in frames["split"].value_counts(sort=False).items())
    logger.info("%d frames: %s", len(frames), counts)
