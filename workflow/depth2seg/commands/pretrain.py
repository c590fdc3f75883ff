"""`pretrain`: train one recipe with one seed."""

import argparse
import json
from pathlib import Path

from depth2seg.commands.arguments import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--settings", type=json.loads, required=True, help="Study.pretrain_settings, as JSON")
    parser.add_argument("--packed", type=Path, help="packed frames; none for tasks that train nothing")
    parser.add_argument("--init", type=Path, help="encoder.pth of the recipe to start from")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--results", type=Path, required=True, help="the study's results folder (for unfinished runs)")
    parser.add_argument("--threads", type=count, default=1, help="CPU threads")


def run(arguments: argparse.Namespace) -> None:
    """Train."""
    from depth2seg.training.pretrain import pretrain

    pretrain(
        arguments.settings,
        packed=arguments.packed,
        init=arguments.init,
        out=arguments.out,
        results=arguments.results,
        threads=arguments.threads,
    )
