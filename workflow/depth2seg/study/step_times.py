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
    def on_gpu(self) -> bool:
        """Whether it ran on a GPU."""
        return self.cores == 0

    @property
    def per_pixel(self) -> float:
        """Seconds a pixel, counting one image a sample."""
        return self.seconds / (self.height * self.width * self.batch)

    def of(self, step: str, backbone: str) -> bool:
        """Whether it is the time of this step."""
        return (self.step, self.backbone) == (step, backbone)


def read(own: str | None = None) -> list[StepTime]:
    """All rows, a study's own first.

    Raises:
        UserError: a table is not there, or is wrong.
    """
    tables = [Path(own)] if own else []
    return [row for table in [*tables, TABLE] for row in _rows(table)]


@dataclass(frozen=True)
class Estimate:
    """About how long a step takes, in seconds; ``cores`` that it takes (0: a GPU); ``why``, with its source."""

    seconds: float
    cores: int
    why: str


def step_seconds(
    times: list[StepTime], step: str, backbone: str, size: list[int], batch: int, on_gpu: bool
) -> Estimate | None:
    """About how long a step takes; None where the table does not tell.

    Of the rows with this step and backbone the one with the nearest image size counts, scaled by pixels: roughly, since
    small steps take longer than that. For a GPU without such a row, another step's row on a GPU is scaled by what the
    two steps take on one and the same CPU: rougher still, and said.
    """
    pixels = size[0] * size[1]
    row = _nearest([row for row in times if row.of(step, backbone) and row.on_gpu == on_gpu], pixels)
    if row:
        seconds = row.per_pixel * pixels * batch
        return Estimate(seconds, row.cores, f"{seconds:.2g} s a step on {row.device} ({row.source})")
    own = _nearest([row for row in times if row.of(step, backbone) and not row.on_gpu], pixels)
    for gpu in times if on_gpu and own else ():
        same = [row for row in times if row.of(gpu.step, gpu.backbone) and row.device == own.device]
        if gpu.on_gpu and (other := _nearest(same, own.height * own.width)):
            seconds = gpu.per_pixel * own.per_pixel / other.per_pixel * pixels * batch
            likeness = f"{gpu.step} {gpu.backbone} and the ratio of both on {own.device}"
            return Estimate(seconds, 0, f"estimated {seconds:.2g} s a step on {gpu.device}, from {likeness}")
    return None


def _nearest(rows: list[StepTime], pixels: int) -> StepTime | None:
    return min(rows, key=lambda row: abs(math.log(row.height * row.width / pixels)), default=None)


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
