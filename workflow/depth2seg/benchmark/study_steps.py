"""How long the training steps of a study's own jobs take on this machine."""

import datetime
import os
import statistics
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from depth2seg.benchmark import ours
from depth2seg.benchmark.configs import job_config
from depth2seg.benchmark.frames import write_frames
from depth2seg.benchmark.measure import FRAMES, WARM_UP
from depth2seg.benchmark.processes import StepProcess
from depth2seg.data.packing import ARRAYS
from depth2seg.errors import UserError
from depth2seg.study.step_kinds import Example, StepKind
from depth2seg.training import provenance

BUSY = 0.5  # load average above which other work is said to have run beside


def measure(
    folder: Path,
    examples: Mapping[StepKind, Example],
    repeats: int,
    threads: int,
    tell: Callable[[str], None],
) -> tuple[list[dict], list[str]]:
    """Measure each kind of step in a process of its own, one after the other.

    Args:
        folder: for frames and work files; the caller removes it.
        examples: of ``step_kinds.examples``.
        repeats: steps that count, after two that do not; their median is taken.
        threads: of the CPU, for computing on it or for feeding a GPU.
        tell: is given a line for each kind.

    Returns:
        Rows of a table of step times (``study.step_times``), and a line for each kind that could not be measured.
    """
    rows, failures, packed, source = [], [], {}, _source()
    for number, (kind, example) in enumerate(examples.items(), 1):
        place = f"{number} of {len(examples)}: {kind}"
        try:
            frames = frames_of(folder, example, packed, threads)
            machine, seconds = _steps(example, folder / f"work{number}", frames, repeats, threads)
        except UserError as error:
            failures.append(f"{kind}: {error}")
            tell(f"{place}: {error}")
            continue
        rows.append(
            vars(kind)
            | {"device": machine["name"], "cores": machine["cores"] or None}
            | {"seconds": float(f"{statistics.median(seconds):.3g}"), "source": source.format(**machine)}
        )
        tell(f"{place}: {rows[-1]['seconds']} s ({min(seconds):.3g} to {max(seconds):.3g})")
    return rows, failures


def frames_of(folder: Path, example: Example, packed: dict, threads: int) -> Path:
    """Packed frames for a job; jobs of the same size and classes share them."""
    settings, classes = example.settings, example.classes or "cityscapes"
    key = (*settings["size"], classes, settings.get("frame_stride", 1))
    if key not in packed:
        count = FRAMES + 2 * settings.get("frame_stride", 1)
        place = folder / "-".join(map(str, key))
        packed[key] = write_frames(place, count, tuple(settings["size"]), threads, classes, tuple(ARRAYS)).packed
    return packed[key]


def _steps(example: Example, work: Path, packed: Path, repeats: int, threads: int) -> tuple[dict, list[float]]:
    configure = partial(job_config, example, WARM_UP + repeats, packed)
    with StepProcess(ours.serve, configure, work, threads) as process:
        machine = process.answer()
        seconds = [process.step()[0] for _ in range(WARM_UP + repeats)]
    return machine, seconds[WARM_UP:]


def _source() -> str:
    """Where the numbers are from, but for ``{precision}``."""
    load = os.getloadavg()[0]
    commit, _, changed = (provenance.commit() or "unknown").partition("-")
    commit, date = commit[:7] + (f"-{changed}" if changed else ""), datetime.date.today()
    shared = f", on a shared machine: load average {load:.1f} before" if load > BUSY else ""
    return f"depth2seg step-times at {commit}, {date}, {{precision}}{shared}"
