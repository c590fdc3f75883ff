"""Packing row by row: decoding, resizing, and going on where a killed run was."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depth2seg.data import decode, index, resize
from depth2seg.data.array_files import ArrayFiles
from depth2seg.data.classes import ClassTable
from depth2seg.data.pack_settings import Settings
from depth2seg.data.packing import ARRAYS, column_of
from depth2seg.data.work_folder import WorkFolder
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

RECORD_SECONDS = 10
"""How much work a kill may cost."""

logger = logging.getLogger(__name__)


class RowPacker:
    """Packs the rows of one index, several at a time: what the threads share."""

    def __init__(
        self, root: Path, frames: "pd.DataFrame", files: ArrayFiles, settings: Settings, classes: ClassTable | None
    ):
        self.root, self.files, self.size, self.classes = root, files, settings.size, classes
        columns = {name: frames[column_of(name)].astype(object) for name in files.names}
        self.paths = {name: column.where(column.notna(), None).tolist() for name, column in columns.items()}
        self.sequence = list(zip(frames["split"], frames["sequence"], strict=True))
        self.images = frames["image"].tolist()
        unit = frames.reindex(columns=[index.DEPTH_UNIT])[index.DEPTH_UNIT]
        self.depth_unit = unit.fillna(decode.KITTI_DEPTH_UNIT).tolist()
        # Pictures without a camera, as of a classification set, may differ in size.
        self.has_camera = frames["fx"].notna().tolist()
        self.windows = settings.windows

    def run(self, workers: int, folder: WorkFolder) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Pack all rows; their sizes before resizing (N x 2), and per split the pixels of each train id (256)."""
        stored = np.zeros((len(self.images), 2), np.int64)
        counts: dict[str, np.ndarray] = {}
        begin = _recall(folder.progress, stored, counts)
        first: dict[tuple[str, str], int] = {}
        shown = time.monotonic()
        with ThreadPoolExecutor(workers) as pool:
            for row, (size, pixels) in _in_order(pool, self._pack_row, range(begin, len(self.images)), 8 * workers):
                stored[row] = size
                if self.has_camera[row]:
                    self._check_size(row, first.setdefault(self.sequence[row], row), stored)
                split = self.sequence[row][0]
                if pixels is not None:
                    counts[split] = counts.get(split, 0) + pixels
                if time.monotonic() - shown > RECORD_SECONDS:
                    self.files.sync()
                    folder.record(**_progress(row + 1, stored, counts))
                    logger.info("%d of %d frames packed", row + 1, len(self.images))
                    shown = time.monotonic()
        return stored, counts

    def _check_size(self, row: int, first: int, stored: np.ndarray) -> None:
        if (stored[row] != stored[first]).any():
            raise UserError(
                f"{self.root / self.images[row]} is {_times(stored[row])}, but the first image of its sequence "
                f"({self.images[first]}) is {_times(stored[first])}: one camera has one size. Obtain the file anew"
            )

    def _pack_row(self, row: int) -> tuple[tuple[int, int], np.ndarray | None]:
        size, pixels = None, None
        window = self.windows.get(self.sequence[row][0])
        for name in self.files.names:
            relative = self.paths[name][row]
            if relative is None:
                if not ARRAYS[name].fill:  # zero is what the file has there, and takes no disk
                    continue
                value = np.full((*self.size, *ARRAYS[name].channels), ARRAYS[name].fill, ARRAYS[name].dtype)
            else:
                path = self.root / relative
                value, of = self._decode(name, path, window, self.depth_unit[row])
                size = size or of
                if of != size:
                    raise UserError(f"{path} is {_times(of)}, but the other files of its frame are {_times(size)}")
                if name == "semantic":
                    pixels = np.bincount(value.reshape(-1), minlength=256)
            self.files.write(name, row, value)
        return size, pixels

    def _decode(
        self, name: str, path: Path, window: tuple[int, int, int, int] | None, depth_unit: float
    ) -> tuple[np.ndarray, tuple[int, int]]:
        """The packed array of one file, and its size before resizing."""
        if name in ("image", "right_image"):
            stored = resize.cut(decode.image(path), window, path)
            return resize.image(stored, self.size), stored.shape[:2]
        if name == "semantic":
            stored = decode.labels(path)
            self.classes.check(stored, path)  # every pixel, not only those that the packed size keeps
            stored = resize.cut(stored, window, path)
            return self.classes.to_train_ids(resize.nearest(stored, self.size), path), stored.shape
        if name == "semantic_filtered":
            stored = resize.cut(decode.labels(path), window, path)
            return self.classes.known_or_ignored(resize.as_brightness(stored, self.size)), stored.shape
        if name == "flow":
            stored, valid = (resize.cut(values, window, path) for values in decode.flow(path))
            value, known = resize.nearest_valid(stored, valid, self.size)
            value *= np.float32([self.size[1] / stored.shape[1], self.size[0] / stored.shape[0]])
            value[~known] = np.nan
            return value, valid.shape
        stored = resize.cut(decode.depth(path, depth_unit), window, path)
        return resize.nearest_valid(stored, stored > 0, self.size)[0], stored.shape


def _in_order(
    pool: ThreadPoolExecutor, work: Callable, rows: Iterable[int], ahead: int
) -> Iterator[tuple[int, object]]:
    """Rows with their results, in order, with at most ``ahead`` of them in work or done and not yet taken.

    ``pool.map`` would queue all of them at once, at two kilobytes each.
    """
    waiting: deque = deque()
    try:
        for row in rows:
            waiting.append((row, pool.submit(work, row)))
            if len(waiting) == ahead:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def _progress(rows: int, stored: np.ndarray, counts: dict[str, np.ndarray]) -> dict:
    """What is known after some rows, for JSON: sizes as runs of equal ones, as neighbours in a drive have."""
    changes = np.flatnonzero((np.diff(stored[:rows], axis=0) != 0).any(1)) + 1
    starts = [0, *changes.tolist()]
    runs = [[start, *stored[start].tolist()] for start in starts]
    return {"rows": rows, "sizes": runs, "counts": {split: pixels.tolist() for split, pixels in counts.items()}}


def _recall(progress: dict | None, stored: np.ndarray, counts: dict[str, np.ndarray]) -> int:
    """Fill in what an earlier run has noted, and give the row to go on with."""
    if progress is None:
        return 0
    rows = progress["rows"]
    for start, *size in progress["sizes"]:
        stored[start:rows] = size
    counts.update({split: np.array(pixels) for split, pixels in progress["counts"].items()})
    logger.info("going on after %d frames that an earlier run has packed", rows)
    return rows


def _times(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} (width x height)"
