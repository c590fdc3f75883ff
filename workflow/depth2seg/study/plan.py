"""What a study would take, before anything starts: downloads, disk, jobs, and hours as far as step times are known."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from depth2seg.data import index, registry
from depth2seg.study.step_times import StepTime, read, step_seconds
from depth2seg.study.study import Study

COLUMNS = ("stage", "item", "jobs", "download_gb", "disk_gb", "gpu_hours", "core_hours", "note")
_NUMBERS = COLUMNS[2:7]


def plan(study: Study) -> list[dict]:
    """One row a kind of job, in the order of doing, and a total; what is not known is None, and the note says so.

    ``disk_gb`` is what stays. ``gpu_hours`` and ``core_hours`` are alternatives: the same jobs on GPUs or on CPU cores.

    Raises:
        UserError: the study's own table of step times cannot be read.
    """
    times = read(study.config.step_times)
    rows = [*_data(study), *_packing(study), *_pretraining(study, times), *_finetuning(study, times)]
    return [*rows, _total(rows)]


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
        block = study.dataset(name)
        if study.rendered(name):
            yield _row("render", name, len(index.sequences(block)))
        elif study.published(name):
            for part in study.parts(name):
                about = part.about / 1e9 if part.about else None
                size = "" if part.size else "size as published, rounded" if about else "size not published"
                note = "; ".join(filter(None, [size, part.licence]))
                yield _row("download", f"{name}/{part.name}", 1, note, download_gb=about, disk_gb=about)
            total = registry.TOGETHER.get(block["source"])
            unsized = [part for part in study.parts(name) if part.folder.startswith("raw") and not part.about]
            if total and unsized and not any(block[key] for key in total.chosen_by):
                sizes = {"download_gb": total.download / 1e9, "disk_gb": total.disk / 1e9}
                yield _row("download", f"{name}: {total.what}", 0, total.source, **sizes)
        else:
            size = sum(file.size for file in index.reader(block["source"]).manifest()) / 1e9
            yield _row("download", name, 1, "one job for all files", download_gb=size, disk_gb=size)


def _packing(study: Study) -> Iterator[dict]:
    for name, sizes in _used(study).items():
        if study.published(name):
            yield _row("preflight", name, 1)
            yield _row("prepare", name, len(index.sequences(study.dataset(name))))
        yield _row("index", name, 1)
        for height, width in sorted(sizes):
            disk = (
                f"{3 * height * width / 1e6:.2f} GB a 1000 images, once more for right images; frames not counted yet"
            )
            yield _row("pack", f"{name} {height}x{width}", 1, disk)


def _pretraining(study: Study, times: list[StepTime]) -> Iterator[dict]:
    for (name, backbone), jobs in sorted(Counter((recipe, net) for recipe, net, _ in study.networks).items()):
        recipe = study.recipe(name)
        if recipe.schedule is None:
            yield _row("weights", f"{name} {backbone}", jobs, "nothing to train", gpu_hours=0.0, core_hours=0.0)
            continue
        step = f"{recipe.task}-{recipe.supervision}" if recipe.supervision else recipe.task
        yield _training("pretrain", f"{name} {backbone}", jobs, times, step, backbone, recipe)


def _finetuning(study: Study, times: list[StepTime]) -> Iterator[dict]:
    kinds = Counter((cell.dataset, cell.setting, cell.backbone) for cell in study.cells)
    for (dataset, name, backbone), jobs in sorted(kinds.items()):
        setting = study.setting(name)
        step = f"finetune-{setting.head}"
        yield _training("finetune", f"{dataset} {name} {backbone}", jobs, times, step, backbone, setting)


def _training(stage: str, item: str, jobs: int, times: list, step: str, backbone: str, block: object) -> dict:
    schedule, size = block.schedule, getattr(block, "crop", None) or block.size
    hours, said = {}, []
    for column, on_gpu in (("gpu_hours", True), ("core_hours", False)):
        found = step_seconds(times, step, backbone, size, schedule.batch, on_gpu)
        if found:
            hours[column] = jobs * schedule.iterations * found.seconds * max(found.cores, 1) / 3600
            said.append(found.why)
    lasting = "; ".join(said) or f"of unknown length: no step time of {step} {backbone}"
    note = f"{schedule.iterations} steps each, {lasting}"
    return _row(stage, item, jobs, note, **hours)


def _total(rows: list[dict]) -> dict:
    trained = sum(row["jobs"] for row in rows if row["stage"] in ("pretrain", "finetune"))
    told = [f"{_known(rows, column)} of {trained} training jobs in {column}" for column in ("gpu_hours", "core_hours")]
    sums = {column: sum(row[column] or 0 for row in rows) for column in _NUMBERS}
    note = f"at least: {', '.join(told)}; downloads without a published size and packed frames not counted"
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
