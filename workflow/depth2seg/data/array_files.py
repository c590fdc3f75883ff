"""The files that packing writes: .npy arrays filled row by row, in a temporary folder that is locked meanwhile."""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from depth2seg.data.packing import ARRAYS


class ArrayFiles:
    """The .npy files of a packed folder, written row by row from any thread.

    Rows are written by pwrite and not through a map: a disk that runs full then is an error that names the cause, not
    a SIGBUS, and the pages do not count as this process's memory.

    Args:
        folder: where to.
        names: which of `ARRAYS`.
        rows: how many rows each has.
        size: height and width.

    Raises:
        OSError: the disk has no room for all of them.
    """

    def __init__(self, folder: Path, names: list[str], rows: int, size: tuple[int, int]):
        self.names = names
        _require_room(folder, rows, names, size)
        self._files = {}
        for name in names:
            path = folder / f"{name}.npy"
            shape = (rows, *size, *ARRAYS[name].channels)
            array = np.lib.format.open_memmap(path, mode="w+", dtype=ARRAYS[name].dtype, shape=shape)
            self._files[name] = (os.open(path, os.O_WRONLY), array.offset, array[0].nbytes)

    def write(self, name: str, row: int, value: np.ndarray) -> None:
        """Put one row in its place."""
        descriptor, offset, stride = self._files[name]
        data = memoryview(np.ascontiguousarray(value, ARRAYS[name].dtype)).cast("B")
        if len(data) != stride:
            raise AssertionError(f"{name}: {len(data)} bytes for a row of {stride}")
        position = offset + row * stride
        while data:
            written = os.pwrite(descriptor, data, position)
            data, position = data[written:], position + written

    def __enter__(self) -> "ArrayFiles":
        return self

    def __exit__(self, *error: object) -> None:
        for descriptor, _, _ in self._files.values():
            os.close(descriptor)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Lock a temporary folder, until it has its name or this process ends, however it ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: then none is ever taken for abandoned
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_abandoned(out: Path) -> None:
    """Remove the temporary folders of earlier runs that were killed: nobody holds their lock any more."""
    for folder in out.parent.glob(f".{out.stem}.*.partial"):
        with contextlib.suppress(OSError):  # in work, or already gone
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)


def _require_room(folder: Path, rows: int, names: list[str], size: tuple[int, int]) -> None:
    needed = sum(
        rows * np.prod((*size, *ARRAYS[name].channels)) * np.dtype(ARRAYS[name].dtype).itemsize for name in names
    )
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free")
