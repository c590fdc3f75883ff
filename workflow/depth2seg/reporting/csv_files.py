"""CSV files that are the same bytes for the same content: fixed columns, fixed digits, fixed order."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from depth2seg.errors import UserError
from depth2seg.files import atomic_path

FRACTION, POINTS = 4, 2  # digits of a fraction of 1, and of points of 100


def number(value: float | None, digits: int) -> str:
    """``value`` with a fixed number of digits; empty for None and NaN; no negative zero."""
    if value is None or math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write ``rows`` in the order given. None is an empty field.

    Raises:
        ValueError: a row has a column that is not in ``columns``, or lacks one.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            if set(row) != set(columns):
                raise ValueError(f"row and columns differ in {sorted(set(row) ^ set(columns))}")
            writer.writerow(["" if row[column] is None else row[column] for column in columns])


def read_csv(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """Rows as text, empty fields as ''.

    Raises:
        UserError: there is no such file, or it lacks one of ``columns``.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: not there")
    with Path(path).open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        raise UserError(f"{path}: lacks the columns {', '.join(missing)}; it has {', '.join(reader.fieldnames or [])}")
    return rows
