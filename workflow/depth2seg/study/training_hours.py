"""How many hours training jobs take, on a GPU or on CPU cores, from step times."""

from depth2seg.study.step_kinds import StepKind
from depth2seg.study.step_times import read, step_seconds

COLUMNS = {"gpu_hours": True, "core_hours": False}  # and whether they are of GPUs


class TrainingHours:
    """Hours of jobs, and which devices they are of.

    Args:
        own: a study's own table of step times, or None.

    Raises:
        UserError: that table cannot be read.
    """

    def __init__(self, own: str | None):
        self.times = read(own)
        self.devices: dict[str, list[str]] = {column: [] for column in COLUMNS}

    def of(self, kind: StepKind, jobs: int, iterations: int) -> tuple[dict[str, float], str]:
        """``gpu_hours`` and ``core_hours`` of so many jobs, as far as they are known, and where that is from."""
        hours, said = {}, []
        for column, on_gpu in COLUMNS.items():
            found = step_seconds(self.times, kind, on_gpu)
            if found:
                hours[column] = jobs * iterations * found.seconds * max(found.cores, 1) / 3600
                said.append(found.why)
                if found.device not in self.devices[column]:
                    self.devices[column].append(found.device)
        lasting = "; ".join(said) or f"of unknown length: no step time of {kind.step} {kind.backbone}"
        return hours, f"{iterations} steps each, {lasting}"
