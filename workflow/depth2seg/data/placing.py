"""Folders that several jobs fill at the same time: taking turns, and moving a finished tree into its place."""

import contextlib
import errno
import fcntl
from collections.abc import Iterator
from pathlib import Path


def settle(source: Path, target: Path) -> int:
    """Move a tree into another by renaming whole folders where they are new; how many files were there and stay."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        try:
            source.rename(target)
            return 0
        except OSError as error:  # another job made the folder at the same moment
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
    if not (source.is_dir() and target.is_dir()):
        return 1
    return sum(settle(path, target / path.name) for path in sorted(source.iterdir()))


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock on ``path``, which the kernel frees however this process ends."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
