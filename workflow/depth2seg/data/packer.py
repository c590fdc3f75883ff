"""Packing: every frame of an index decoded once to the working size, into the arrays of `depth2seg.data.packing`."""

import errno
import hashlib
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from depth2seg.data import index, resize
from depth2seg.data.array_files import ArrayFiles
from depth2seg.data.classes import IGNORE, ClassTable, class_table
from depth2seg.data.pack_rows import RowPacker
from depth2seg.data.pack_settings import Settings
from depth2seg.data.packing import ARRAYS, column_of
from depth2seg.data.work_folder import work_folder
from depth2seg.errors import UserError
from depth2seg.files import sha256, write_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Settings", "pack"]

logger = logging.getLogger(__name__)


def pack(index_path: Path, root: Path, out: Path, settings: Settings, workers: int = 1) -> None:
    """Write the packed frames of an index as one folder, complete or not at all.

    Memory does not grow with the number of frames: each is decoded, resized and written to its place in the array
    files. A run that is killed has lost its last ten seconds: the next one goes on where those began.

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
    frames = _chosen(index.read(index_path), settings, index_path)
    classes = class_table(settings.classes) if settings.classes else None
    wanted = {"image", *settings.columns}  # the image always: the intrinsics follow from its size
    filled = {name: int(frames[column_of(name)].notna().sum()) for name in ARRAYS if name in wanted}
    filled = {name: len(frames) if ARRAYS[name].fill else rows for name, rows in filled.items() if rows}
    names = list(filled)
    if "semantic" in names and classes is None:
        raise UserError(f"pack settings: {index_path} has label images, so `classes` must name their class table")
    started = time.monotonic()
    cv2.setNumThreads(1)  # one frame a thread; OpenCV's own threads would only compete
    index_sha256 = sha256(index_path)
    key = hashlib.sha256(json.dumps([asdict(settings), index_sha256, cv2.__version__]).encode()).hexdigest()
    try:
        with work_folder(out, key) as folder:
            resumed = folder.progress is not None
            with ArrayFiles(folder.path, filled, len(frames), settings.size, resumed) as files:
                stored, counts = RowPacker(Path(root), frames, files, settings, classes).run(workers, folder)
            _write_description(folder.path, frames, names, stored, counts, classes, settings, index_sha256)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(
                f"cannot write {out}: {error.strerror}. Nothing of it is left behind; make room, then run this again"
            ) from error
        raise
    logger.info("packed %d frames in %.1f s: %s", len(frames), time.monotonic() - started, ", ".join(names))


def _chosen(frames: "pd.DataFrame", settings: Settings, path: Path) -> "pd.DataFrame":
    """The frames of the splits to pack."""
    if settings.splits is None:
        return frames
    chosen = frames[frames["split"].isin(settings.splits)].reset_index(drop=True)
    if chosen.empty:
        raise UserError(f"{path} has no frames of the splits {', '.join(settings.splits)}, which are to be packed")
    return chosen


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
    corner = np.array([settings.windows.get(split, (0, 0, 0, 0))[2::-2] for split in frames["split"]])  # x, y
    cut = frames[camera].to_numpy() - np.hstack([np.zeros_like(corner), corner])
    packed[camera] = resize.intrinsics(cut, stored, settings.size)
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
