"""The temporary folder that a long job fills: locked while it works, and gone on with after a kill."""

import contextlib
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from depth2seg.files import write_json

PROGRESS = "progress.json"


class WorkFolder:
    """A locked folder beside the one that it is to become.

    Attributes:
        path: where it is.
        key: what tells this work from any other.
        progress: what a run of the same work that was broken off had last recorded, or None.
    """

    def __init__(self, path: Path, key: str, progress: dict | None):
        self.path, self.key, self.progress = path, key, progress

    def record(self, **progress: object) -> None:
        """Note how far the work is; what is noted must be on disk already."""
        self.progress = progress
        write_json(self.path / PROGRESS, {"key": self.key, **progress})


@contextlib.contextmanager
def work_folder(out: Path, key: str) -> Iterator[WorkFolder]:
    """A folder to work in, which takes the place of ``out`` when the block ends.

    That of an earlier run with the same key, if it was broken off after it had recorded progress; those of all other
    dead runs are removed. If the block raises, ``out`` is as it was, and the folder stays only if there is progress in
    it that another run can go on from.

    Args:
        out: the folder to become.
        key: a hash of all that the contents depend on.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    folder, descriptor = _adopted(out, key) or _new(out, key)
    try:
        yield folder
        (folder.path / PROGRESS).unlink(missing_ok=True)
        if out.is_dir():
            shutil.rmtree(out)
        folder.path.replace(out)
        folder.progress = None
    except OSError:  # such as a full disk: make room
        folder.progress = None
        raise
    finally:
        if folder.progress is None:
            shutil.rmtree(folder.path, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned(out: Path, key: str | None = None) -> None:
    """Remove the folders of earlier runs that were killed: nobody holds their lock any more."""
    found = _adopted(out, key)
    if found:
        os.close(found[1])


def _adopted(out: Path, key: str | None) -> tuple[WorkFolder, int] | None:
    """The first dead run's folder with this key, locked; all others are removed."""
    chosen = None
    for path in sorted(out.parent.glob(f".{out.stem}.*.partial")):
        with contextlib.suppress(OSError):  # in work, or already gone
            descriptor = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                progress = _progress(path)
                if chosen is None and key is not None and progress.pop("key", None) == key:
                    chosen = WorkFolder(path, key, progress), descriptor
                else:
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                if chosen is None or chosen[1] != descriptor:
                    os.close(descriptor)
    return chosen


def _new(out: Path, key: str) -> tuple[WorkFolder, int]:
    path = out.with_name(f".{out.stem}.{uuid.uuid4().hex[:8]}.partial")
    path.mkdir()
    descriptor = os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):  # a file system without locks: then none is ever taken for abandoned
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return WorkFolder(path, key, None), descriptor


def _progress(path: Path) -> dict:
    try:
        return json.loads((path / PROGRESS).read_text())
    except (OSError, ValueError):  # none yet, or torn by a crash of the machine
        return {}
