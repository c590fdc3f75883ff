"""`finetune`: train and test one cell."""

import argparse
import json
from pathlib import Path

from depth2seg.commands.arguments import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--settings", type=json.loads, required=True, help="Study.finetune_settings, as JSON")
    parser.add_argument("--packed", type=Path, required=True, help="packed frames of the labelled data set")
    parser.add_argument("--encoder", type=Path, required=True, help="encoder.pth of the cell's recipe")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--results", type=Path, required=True, help="the study's results folder (for unfinished runs)")
    parser.add_argument("--threads", type=count, default=1, help="CPU threads")


def run(arguments: argparse.Namespace) -> None:
    """Train and test."""
    from depth2seg.training.finetune import finetune

    finetune(
        arguments.settings,
        packed=arguments.packed,
        encoder=arguments.encoder,
        out=arguments.out,
        results=arguments.results,
        threads=arguments.threads,
    )
