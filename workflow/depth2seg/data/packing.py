"""Packed frames: a data set at the working size, as arrays that training maps into memory. Format and reader.

A packed folder holds the frame index with intrinsics in packed pixels and a column ``row``, one .npy file for each
column of ``ARRAYS`` that the data set has (N rows), and packed.json: size, classes, pixels of each class per split.
``depth2seg.data.packer`` writes it.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depth2seg.data import index
from depth2seg.data.classes import IGNORE, ClassTable, class_table
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Array:
    """How one column of the frame index is packed: element type, shape after N x H x W, value where there is none."""

    dtype: str
    channels: tuple[int, ...]
    fill: float
    column: str | None = None  # the index column that it is decoded from, where that is not its own name


ARRAYS: dict[str, Array] = {
    "image": Array("uint8", (3,), 0),  # RGB
    "right_image": Array("uint8", (3,), 0),
    "semantic": Array("uint8", (), IGNORE),  # train ids
    # Train ids after label ids were resized as if they were brightness: protocol ``released``, packed where asked for.
    "semantic_filtered": Array("uint8", (), IGNORE, column="semantic"),
    "depth": Array("float32", (), 0),  # metres, 0 where there is none
    "lidar": Array("float32", (), 0),
    "flow": Array("float32", (2,), np.nan),  # u, v in packed pixels
}

DEFAULT_ARRAYS = tuple(name for name, array in ARRAYS.items() if array.column is None)


def column_of(name: str) -> str:
    """The index column that an array is decoded from."""
    return ARRAYS[name].column or name


class Packed:
    """A packed folder. Nothing of the arrays is read before it is used; copies to other processes are light.

    Attributes:
        folder: where it is.
        info: contents of its packed.json.
        size: height and width of every frame.
        classes: table of its label images' classes, or None.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        try:
            self.info: dict = json.loads((self.folder / "packed.json").read_text())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{folder} holds no packed frames: make them with `python -m depth2seg pack`") from None
        self.size: tuple[int, int] = tuple(self.info["size"])
        self.classes: ClassTable | None = class_table(self.info["classes"]) if self.info["classes"] else None

    def __len__(self) -> int:
        """Number of frames of all splits."""
        return self.info["rows"]

    def __getstate__(self) -> dict:
        """Leave the maps out: another process opens its own."""
        return {key: value for key, value in self.__dict__.items() if key != "arrays"}

    @functools.cached_property
    def index(self) -> "pd.DataFrame":
        """The frame index with column `row`, intrinsics in packed pixels."""
        return index.read(self.folder / "index.parquet")

    @functools.cached_property
    def arrays(self) -> dict[str, np.memmap]:
        """All arrays by name, read-only maps of N rows, as `ARRAYS` says.

        To ask for one that the data set lacks is a UserError.
        """
        maps = {name: np.load(self.folder / f"{name}.npy", mmap_mode="r") for name in self.info["arrays"]}
        return _Arrays(self.folder, maps)

    def rows(self, split: str, *names: str) -> np.ndarray:
        """Rows of a split that have a value in each of the named columns: int64, ascending."""
        frames = self.index
        chosen = frames["split"] == split
        for name in names:
            chosen &= frames[name].notna()
        return frames["row"].to_numpy()[chosen.to_numpy()]

    def neighbours(self, split: str, offsets: Sequence[int]) -> np.ndarray:
        """Rows of frames that belong together in time.

        Args:
            split: which split.
            offsets: differences of frame numbers to a frame t, such as [0, -1, 1].

        Returns:
            int64, M x len(offsets): for each frame t of the split, in order of rows, the rows of frames t + offset of
            its sequence. A frame that lacks one of them is left out.
        """
        frames = self.index[self.index["split"] == split]
        keys = list(zip(frames["sequence"], frames["frame"].tolist(), strict=True))
        row = dict(zip(keys, frames["row"].tolist(), strict=True))
        sets = [[row.get((sequence, frame + offset)) for offset in offsets] for sequence, frame in keys]
        return np.array([rows for rows in sets if None not in rows], np.int64).reshape(-1, len(offsets))

    def pairs(self, split: str, stride: int = 1) -> np.ndarray:
        """Rows of frames t and t + stride: M x 2."""
        return self.neighbours(split, [0, stride])

    def triplets(self, split: str, stride: int = 1) -> np.ndarray:
        """Rows of frames t - stride, t and t + stride: M x 3."""
        return self.neighbours(split, [-stride, 0, stride])


class _Arrays(dict):
    """Maps by name, with an error that a person understands for a name that is not there."""

    def __init__(self, folder: Path, maps: dict[str, np.memmap]):
        super().__init__(maps)
        self._folder = folder

    def __missing__(self, name: str) -> np.memmap:
        raise UserError(
            f"packed frames {self._folder} have no '{name}', only {', '.join(self)}: the data set does not offer "
            "what the recipe or setting asks of it"
        )
