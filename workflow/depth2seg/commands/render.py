"""Render one sequence of a rendered data set."""

import argparse
import json
import logging
from pathlib import Path
from types import ModuleType

from depth2seg.commands.arguments import count
from depth2seg.data import sets
from depth2seg.errors import UserError

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --settings, --sequence, --root and --threads."""
    parser.add_argument("--settings", required=True, metavar="JSON", help="the data set's block of the config")
    parser.add_argument("--sequence", required=True, help="name of the job, e.g. video-0003 or train-car")
    parser.add_argument("--root", required=True, type=Path, help="folder of the data set's raw files")
    parser.add_argument("--threads", type=count, default=1, help="threads of the renderer (default: 1)")


def run(arguments: argparse.Namespace) -> None:
    """Render what is asked for, unless it is there and verified."""
    dataset, job = json.loads(arguments.settings), arguments.sequence
    module = sets.module(str(dataset.get("source")))
    check(module, dataset, job)
    from depth2seg.scenes.sequence import already_rendered

    if already_rendered(dataset, job, arguments.root):
        log.info("%s is there and verified: nothing to render", job)
        return
    from depth2seg.scenes.tracer import use_threads

    use_threads(arguments.threads)
    module.render(dataset, job, arguments.root)


def check(module: ModuleType, dataset: dict, job: str) -> None:
    """UserError where settings cannot be rendered, or have no such job."""
    if not hasattr(module, "render"):
        raise UserError(f"--settings: source {dataset['source']!r} cannot be rendered")
    samples = int(dataset["samples"])
    if samples < 1 or round(samples**0.5) ** 2 != samples:
        raise UserError(
            f"--settings: samples is {samples}; it must be a square number (1, 4, 9, 16): a grid in each pixel"
        )
    jobs = module.sequences(dataset)
    if job not in jobs:
        raise UserError(f"--sequence {job!r} is none of this data set's: {jobs[0]} ... {jobs[-1]}")
