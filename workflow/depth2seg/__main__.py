"""``python -m depth2seg VERB ...``: one verb a rule, each runnable without Snakemake."""

import argparse
import importlib
import logging
import sys

from depth2seg.errors import UserError

# One line a verb, so that --help needs no verb's imports. The module is depth2seg.commands.<verb with _>.
VERBS: dict[str, str] = {
    "plan": "say what a study would take: downloads, disk, jobs, hours",
    "image": "build an Apptainer image",
    "render": "render one sequence of a rendered data set",
    "fetch": "download and verify a data set's raw files, or verify those that are there",
    "archive": "obtain one part of a published data set: download, verify and extract its archive",
    "preflight": "check the files of a published data set, before anything is made of them",
    "prepare": "make what the frame index needs of one part of a published data set",
    "index": "write a data set's frame index",
    "pack": "decode a data set's frames once, to memory-mapped arrays at the working size",
    "weights": "download a file of published weights, and verify it",
    "pretrain": "train one recipe with one seed",
    "finetune": "train and test one cell",
    "activations": "compare the activation maps of several recipes' encoders",
    "rerun": "train again what a config.py describes",
    "cells": "gather every cell's metrics in one table",
    "table": "write one experiment's table",
    "claims": "hold the paper's claims against the tables",
    "all": "write the table of every experiment",
    "figure": "draw one figure",
    "bench": "time training steps against a plain PyTorch loop, packing against Pillow",
    "step-times": "time every kind of training step that a study has, for plans of it",
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb; 0 when it is done, 1 with a message on what a person can put right, 2 on misuse."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m depth2seg", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in VERBS.items():
        verbs.add_parser(verb, help=summary, description=summary, add_help=verb in argv[:1])
    if argv[:1] and argv[0] in VERBS:
        command = importlib.import_module(f"depth2seg.commands.{argv[0].replace('-', '_')}")
        command.add_arguments(verbs.choices[argv[0]])
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        command.run(arguments)
    except UserError as error:
        print(f"depth2seg {arguments.verb}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno is None:
            raise
        print(f"depth2seg {arguments.verb}: {error.strerror}: {error.filename or ''}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
