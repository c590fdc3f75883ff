"""The files that packing writes: .npy arrays filled row by row."""

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from depth2seg.data.packing import ARRAYS


class ArrayFiles:
    """The .npy files of a packed folder, written row by row from any thread.

    Rows are written by pwrite and not through a map: a disk that runs full then is an error that names the cause, not
    a SIGBUS, and the pages do not count as this process's memory.

    Args:
        folder: where to.
        filled: which of `ARRAYS`, and how many rows of each will be written; the others take no disk.
        rows: how many rows each has.
        size: height and width.
        existing: the files are there, and some of their rows are filled.

    Raises:
        OSError: the disk has no room for all of them.
    """

    def __init__(
        self, folder: Path, filled: Mapping[str, int], rows: int, size: tuple[int, int], existing: bool = False
    ):
        self.names = list(filled)
        if not existing:
            _require_room(folder, filled, size)
        self._files = {}
        for name in self.names:
            path = folder / f"{name}.npy"
            shape = (rows, *size, *ARRAYS[name].channels)
            mode = "r+" if existing else "w+"
            array = np.lib.format.open_memmap(path, mode=mode, dtype=ARRAYS[name].dtype, shape=shape)
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

    def sync(self) -> None:
        """Return when all rows that were written are on disk."""
        for descriptor, _, _ in self._files.values():
            os.fdatasync(descriptor)

    def __enter__(self) -> "ArrayFiles":
        return self

    def __exit__(self, *error: object) -> None:
        for descriptor, _, _ in self._files.values():
            os.close(descriptor)


def _require_room(folder: Path, filled: Mapping[str, int], size: tuple[int, int]) -> None:
    needed = sum(
        rows * np.prod((*size, *ARRAYS[name].channels)) * np.dtype(ARRAYS[name].dtype).itemsize
        for name, rows in filled.items()
    )
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free")
