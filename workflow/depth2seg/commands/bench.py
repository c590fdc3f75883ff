"""`bench`: time training steps against a plain PyTorch loop, and packing against decoding with Pillow."""

import argparse
import json
import os
import tempfile
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--task", choices=["finetune", "depth", "pack"], action="append", help="one of them alone")
    parser.add_argument("--repeats", type=int, default=8, help="steps of each loop (default 8)")
    parser.add_argument("--batch", type=int, default=4, help="samples a step (default 4)")
    parser.add_argument("--frames", type=int, default=2000, help="stereo frames that are packed (default 2000)")
    parser.add_argument("--size", type=int, nargs=2, default=[192, 640], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--threads", type=int, help="CPU threads of both loops (default: all cores)")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print a table and the JSON."""
    from depth2seg.benchmark import measure, packing
    from depth2seg.files import write_json

    tasks, size, results = arguments.task or [*measure.TASKS, "pack"], tuple(arguments.size), {}
    trained = [task for task in tasks if task != "pack"]
    with tempfile.TemporaryDirectory(prefix="depth2seg-bench-") as folder:
        if trained:
            shape = arguments.repeats, arguments.batch, size, arguments.threads
            results = measure.benchmark(Path(folder), trained, *shape)
            print(measure.table(results))
        if "pack" in tasks:
            workers = arguments.threads or os.cpu_count()
            results["packing"] = packing.benchmark_packing(Path(folder), arguments.frames, size, workers)
            print(packing.table(results["packing"]))
    print(json.dumps(results))
    if arguments.out:
        write_json(arguments.out, results)
