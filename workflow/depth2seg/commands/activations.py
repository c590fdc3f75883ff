"""`activations`: encoder activation maps of several recipes on the same images, and how they keep to boundaries."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--packed", type=Path, required=True, help="packed frames of a labelled data set")
    parser.add_argument("--images", type=count, default=3, help="how many test images' maps are kept for the figure")
    parser.add_argument("--out", type=Path, required=True, help="the folder of activations.csv and activations.npz")
    parser.add_argument("--threads", type=count, default=1, help="CPU threads")
    parser.add_argument("encoders", nargs="+", type=Path, help="encoder.pth of each recipe, in the order to show")


def run(arguments: argparse.Namespace) -> None:
    """Compare."""
    import torch

    from depth2seg.training.activations import activations

    torch.set_num_threads(arguments.threads)
    activations(arguments.packed, arguments.encoders, arguments.images, arguments.out)
