"""The digest of an image, recorded when it was built, and whether a file still is that image."""

import contextlib
import json
from pathlib import Path

from depth2seg.errors import UserError
from depth2seg.files import sha256, write_json


def record_path(image: Path) -> Path:
    """Where an image's digest stands: ``train.json`` beside ``train.sif``."""
    return image.with_suffix(".json")


def write_record(image: Path, labels: dict[str, str], named: Path) -> None:
    """Record the file ``image``, which is about to become ``named``."""
    status = image.stat()
    record = {"digest": f"sha256:{sha256(image)}", "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    write_json(record_path(named), record | {"labels": labels})


def digest(image: Path) -> str | None:
    """The recorded digest of an image; None where there is no record."""
    path = record_path(image)
    return json.loads(path.read_text())["digest"] if path.is_file() else None


def verify(image: Path) -> None:
    """Raise UserError if an image is there and is not the one recorded.

    Size and time of change decide, which takes no time. If only the time differs (Snakemake touches what a job has
    made, or the file was copied), the digest is taken, and the time kept for the next look.
    """
    if not image.exists() or not record_path(image).exists():
        return  # there is nothing to believe yet: the rule that builds it runs
    record, status = json.loads(record_path(image).read_text()), image.stat()
    way_out = f"It was not used. Remove it, so that it is built again: rm {image} {record_path(image)}"
    if status.st_size != record["size"]:
        raise UserError(f"{image} has {status.st_size} bytes, the recorded image {record['size']}. {way_out}")
    if status.st_mtime_ns == record["mtime_ns"]:
        return
    if (found := f"sha256:{sha256(image)}") != record["digest"]:
        raise UserError(f"{image} has the digest {found}, the recorded image {record['digest']}. {way_out}")
    with contextlib.suppress(PermissionError):  # another user's image: looked at anew each time
        write_json(record_path(image), record | {"mtime_ns": status.st_mtime_ns})
