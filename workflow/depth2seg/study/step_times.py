"""How long a training step takes, as measured or stated: a table with the source of each number.

The table of the repo (``step_times.csv``) may be added to by one of a study's own (config key ``step_times``), whose
rows come first. ``step`` is a task, for depth with its supervision (``depth-video``), or ``finetune-`` and the head;
``cores`` is the number of CPU cores that the step had, empty where it ran on a GPU.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from depth2seg.errors import UserError

TABLE = Path(__file__).with_suffix(".csv")
_COLUMNS = ("step", "backbone", "height", "width", "batch", "device", "cores", "seconds", "source")


@dataclass(frozen=True)
class StepTime:
    """Seconds of one step of ``batch`` images of ``height`` x ``width`` on a device; ``cores`` is 0 on a GPU."""

    step: str
    backbone: str
    height: int
    width: int
    batch: int
    device: str
    cores: int
    seconds: float
    source: str

    @property
    def pixels(self) -> int:
        """Pixels of a step, of one image a sample."""
        return self.height * self.width * self.batch


def read(own: str | None = None) -> list[StepTime]:
    """All rows, a study's own first.

    Raises:
        UserError: a table is not there, or is wrong.
    """
    tables = [Path(own)] if own else []
    return [row for table in [*tables, TABLE] for row in _rows(table)]


def step_seconds(
    times: list[StepTime], step: str, backbone: str, size: list[int], batch: int, on_gpu: bool
) -> tuple[float, StepTime] | None:
    """About how long a step takes, and the row that says so; None where no row has this step and backbone.

    Of several rows the one with the nearest image size counts, and of those the first. Seconds are scaled by pixels,
    which is rough: small steps take longer than that, large ones on a larger device less.
    """
    fitting = [row for row in times if (row.step, row.backbone, row.cores == 0) == (step, backbone, on_gpu)]
    if not fitting:
        return None
    pixels = size[0] * size[1]
    nearest = min(fitting, key=lambda row: abs(math.log(row.height * row.width / pixels)))
    return nearest.seconds * pixels * batch / nearest.pixels, nearest


def _rows(table: Path) -> list[StepTime]:
    try:
        with table.open(newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise UserError(
                    f"{table}: columns {', '.join(reader.fieldnames or [])}; expected {', '.join(_COLUMNS)}"
                )
            return [_row(row) for row in reader]
    except (OSError, ValueError) as error:
        raise UserError(f"step_times: {table} cannot be read ({error})") from error


def _row(row: dict[str, str]) -> StepTime:
    counts = {key: int(row[key]) for key in ("height", "width", "batch")}
    text = {key: row[key] for key in ("step", "backbone", "device", "source")}
    return StepTime(**text, **counts, cores=int(row["cores"] or 0), seconds=float(row["seconds"]))
