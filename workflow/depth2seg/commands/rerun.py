"""`rerun`: train again what a run's config.py describes."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("config", type=Path, help="config.py of a pre-training or a cell")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write; unfinished runs wait in it too")
    parser.add_argument("--threads", type=count, default=1, help="CPU threads")


def run(arguments: argparse.Namespace) -> None:
    """Train, in the precision that the config names."""
    from depth2seg.training import finetune, pretrain
    from depth2seg.training.config import read_config
    from depth2seg.training.runner import machine_precision

    config = read_config(arguments.config)
    machine_precision(arguments.threads)
    {"pretrain": pretrain, "finetune": finetune}[config.run.verb].run_config(config, arguments.out, arguments.out)
