"""How long a training step takes, as measured or stated: a table with the source of each number.

The table of the repo (``step_times.csv``) may be added to by one of a study's own (config key ``step_times``), whose
rows come first, and so its devices. ``step`` is named as ``step_kinds`` has it; ``cores`` is the number of CPU cores
that the step had, empty where it ran on a GPU. ``python -m depth2seg step-times`` measures such a table.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from depth2seg.errors import UserError
from depth2seg.study.step_kinds import StepKind

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("step", "backbone", "height", "width", "batch", "device", "cores", "seconds", "source")


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


def read(own: str | None = None) -> list[StepTime]:
    """All rows, a study's own first.

    Raises:
        UserError: a table is not there, or is wrong.
    """
    tables = [Path(own)] if own else []
    return [row for table in [*tables, TABLE] for row in _rows(table)]


@dataclass(frozen=True)
class Estimate:
    """Seconds of a step, about, the device that they are of, its ``cores`` (0: a GPU); ``why``, with the source."""

    seconds: float
    device: str
    cores: int
    why: str


def step_seconds(times: list[StepTime], kind: StepKind, on_gpu: bool) -> Estimate | None:
    """About how long a step takes, on the first device of the table for which that can be told; None if on none.

    Of the device's rows with this step and backbone the one with the nearest image size counts, scaled by pixels:
    roughly, since small steps take longer than that. Without such a row, the most similar step's row is scaled by what
    the two steps take on one and the same other device: rougher still, and said.
    """
    for device in dict.fromkeys(row.device for row in times if row.on_gpu == on_gpu):
        here = [row for row in times if row.device == device]
        if found := _measured(here, kind) or _by_ratio(here, times, kind):
            return found
    return None


def _measured(here: list[StepTime], kind: StepKind) -> Estimate | None:
    row = _nearest(here, kind.step, kind.backbone, kind.height * kind.width)
    if row is None:
        return None
    seconds = row.per_pixel * kind.height * kind.width * kind.batch
    return Estimate(seconds, row.device, row.cores, f"{seconds:.2g} s a step on {row.device} ({row.source})")


def _by_ratio(here: list[StepTime], times: list[StepTime], kind: StepKind) -> Estimate | None:
    pixels = kind.height * kind.width
    for base in sorted(here, key=lambda row: (row.step != kind.step, row.backbone != kind.backbone)):
        for device in dict.fromkeys(row.device for row in times if row.device != base.device):
            there = [row for row in times if row.device == device]
            own = _nearest(there, kind.step, kind.backbone, pixels)
            same = own and _nearest(there, base.step, base.backbone, own.height * own.width)
            if same:
                seconds = base.per_pixel * own.per_pixel / same.per_pixel * pixels * kind.batch
                likeness = f"{base.step} {base.backbone} there and the ratio of both on {device}"
                why = f"about {seconds:.2g} s a step on {base.device}, estimated from {likeness}"
                return Estimate(seconds, base.device, base.cores, why)
    return None


def _nearest(rows: list[StepTime], step: str, backbone: str, pixels: int) -> StepTime | None:
    """Of the rows of this step, the one whose images are nearest in size."""
    same = [row for row in rows if (row.step, row.backbone) == (step, backbone)]
    return min(same, key=lambda row: abs(math.log(row.height * row.width / pixels)), default=None)


def _rows(table: Path) -> list[StepTime]:
    try:
        with table.open(newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise UserError(f"{table}: columns {', '.join(reader.fieldnames or [])}; expected {', '.join(COLUMNS)}")
            return [_row(row) for row in reader]
    except (OSError, ValueError) as error:
        raise UserError(f"step_times: {table} cannot be read ({error})") from error


def _row(row: dict[str, str]) -> StepTime:
    counts = {key: int(row[key]) for key in ("height", "width", "batch")}
    text = {key: row[key] for key in ("step", "backbone", "device", "source")}
    return StepTime(**text, **counts, cores=int(row["cores"] or 0), seconds=float(row["seconds"]))
