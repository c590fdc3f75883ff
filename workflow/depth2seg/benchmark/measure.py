"""Both loops step in turn, each in its process, so that whatever else the machine does meets both alike."""

import contextlib
import os
import platform
import statistics
from functools import partial
from pathlib import Path

from depth2seg.benchmark import ours, plain
from depth2seg.benchmark.configs import Shape, step_config
from depth2seg.benchmark.frames import Frames, write_frames
from depth2seg.benchmark.processes import StepProcess
from depth2seg.benchmark.steps import backbone_of

WARM_UP = 2
FRAMES = 10
# Whose memory is measured besides: what has to fit on a small machine.
LARGE = ("depth-video", "resnet50")
LARGE_STEPS = 3


def benchmark(
    folder: Path,
    names: list[str],
    repeats: int,
    batch: int,
    size: tuple[int, int],
    backbone: str,
    threads: int | None = None,
    large: bool = True,
) -> dict:
    """Measure training steps.

    Args:
        folder: for frames and work files; the caller removes it.
        names: of ``step_names``.
        repeats: steps of each loop, after two that do not count.
        batch: samples a step.
        size: height and width of the networks' input.
        backbone: of the networks that can have it.
        threads: of the CPU, for both loops; None: as many as there are cores.
        large: measure the memory of a depth step of ResNet-50 too.

    Returns:
        ``machine``; for each step images a second of both loops, the median of the ratios of successive steps, its
        quartiles, and the largest resident size of both processes; ``memory``, that of ResNet-50.
    """
    threads = threads or os.cpu_count()
    frames = write_frames(folder, max(FRAMES, batch + 2), size, threads)
    machine, rows = {"cpu": platform.processor() or platform.machine(), "threads": threads}, {}
    for name in names:
        shape = Shape(batch, size, backbone_of(name, backbone), repeats + WARM_UP)
        found, rows[name] = _measure(name, shape, frames, threads)
        machine |= found
    results = {"machine": machine, "batch": batch, "height": size[0], "width": size[1], "steps": repeats, "tasks": rows}
    if large:
        name, backbone = LARGE
        found, held = _memory(name, Shape(batch, size, backbone, LARGE_STEPS), frames, threads)
        machine |= found
        results["memory"] = {"step": name, "backbone": backbone, **held}
    return results


def _measure(name: str, shape: Shape, frames: Frames, threads: int) -> tuple[dict, dict]:
    seconds, told = {ours: [], plain: []}, {ours: [], plain: []}
    with contextlib.ExitStack() as processes:
        loops = {
            ours: processes.enter_context(_ours(name, shape, frames, threads)),
            plain: processes.enter_context(StepProcess(plain.serve, name, shape, frames, threads)),
        }
        machine, _ = (process.answer() for process in loops.values())
        for _ in range(shape.steps):
            for module, process in loops.items():
                taken, said = process.step()
                seconds[module].append(taken)
                told[module].append(said)
    decoding = [answer["decoding"] for answer in told[plain]]
    row = summary(*(values[WARM_UP:] for values in (seconds[ours], seconds[plain], decoding)), shape.batch)
    memory = {"peak_memory_mb": told[ours][-1]["peak_memory_mb"], "plain_memory_mb": told[plain][-1]["peak_memory_mb"]}
    return machine, {"backbone": shape.backbone, **row, **memory}


def _memory(name: str, shape: Shape, frames: Frames, threads: int) -> tuple[dict, dict]:
    with _ours(name, shape, frames, threads) as process:
        machine = process.answer()
        answers = [process.step()[1] for _ in range(shape.steps)]
    return machine, answers[-1]


def _ours(name: str, shape: Shape, frames: Frames, threads: int) -> StepProcess:
    work = frames.packed.parent / f"work-{name}-{shape.backbone}"
    return StepProcess(ours.serve, partial(step_config, name, shape, frames), work, threads)


def summary(ours: list[float], theirs: list[float], decoding: list[float], batch: int) -> dict:
    """Images a second and ratios, from the seconds of each step of both loops.

    ``ratio_without_decoding`` leaves the plain loop's decoding, resizing and jitter out: what precision and memory
    order alone bring.
    """
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    computed = [(b - d) / a for a, b, d in zip(ours, theirs, decoding, strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    rounded = {
        "images_a_second": batch / statistics.median(ours),
        "plain_images_a_second": batch / statistics.median(theirs),
        "ratio": statistics.median(ratios),
        "ratio_quartiles": [low, high],
        "ratio_without_decoding": statistics.median(computed),
    }
    return {k: [round(x, 3) for x in v] if isinstance(v, list) else round(v, 3) for k, v in rounded.items()}
