"""cells.csv: every fine-tuning run of a study, one row each, gathered from their metrics.json."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from depth2seg.errors import UserError
from depth2seg.reporting.csv_files import number, read_csv, write_csv

IDENTITY = (
    *("cell", "dataset", "recipe", "source", "task", "supervision", "init", "backbone", "setting", "head"),
    *("transfer", "frozen", "train_size", "height", "width", "seed", "protocol"),
)
MEASURES = ("miou", "miou_per_image", "pixel_accuracy", "mean_accuracy")
COST = ("iterations", "train_seconds", "peak_memory_mb", "image", "commit")
DIGITS = 6


def write_cells(metrics: Iterable[Path], out: Path) -> None:
    """Gather metrics.json files to cells.csv, sorted by data set, recipe, backbone, setting, train size and seed.

    The IoU of class ``traffic light`` is column ``iou_traffic_light``; it is empty where the class is in no test image
    of the cell's data set and never predicted.

    Raises:
        UserError: a file is missing, unreadable, lacks a key, has a measure that is no number, or two files are of the
            same cell.
    """
    found = [_read(Path(path)) for path in metrics]
    order = ("dataset", "recipe", "backbone", "setting", "train_size", "seed")
    found.sort(key=lambda m: tuple(m[key] for key in order))
    for before, after in pairwise(found):
        if before["cell"] == after["cell"]:
            raise UserError(f"two metrics files are of the cell {after['cell']}; give each cell once")
    classes = list(dict.fromkeys(name for m in found for name in m["iou"]))
    rows = []
    for m in found:
        row = {key: m[key] for key in (*IDENTITY, *COST)}
        row |= {key: number(m[key], DIGITS) for key in MEASURES}
        row |= {iou_column(name): number(m["iou"].get(name), DIGITS) for name in classes}
        row |= {"train_seconds": number(m["train_seconds"], 1), "peak_memory_mb": number(m["peak_memory_mb"], 1)}
        rows.append(row)
    write_csv(out, (*IDENTITY, *MEASURES, *map(iou_column, classes), *COST), rows)


def iou_column(name: str) -> str:
    """Column of a class's IoU: no spaces in column names."""
    return "iou_" + name.replace(" ", "_")


def read_cells(path: Path) -> dict[str, dict[str, str]]:
    """Rows of a cells.csv by cell path, as text; UserError if it is no such table."""
    return {row["cell"]: row for row in read_csv(path, (*IDENTITY, *MEASURES))}


def _read(path: Path) -> dict:
    if not path.is_file():
        raise UserError(f"{path}: not there; train this cell first (snakemake {path})")
    try:
        values = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f"{path}: is no JSON ({error}); delete it and train this cell again") from None
    missing = [key for key in (*IDENTITY, *MEASURES, "iou", *COST) if key not in values]
    if missing:
        raise UserError(f"{path}: lacks {', '.join(missing)}; was it written by an older version? train it again")
    for key in MEASURES:
        if not isinstance(values[key], int | float) or not 0 <= values[key] <= 1:
            raise UserError(f"{path}: {key} is {values[key]!r}, expected a fraction; train this cell again")
    return values
