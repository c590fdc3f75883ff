"""`fetch`: download what is missing of a data set's raw files, and verify all of them."""

import argparse
from pathlib import Path

from depth2seg.commands.arguments import add_dataset
from depth2seg.data import download, index, manifest
from depth2seg.errors import UserError
from depth2seg.files import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_dataset(parser)
    parser.add_argument("--out", type=Path, required=True, help="the verified manifest to write (.json)")


def run(arguments: argparse.Namespace) -> None:
    """Complete the folder and write the manifest of what it holds."""
    source = arguments.settings["source"]
    reader = index.reader(source)
    if not hasattr(reader, "manifest"):
        rendered = source.startswith("rendered-")
        way = "its files are made by `python -m depth2seg render`" if rendered else "this workflow cannot obtain it yet"
        raise UserError(f"source '{source}' is not downloaded: {way}")
    files = reader.manifest()
    download.fetch(arguments.root, files, arguments.settings.get("mirror") or reader.MIRROR)
    write_json(arguments.out, manifest.verified_manifest(source, files))
