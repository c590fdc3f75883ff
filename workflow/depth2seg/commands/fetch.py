"""`fetch`: download what is missing of a data set's raw files, and verify all of them."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import add_dataset
from depth2seg.data import download, manifest, sets
from depth2seg.errors import UserError
from depth2seg.files import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_dataset(parser)
    parser.add_argument("--out", type=Path, required=True, help="the verified manifest to write (.json)")


def run(arguments: argparse.Namespace) -> None:
    """Complete the folder and write the manifest of what it holds."""
    source = arguments.settings["source"]
    module = sets.module(source)
    if not hasattr(module, "manifest"):
        verb = {"rendering": "render", "archives": "archive"}.get(module.Dataset.comes_by)
        way = f"`python -m depth2seg {verb}` obtains them" if verb else "a person puts them there"
        raise UserError(f"source '{source}' has no list of files that could be fetched: {way}")
    files = module.manifest()
    download.fetch(arguments.root, files, arguments.settings.get("mirror") or module.MIRROR)
    write_json(arguments.out, manifest.verified_manifest(source, files))
