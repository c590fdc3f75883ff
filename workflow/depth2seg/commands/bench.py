"""`bench`: time training steps against a plain PyTorch loop, and packing against decoding with Pillow."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from depth2seg.commands.arguments import count

PACKING = "pack"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    from depth2seg.benchmark.steps import step_names
    from depth2seg.models.families import FAMILIES

    names = [*step_names(), PACKING]
    parser.add_argument("--task", choices=names, action="append", help="one of them alone; can be given again")
    parser.add_argument("--backbone", choices=FAMILIES, default="resnet18", help="of tasks that can have it")
    parser.add_argument("--repeats", type=count, default=5, help="steps of each loop (default 5)")
    parser.add_argument("--batch", type=count, default=4, help="samples a step (default 4)")
    parser.add_argument("--frames", type=count, default=2000, help="stereo frames that are packed (default 2000)")
    parser.add_argument("--size", type=count, nargs=2, default=[192, 640], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--threads", type=count, help="CPU threads of both sides (default: all cores)")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print a table and the JSON."""
    from depth2seg.benchmark import packing
    from depth2seg.benchmark.measure import LARGE, benchmark
    from depth2seg.benchmark.steps import step_names
    from depth2seg.benchmark.table import table
    from depth2seg.files import write_json

    tasks, size, results = arguments.task or [*step_names(), PACKING], tuple(arguments.size), {}
    steps = [task for task in tasks if task != PACKING]
    with tempfile.TemporaryDirectory(prefix="depth2seg-bench-") as folder:
        if steps:
            shape = arguments.repeats, arguments.batch, size, arguments.backbone, arguments.threads
            results = benchmark(Path(folder), steps, *shape, large=LARGE[0] in steps)
            print(table(results))
        if PACKING in tasks:
            workers = arguments.threads or os.cpu_count()
            results["packing"] = packing.benchmark_packing(Path(folder), arguments.frames, size, workers)
            print(packing.table(results["packing"]))
    print(json.dumps(results))
    if arguments.out:
        write_json(arguments.out, results)
