"""`image`: build an Apptainer image, or the base of the others."""

import argparse
import json
from pathlib import Path

from depth2seg.containers import base, build, images, packages
from depth2seg.files import sha256
from depth2seg.training.provenance import commit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--settings", type=json.loads, required=True, help="what it is built from, as JSON")
    parser.add_argument("--base", type=Path, help="the base image to start from, instead of an OCI image")
    parser.add_argument(
        "--out", type=Path, required=True, help="the image (.sif); its record appears beside it (.json)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Build in a folder beside the image, which is gone afterwards."""
    settings, out = arguments.settings, arguments.out
    name = settings.get("name", "base")
    build.check_disk(out.parent, name)
    with build.build_folder(out.parent, name) as folder:
        if name == "base":
            tree = base.debian_tree(settings["suite"], folder)
            build.build_base(tree, folder, out)
            return
        lock = images.REPOSITORY / settings["lock"]
        wheels = folder / "wheels"
        packages.download_wheels(lock, wheels)
        start = (
            {"bootstrap": "localimage", "from": str(arguments.base.absolute())}
            if arguments.base
            else {"bootstrap": "docker", "from": settings["image"]}
        )
        described = {"lock": str(lock), "lock_sha256": sha256(lock), "commit": commit() or "unknown"}
        check = {"check": str(images.REPOSITORY / f"containers/check_{name}.py")}
        definition = images.REPOSITORY / settings["definition"]
        build.build(definition, start | described | check, [f"{wheels}:/mnt"], folder, out)
