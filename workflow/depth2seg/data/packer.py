"""Packing: every frame of an index decoded once to the working size, into the arrays of `depth2seg.data.packing`."""

import contextlib
import errno
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from depth2seg.data import decode, index, resize
from depth2seg.data.array_files import ArrayFiles, claimed, remove_abandoned
from depth2seg.data.classes import IGNORE, ClassTable, class_table
from depth2seg.data.packing import ARRAYS, DEFAULT_ARRAYS, column_of
from depth2seg.errors import UserError
from depth2seg.files import atomic_path, sha256, write_json

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What packing depends on beside the frames.

    Attributes:
        size: height and width of the packed frames.
        classes: name of the class table of the label images; None where a data set has none.
        columns: the columns to pack beside the image, of those that the data set has.
        dataset: the data set's name, for the record.
    """

    size: tuple[int, int]
    classes: str | None = None
    columns: tuple[str, ...] = DEFAULT_ARRAYS
    dataset: str = ""

    @classmethod
    def from_json(cls, settings: Mapping) -> "Settings":
        """Check settings as a command gets them."""
        unknown = set(settings) - {"size", "classes", "columns", "dataset"}
        if unknown:
            raise UserError(f"pack settings: unknown keys {', '.join(sorted(unknown))}")
        size = settings.get("size")
        if not (isinstance(size, list) and len(size) == 2 and all(type(n) is int and n > 0 for n in size)):
            raise UserError(f"pack settings: size is {size!r}, expected [height, width] in pixels")
        columns = tuple(settings.get("columns") or DEFAULT_ARRAYS)
        if wrong := set(columns) - set(ARRAYS):
            raise UserError(f"pack settings: columns {', '.join(sorted(wrong))} are not among {', '.join(ARRAYS)}")
        return cls(tuple(size), settings.get("classes"), columns, settings.get("dataset") or "")


def pack(index_path: Path, root: Path, out: Path, settings: Settings, workers: int = 1) -> None:
    """Write the packed frames of an index as one folder, complete or not at all.

    Memory does not grow with the number of frames: each is decoded, resized and written to its place in the array
    files.

    Args:
        index_path: the frame index.
        root: the data set's folder.
        out: the folder to write.
        settings: size, classes, columns.
        workers: frames in work at the same time (threads: decoders and resizers release the GIL).

    Raises:
        UserError: a file is missing, damaged, of another size than its sequence, or holds a label that cannot be; or
            the disk is full.
    """
    frames = index.read(index_path)
    classes = class_table(settings.classes) if settings.classes else None
    wanted = {"image", *settings.columns}  # the image always: the intrinsics follow from its size
    names = [name for name in ARRAYS if name in wanted and frames[column_of(name)].notna().any()]
    if "semantic" in names and classes is None:
        raise UserError(f"pack settings: {index_path} has label images, so `classes` must name their class table")
    started = time.monotonic()
    cv2.setNumThreads(1)  # one frame a thread; OpenCV's own threads would only compete
    remove_abandoned(out)
    try:
        with contextlib.ExitStack() as claim, atomic_path(out) as folder:
            folder.mkdir()
            claim.enter_context(claimed(folder))
            with ArrayFiles(folder, names, len(frames), settings.size) as files:
                stored, counts = _Job(Path(root), frames, files, settings.size, classes).run(workers)
            _write_description(folder, frames, names, stored, counts, classes, settings, sha256(index_path))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(
                f"cannot write {out}: {error.strerror}. Nothing of it is left behind; make room, then run this again"
            ) from error
        raise
    logger.info("packed %d frames in %.1f s: %s", len(frames), time.monotonic() - started, ", ".join(names))


class _Job:
    """One packing run: what its threads share."""

    def __init__(
        self, root: Path, frames: "pd.DataFrame", files: ArrayFiles, size: tuple[int, int], classes: ClassTable | None
    ):
        self.root, self.files, self.size, self.classes = root, files, size, classes
        columns = {name: frames[column_of(name)].astype(object) for name in files.names}
        self.paths = {name: column.where(column.notna(), None).tolist() for name, column in columns.items()}
        self.sequence = list(zip(frames["split"], frames["sequence"], strict=True))
        self.images = frames["image"].tolist()
        unit = frames.reindex(columns=[index.DEPTH_UNIT])[index.DEPTH_UNIT]
        self.depth_unit = unit.fillna(decode.KITTI_DEPTH_UNIT).tolist()
        # Pictures without a camera, as of a classification set, may differ in size.
        self.has_camera = frames["fx"].notna().tolist()

    def run(self, workers: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Pack all rows; their stored sizes (N x 2), and per split the pixels of each train id (256)."""
        stored = np.zeros((len(self.images), 2), np.int64)
        counts: dict[str, np.ndarray] = {}
        first: dict[tuple[str, str], int] = {}
        shown = time.monotonic()
        pool = ThreadPoolExecutor(workers)
        try:
            for row, (size, pixels) in enumerate(pool.map(self._pack_row, range(len(self.images)))):
                stored[row] = size
                if self.has_camera[row]:
                    self._check_size(row, first.setdefault(self.sequence[row], row), stored)
                split = self.sequence[row][0]
                if pixels is not None:
                    counts[split] = counts.get(split, 0) + pixels
                if time.monotonic() - shown > 10:
                    shown = time.monotonic()
                    logger.info("%d of %d frames packed", row + 1, len(self.images))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return stored, counts

    def _check_size(self, row: int, first: int, stored: np.ndarray) -> None:
        if (stored[row] != stored[first]).any():
            raise UserError(
                f"{self.root / self.images[row]} is {_times(stored[row])}, but the first image of its sequence "
                f"({self.images[first]}) is {_times(stored[first])}: one camera has one size. Obtain the file anew"
            )

    def _pack_row(self, row: int) -> tuple[tuple[int, int], np.ndarray | None]:
        size, pixels = None, None
        for name in self.files.names:
            relative = self.paths[name][row]
            if relative is None:
                value = np.full((*self.size, *ARRAYS[name].channels), ARRAYS[name].fill, ARRAYS[name].dtype)
            else:
                path = self.root / relative
                value, of = self._decode(name, path, self.depth_unit[row])
                size = size or of
                if of != size:
                    raise UserError(f"{path} is {_times(of)}, but the other files of its frame are {_times(size)}")
                if name == "semantic":
                    pixels = np.bincount(value.reshape(-1), minlength=256)
            self.files.write(name, row, value)
        return size, pixels

    def _decode(self, name: str, path: Path, depth_unit: float) -> tuple[np.ndarray, tuple[int, int]]:
        """The packed array of one file, and its stored size."""
        if name in ("image", "right_image"):
            stored = decode.image(path)
            return resize.image(stored, self.size), stored.shape[:2]
        if name == "semantic":
            stored = decode.labels(path)
            self.classes.check(stored, path)  # every pixel, not only those that the packed size keeps
            return self.classes.to_train_ids(resize.nearest(stored, self.size), path), stored.shape
        if name == "semantic_filtered":
            stored = decode.labels(path)
            return self.classes.known_or_ignored(resize.as_brightness(stored, self.size)), stored.shape
        if name == "flow":
            stored, valid = decode.flow(path)
            value, known = resize.nearest_valid(stored, valid, self.size)
            value *= np.float32([self.size[1] / stored.shape[1], self.size[0] / stored.shape[0]])
            value[~known] = np.nan
            return value, valid.shape
        stored = decode.depth(path, depth_unit)
        return resize.nearest_valid(stored, stored > 0, self.size)[0], stored.shape


