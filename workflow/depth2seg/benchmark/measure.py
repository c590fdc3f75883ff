"""Both loops step in turn, each in its process, so that whatever else the machine does meets both alike."""

import multiprocessing
import os
import platform
import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from depth2seg.benchmark.frames import Frames, write_frames
from depth2seg.benchmark.plain import LabelledImages, VideoTriplets, serve
from depth2seg.data.packing import Packed
from depth2seg.study.schema import Schedule, Setting, recipe_block
from depth2seg.tasks.depth import DepthTask
from depth2seg.training.config import training_config
from depth2seg.training.finetune import segmentor, truth_array
from depth2seg.training.runner import machine_precision, train

TASKS = ("finetune", "depth")
JITTER = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}
WARM_UP = 2
FRAMES = 10


class TurnHook(Hook):
    """After each step of this project's loop, a step of the plain one; the seconds of both, data included."""

    priority = "LOWEST"

    def __init__(self, plain: Connection):
        self.plain = plain
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.decoding: list[float] = []

    def before_train(self, runner: Runner) -> None:
        """Start the clock."""
        self.begun = time.perf_counter()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Note this step, then take one of the plain loop."""
        ended = time.perf_counter()
        self.ours.append(ended - self.begun)
        self.plain.send(True)
        self.decoding.append(self.plain.recv())
        self.begun = time.perf_counter()
        self.theirs.append(self.begun - ended)


def benchmark(
    folder: Path, tasks: list[str], repeats: int, batch: int, size: tuple[int, int], threads: int | None = None
) -> dict:
    """Measure the tasks.

    Args:
        folder: for frames and work files; the caller removes it.
        tasks: of ``TASKS``.
        repeats: steps of each loop, after two that do not count.
        batch: samples a step.
        size: height and width of the networks' input.
        threads: of the CPU, for both loops; None: as many as there are cores.

    Returns:
        ``machine``, and for each task images a second of both loops, the median of the ratios of successive steps and
        its quartiles.
    """
    threads = threads or os.cpu_count()
    frames = write_frames(folder, max(FRAMES, batch + 2), size, threads)
    device, precision, _ = machine_precision(threads)
    machine = {"cpu": platform.processor() or platform.machine(), "threads": threads, "precision": precision}
    shape = {"batch": batch, "height": size[0], "width": size[1], "backbone": "resnet18", "steps": repeats}
    results = {task: _measure(task, folder, frames, shape, precision, threads) for task in tasks}
    return {"machine": machine | {"torch": torch.__version__, "device": str(device)}, **shape, "tasks": results}


def _measure(task: str, folder: Path, frames: Frames, shape: dict, precision: str, threads: int) -> dict:
    size, batch, packed = (shape["height"], shape["width"]), shape["batch"], Packed(frames.packed)
    schedule = Schedule(iterations=shape["steps"] + WARM_UP, batch=batch, lr=1e-4).model_dump()
    if task == "finetune":
        block = Setting(label="", size=list(size), schedule=schedule, flip=True, jitter=JITTER)
        settings = block.model_dump() | {"backbone": shape["backbone"]}
        model = segmentor(settings, "none", packed)
        sets = {"split": "train", "arrays": [truth_array(settings)]}
        dataset = LabelledImages(frames, size, JITTER)
    else:
        block = recipe_block(
            label="",
            task="depth",
            supervision="video",
            dataset="drive",
            size=list(size),
            schedule=schedule,
            jitter=JITTER,
        )
        settings = block.model_dump() | {"backbone": shape["backbone"]}
        model = {"type": "DepthTask", **DepthTask.network(settings)}
        sets = DepthTask.frames(settings)
        dataset = VideoTriplets(frames, size, JITTER)
    config = training_config(
        name=f"bench {task}",
        model=model,
        frames={"packed": str(frames.packed), **sets},
        schedule=schedule,
        seed=0,
        precision=precision,
        workers=0,
    )
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe()
    arguments = (theirs, config.model.to_dict(), task, dataset, {"batch": batch, "lr": schedule["lr"]}, threads)
    process = processes.Process(target=serve, args=arguments, daemon=True)
    process.start()
    theirs.close()  # this end belongs to the process: if it dies, reading ends with an error instead of waiting
    try:
        ours.recv()
        hook = TurnHook(ours)
        train(config, folder / f"work-{task}", hooks=[hook])
    finally:
        ours.close()
        process.terminate()
        process.join()
    return summary(hook.ours[WARM_UP:], hook.theirs[WARM_UP:], hook.decoding[WARM_UP:], batch)


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


def table(results: dict) -> str:
    """The results as lines of text."""
    size = f"{results['width']} x {results['height']}, batch {results['batch']}"
    lines = [
        f"{results['backbone']}, {size}, threads: {results['machine']['threads']}, {results['machine']['precision']}",
        f"{'step':<10}{'images/s':>10}{'plain':>10}{'ratio':>8}{'quartiles':>14}{'without decoding':>18}",
    ]
    for name, row in results["tasks"].items():
        quartiles = " - ".join(f"{value:.2f}" for value in row["ratio_quartiles"])
        lines.append(
            f"{name:<10}{row['images_a_second']:>10.2f}{row['plain_images_a_second']:>10.2f}{row['ratio']:>8.2f}"
            f"{quartiles:>14}{row['ratio_without_decoding']:>18.2f}"
        )
    return "\n".join(lines)
