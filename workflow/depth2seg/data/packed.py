"""Reading packed frames: memory-mapped arrays, and which of their rows belong together."""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depth2seg.data import index
from depth2seg.data.classes import ClassTable, class_table
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


class Packed:
    """A packed folder. Nothing of the arrays is read before it is used; copies to other processes are light.

    Attributes:
        folder: where it is.
        info: contents of its packed.json.
        size: height and width of every frame.
        classes: table of its label images' classes, or None.
    """

    def __init__(self, folder: str | Path):
        """Open ``folder``; UserError where it is no packed folder."""
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
        return {"folder": self.folder, "info": self.info, "size": self.size, "classes": self.classes}

    @functools.cached_property
    def index(self) -> "pd.DataFrame":
        """The frame index with column `row`, intrinsics in packed pixels."""
        return index.read(self.folder / "index.parquet")

    def has(self, name: str) -> bool:
        """Whether there is an array of that name (``image``, ``semantic``, ...)."""
        return name in self.info["arrays"]

    def array(self, name: str) -> np.ndarray:
        """One array of all rows, memory-mapped and read-only; see `depth2seg.data.packing.ARRAYS`.

        Raises:
            UserError: the data set has none of that name.
        """
        maps = self.__dict__.setdefault("_maps", {})
        if name not in maps:
            if not self.has(name):
                raise UserError(
                    f"packed frames {self.folder} have no '{name}', only {', '.join(self.info['arrays'])}: this "
                    "data set does not offer what is asked of it"
                )
            maps[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return maps[name]

    def rows(self, split: str, *names: str) -> np.ndarray:
        """Rows of a split that have a value in each of the named columns: int64, ascending."""
        frames = self.index
        chosen = frames["split"] == split
        for name in names:
            chosen &= frames[name].notna()
        return frames["row"].to_numpy()[chosen.to_numpy()]

    def pairs(self, split: str, stride: int = 1) -> np.ndarray:
        """Rows of frames t and t + stride of one sequence: M x 2. Where frame t + stride is lacking, so is the pair."""
        return self._runs(split, stride, 2)

    def triplets(self, split: str, stride: int = 1) -> np.ndarray:
        """Rows of frames t - stride, t and t + stride of one sequence: M x 3."""
        return self._runs(split, stride, 3)

    def intrinsics(self, rows: np.ndarray) -> np.ndarray:
        """fx, fy, cx, cy in packed pixels (pixel centres at whole numbers): float32, len(rows) x 4; NaN if unknown."""
        return self.index[list(index.INTRINSICS)].to_numpy(np.float32)[rows]

    def baseline(self, rows: np.ndarray) -> np.ndarray:
        """Metres from the left to the right camera: float32; NaN where there is none."""
        return self.index["baseline"].to_numpy(np.float32)[rows]

    @functools.cached_property
    def sequences(self) -> list[str]:
        """Names of all sequences, sorted: the class names of a classification data set."""
        return sorted(self.index["sequence"].unique())

    def sequence_ids(self, rows: np.ndarray) -> np.ndarray:
        """For each row the place of its sequence in `sequences`: the class of a classification data set's image."""
        return np.searchsorted(np.asarray(self.sequences), self.index["sequence"].to_numpy(str)[rows])

    def _runs(self, split: str, stride: int, length: int) -> np.ndarray:
        frames = self.index[self.index["split"] == split]
        keys = list(zip(frames["sequence"], frames["frame"].tolist(), strict=True))
        row = dict(zip(keys, frames["row"].tolist(), strict=True))
        runs = [[row.get((sequence, first + i * stride)) for i in range(length)] for sequence, first in keys]
        return np.array([run for run in runs if None not in run], np.int64).reshape(-1, length)
