"""Render one sequence of a rendered data set."""

import argparse
import json
import logging
from pathlib import Path

from depth2seg.errors import UserError
from depth2seg.scenes import layout

SOURCES = ("rendered-street", "rendered-room", "rendered-object")

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --settings, --sequence, --root and --threads."""
    parser.add_argument("--settings", required=True, metavar="JSON", help="the data set's block of the config")
    parser.add_argument("--sequence", required=True, help="name of the job, e.g. video-0003 or train-car")
    parser.add_argument("--root", required=True, type=Path, help="folder of the data set's raw files")
    parser.add_argument("--threads", type=int, default=1, help="threads of the renderer (default: 1)")


def run(arguments: argparse.Namespace) -> None:
    """Render what is asked for, unless it is there and verified."""
    dataset = json.loads(arguments.settings)
    check(dataset)
    layout.parse_job(dataset, arguments.sequence)
    from depth2seg.scenes.sequence import already_rendered, render_sequence

    if already_rendered(dataset, arguments.sequence, arguments.root):
        log.info("%s is there and verified: nothing to render", arguments.sequence)
        return
    from depth2seg.scenes.tracer import use_threads

    use_threads(arguments.threads)
    if dataset["source"] == "rendered-object":
        from depth2seg.scenes.objects import render_objects

        render_objects(dataset, arguments.sequence, arguments.root)
    elif dataset["source"] == "rendered-room":
        from depth2seg.scenes.rooms.sequence import render_room

        render_room(dataset, arguments.sequence, arguments.root)
    else:
        render_sequence(dataset, arguments.sequence, arguments.root)


def check(dataset: dict) -> None:
    """UserError where settings cannot be rendered."""
    if dataset.get("source") not in SOURCES:
        raise UserError(f"--settings: source is {dataset.get('source')!r}; {', '.join(SOURCES)} can be rendered")
    samples = int(dataset["samples"])
    if samples < 1 or round(samples**0.5) ** 2 != samples:
        raise UserError(
            f"--settings: samples is {samples}; it must be a square number (1, 4, 9, 16): a grid in each pixel"
        )
