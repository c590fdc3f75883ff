"""`bench`: time training steps against a plain PyTorch loop."""

import argparse
import json
import tempfile
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--task", choices=["finetune", "depth"], action="append", help="one of them alone")
    parser.add_argument("--repeats", type=int, default=8, help="steps of each loop (default 8)")
    parser.add_argument("--batch", type=int, default=4, help="samples a step (default 4)")
    parser.add_argument("--size", type=int, nargs=2, default=[192, 640], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--threads", type=int, help="CPU threads of both loops (default: all cores)")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print a table and the JSON."""
    from depth2seg.benchmark.measure import TASKS, benchmark, table
    from depth2seg.files import write_json

    with tempfile.TemporaryDirectory(prefix="depth2seg-bench-") as folder:
        tasks = arguments.task or list(TASKS)
        size, threads = tuple(arguments.size), arguments.threads
        results = benchmark(Path(folder), tasks, arguments.repeats, arguments.batch, size, threads)
    print(table(results))
    print(json.dumps(results))
    if arguments.out:
        write_json(arguments.out, results)
