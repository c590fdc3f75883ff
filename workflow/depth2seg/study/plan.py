"""What a study would take, before anything starts: downloads, disk, jobs, and hours as far as step times are known."""

import json
import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from depth2seg.data import index, registry, sets
from depth2seg.data.packing import ARRAYS, column_of
from depth2seg.study import step_kinds
from depth2seg.study.study import Study
from depth2seg.study.training_hours import TrainingHours

COLUMNS = ("stage", "item", "jobs", "download_gb", "disk_gb", "gpu_hours", "core_hours", "note")
_NUMBERS = COLUMNS[2:7]


def plan(study: Study) -> list[dict]:
    """One row a kind of job, in the order of doing, and a total; what is not known is None, and the note says so.

    ``disk_gb`` is what stays. ``gpu_hours`` and ``core_hours`` are alternatives: the same jobs on GPUs or on CPU cores.

    Raises:
        UserError: the study's own table of step times cannot be read.
    """
    hours = TrainingHours(study.config.step_times)
    rows = [*_data(study), *_packing(study), *_pretraining(study, hours), *_finetuning(study, hours)]
    return [*rows, _total(rows, hours)]


def text(rows: list[dict]) -> str:
    """The plan as lines for a person: the archives of one data set in one line, notes below what they belong to."""
    summed = _summed(rows)
    shown = [[_shown(row[column]) for column in COLUMNS[:7]] for row in summed]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *shown, strict=False)]
    lines = [_aligned(COLUMNS[:7], widths)]
    for cells, row in zip(shown, summed, strict=True):
        lines.append(_aligned(cells, widths))
        lines += textwrap.wrap(row["note"], 110, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _aligned(cells: Sequence[str], widths: list[int]) -> str:
    texts, numbers = zip(cells[:2], widths[:2], strict=True), zip(cells[2:], widths[2:], strict=True)
    return "  ".join([*(cell.ljust(width) for cell, width in texts), *(cell.rjust(width) for cell, width in numbers)])


def _row(stage: str, item: str, jobs: int, note: str = "", **numbers: float | None) -> dict:
    return dict.fromkeys(COLUMNS) | {"stage": stage, "item": item, "jobs": jobs, "note": note} | numbers


def _used(study: Study) -> dict[str, set[tuple[int, int]]]:
    """The data sets that this study trains on or tests with, and the sizes that each is packed at."""
    used: dict[str, set[tuple[int, int]]] = {}
    recipes = [study.recipe(name) for name in {recipe for recipe, _, _ in study.networks}]
    for recipe in recipes:
        if recipe.dataset:
            used.setdefault(recipe.dataset, set()).add(tuple(recipe.size))
    for cell in study.cells:
        used.setdefault(cell.dataset, set()).add(tuple(study.setting(cell.setting).size))
    return {name: used[name] for name in study.config.datasets if name in used}


def _data(study: Study) -> Iterator[dict]:
    for name in _used(study):
        block = study.block(name)
        if study.dataset(name).comes_by == "rendering":
            yield _row("render", name, len(study.sequences(name)))
        elif study.dataset(name).comes_by == "archives":
            for part in study.parts(name):
                about = part.about / 1e9 if part.about else None
                size = "" if part.size else "size as published, rounded" if about else "size not published"
                note = "; ".join(filter(None, [size, part.licence]))
                yield _row("download", f"{name}/{part.name}", 1, note, download_gb=about, disk_gb=about)
            if total := study.dataset(name).together:
                sizes = {"download_gb": total.download / 1e9, "disk_gb": total.disk / 1e9}
                yield _row("download", f"{name}: {total.what}", 0, total.source, **sizes)
        elif study.dataset(name).comes_by == "files":
            for part in registry.parts(block["source"]):
                size = part.size / 1e9
                note = f"one job for all files; {part.licence}"
                yield _row("download", name, 1, note, download_gb=size, disk_gb=size)


def _packing(study: Study) -> Iterator[dict]:
    for name, sizes in _used(study).items():
        if study.dataset(name).comes_by == "archives":
            yield _row("preflight", name, 1)
            yield _row("prepare", name, len(study.sequences(name)))
        yield _row("index", name, 1)
        for height, width in sorted(sizes):
            yield _row("pack", f"{name} {height}x{width}", 1, **_packed(study, name, height, width))


def _packed(study: Study, name: str, height: int, width: int) -> dict:
    """Note and disk space of a data set's packed frames; what is zero takes no disk."""
    block = study.block(name)
    settings = json.loads(study.packing_settings(name, height, width))
    known = getattr(sets.module(block["source"]), "rows_at_most", lambda block: [])(block)
    known = [group for group in known if group[0] in settings.get("splits", index.SPLITS)]
    if not known:
        size = f"{3 * height * width / 1e6:.2f} GB a 1000 images, once more for right images"
        return {"note": f"{size}; frames not counted yet"}
    frames = Counter()
    for split, count, _ in known:
        frames[split] += count
    pixel_bytes = 0
    for name in settings["columns"]:
        array = ARRAYS[name]
        filled = sum(count for _, count, columns in known if column_of(name) in columns)
        rows = frames.total() if filled and array.fill else filled  # zeros take no disk
        pixel_bytes += rows * np.dtype(array.dtype).itemsize * math.prod(array.channels)
    said = ", ".join(f"{count} {split}" for split, count in frames.items())
    return {"note": f"at most {frames.total()} frames ({said})", "disk_gb": height * width * pixel_bytes / 1e9}


def _pretraining(study: Study, hours: TrainingHours) -> Iterator[dict]:
    for (name, backbone), jobs in sorted(Counter((recipe, net) for recipe, net, _ in study.networks).items()):
        recipe, item = study.recipe(name), f"{name} {backbone}"
        if recipe.schedule is None:
            yield _row("weights", item, jobs, "nothing to train", gpu_hours=0.0, core_hours=0.0)
            continue
        known, note = hours.of(step_kinds.pretraining(recipe, backbone), jobs, recipe.schedule.iterations)
        yield _row("pretrain", item, jobs, note, **known)


def _finetuning(study: Study, hours: TrainingHours) -> Iterator[dict]:
    kinds = Counter((cell.dataset, cell.setting, cell.backbone) for cell in study.cells)
    for (dataset, name, backbone), jobs in sorted(kinds.items()):
        setting = study.setting(name)
        known, note = hours.of(step_kinds.finetuning(setting, backbone), jobs, setting.schedule.iterations)
        yield _row("finetune", f"{dataset} {name} {backbone}", jobs, note, **known)


def _total(rows: list[dict], hours: TrainingHours) -> dict:
    trained = sum(row["jobs"] for row in rows if row["stage"] in ("pretrain", "finetune"))
    told = []
    for column, devices in hours.devices.items():
        of = f" (of {' and '.join(devices)})" if devices else ""
        told.append(f"{_known(rows, column)} of {trained} training jobs in {column}{of}")
    sums = {column: sum(row[column] or 0 for row in rows) for column in _NUMBERS}
    unknown = "downloads without a published size and packed frames of unknown number not counted"
    note = f"at least: {', '.join(told)}; {unknown}"
    return _row("total", "", note=note, **sums)


def _known(rows: list[dict], column: str) -> int:
    stages = ("pretrain", "finetune")
    return sum(row["jobs"] for row in rows if row["stage"] in stages and row[column] is not None)


def _summed(rows: list[dict]) -> list[dict]:
    """The rows, with those of one data set's parts as one."""
    kept: dict[tuple[str, str], dict] = {}
    for row in rows:
        key = (row["stage"], row["item"].split("/")[0])
        if row["stage"] != "download" or "/" not in row["item"]:
            kept[key] = row
            continue
        sums = kept.setdefault(key, _row("download", key[1], 0, "archives; see plan.csv for each"))
        for column in _NUMBERS:
            if row[column] is not None:
                sums[column] = (sums[column] or 0) + row[column]
    return list(kept.values())


def _shown(value: object) -> str:
    if value is None:
        return "?"
    return (
        value if isinstance(value, str) else f"{value:.0f}" if isinstance(value, int) or value >= 10 else f"{value:.2g}"
    )
