"""A cell, one fine-tuning run, and its path, each from the other."""

import re
from dataclasses import dataclass, fields

from depth2seg.errors import UserError

CELL_PATTERN = "finetune/{dataset}/{recipe}/{backbone}/{setting}/n{train_size}/seed{seed}"
_PATH = re.compile(
    r"finetune/(?P<dataset>[^/]+)/(?P<recipe>[^/]+)/(?P<backbone>[^/]+)/(?P<setting>[^/]+)"
    r"/n(?P<train_size>\d+)/seed(?P<seed>\d+)"
)


@dataclass(frozen=True, order=True)
class Cell:
    """One fine-tuning run. Two experiments that select the same cell share it: equal cells are one path."""

    dataset: str
    recipe: str
    backbone: str
    setting: str
    train_size: int
    seed: int

    @property
    def path(self) -> str:
        """The cell's folder below the study's results folder."""
        return CELL_PATTERN.format(**{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def from_path(cls, path: str) -> "Cell":
        """Read a cell from its folder's path, or from a file's path in it.

        Raises:
            UserError: the path is not a cell's.
        """
        match = _PATH.search(str(path))
        if match is None:
            raise UserError(f"{path} is no cell's path: expected {CELL_PATTERN}")
        values = match.groupdict()
        values |= {name: int(values[name]) for name in ("train_size", "seed")}
        return cls(**values)