def _write_description(
    folder: Path,
    frames: "pd.DataFrame",
    names: list[str],
    stored: np.ndarray,
    counts: dict[str, np.ndarray],
    classes: ClassTable | None,
    settings: Settings,
    index_sha256: str,
) -> None:
    camera = list(index.INTRINSICS)
    packed = frames.assign(row=np.arange(len(frames)))
    packed[camera] = resize.intrinsics(frames[camera].to_numpy(), stored, settings.size)
    packed.to_parquet(folder / "index.parquet", index=False)
    write_json(
        folder / "packed.json",
        {
            "dataset": settings.dataset,
            "size": list(settings.size),
            "rows": len(frames),
            "splits": {split: int(count) for split, count in frames["split"].value_counts(sort=False).items()},
            "classes": classes.name if classes else None,
            "class_names": list(classes.names) if classes else [],
            "ignore_index": IGNORE,
            "label_counts": {split: _named(pixels, classes) for split, pixels in counts.items()},
            "arrays": {
                name: {
                    "dtype": ARRAYS[name].dtype,
                    "shape": [len(frames), *settings.size, *ARRAYS[name].channels],
                    "rows_with_value": int(frames[column_of(name)].notna().sum()),
                    "sha256": sha256(folder / f"{name}.npy"),
                }
                for name in names
            },
            "index_sha256": index_sha256,
            "opencv": cv2.__version__,
        },
    )


def _named(pixels: np.ndarray, classes: ClassTable) -> dict[str, int]:
    return {name: int(pixels[i]) for i, name in enumerate(classes.names)} | {"ignored": int(pixels[IGNORE])}


def _times(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} (width x height)"
