"""`bench`: time training steps against a plain PyTorch loop."""

import argparse
import json
import tempfile
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    from depth2seg.benchmark.steps import step_names
    from depth2seg.models.families import FAMILIES

    parser.add_argument("--task", choices=step_names(), action="append", help="one of them alone; can be given again")
    parser.add_argument("--backbone", choices=FAMILIES, default="resnet18", help="of tasks that can have it")
    parser.add_argument("--repeats", type=int, default=5, help="steps of each loop (default 5)")
    parser.add_argument("--batch", type=int, default=4, help="samples a step (default 4)")
    parser.add_argument("--size", type=int, nargs=2, default=[192, 640], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--threads", type=int, help="CPU threads of both loops (default: all cores)")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print a table and the JSON."""
    from depth2seg.benchmark.measure import LARGE, benchmark
    from depth2seg.benchmark.steps import step_names
    from depth2seg.benchmark.table import table
    from depth2seg.files import write_json

    names = arguments.task or step_names()
    with tempfile.TemporaryDirectory(prefix="depth2seg-bench-") as folder:
        results = benchmark(
            Path(folder),
            names,
            arguments.repeats,
            arguments.batch,
            tuple(arguments.size),
            arguments.backbone,
            arguments.threads,
            large=LARGE[0] in names,
        )
    print(table(results))
    print(json.dumps(results))
    if arguments.out:
        write_json(arguments.out, results)
