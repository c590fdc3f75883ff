"""claims.csv: the paper's claims held against a study's cells.

A claim that can be tested is a contrast: two kinds of recipes, told apart by what their cells are (task, supervision),
not by name, and what a pair of them must have in common. It is tested on the first experiment of each data set, in the
config's order, that has such a pair. Its effect is the mean mIoU gain, in points, over all pairs of recipes and all
conditions of that experiment, paired by seed and test image; conditions share seeds and images, so they are averaged
within a seed before the interval is taken. The verdict is read off the interval as it is written in the table.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.bootstrap import Interval, interval
from depth2seg.reporting.cells import read_cells
from depth2seg.reporting.csv_files import POINTS, number, write_csv
from depth2seg.reporting.experiment import Evaluated, Experiment

COLUMNS = ("claim", "statement", "experiment", "effect", "low", "high", "pairs", "verdict", "paper")
UNKNOWN = "no figure known"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contrast:
    """Recipes whose cells have the values ``better`` against those with any of ``than``; a pair agrees in ``match``."""

    better: dict[str, str]
    than: tuple[dict[str, str], ...]
    match: tuple[str, ...] = ()

    def pairs(self, described: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
        """(recipe, recipe) of every pair, from each recipe's row of cells.csv."""

        def chosen(*kinds: dict[str, str]) -> list[str]:
            return [r for r, row in described.items() if any(kind.items() <= row.items() for kind in kinds)]

        return [
            (a, b)
            for a in chosen(self.better)
            for b in chosen(*self.than)
            if all(described[a][key] == described[b][key] for key in self.match)
        ]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper; ``contrast`` is None where this study has no test of it."""

    name: str
    statement: str
    contrast: Contrast | None = None
    paper: str = UNKNOWN


SAME_START = ("source", "init")
# Trained by us on rendered objects, or imported.
CLASSIFICATION = ({"task": "classification"}, {"task": "imported", "supervision": "classification"})
OTHER_STARTS = (
    {"task": "inpainting"},
    {"task": "contrastive"},
    *({"task": "imported", "supervision": kind} for kind in ("contrastive", "self-distillation", "segmentation")),
)
CLAIMS = (
    Claim(
        "C1",
        "Depth pre-training beats ImageNet classification pre-training",
        Contrast({"task": "depth"}, CLASSIFICATION),
        "+5.8 mIoU, +5.2 pixel accuracy",
    ),
    Claim(
        "C2",
        "Depth pre-training beats starting from random weights",
        Contrast({"task": "depth", "init": "random"}, ({"task": "none"},)),
    ),
    Claim(
        "C3",
        "Depth from video beats optical flow, which minimises the same photometric error",
        Contrast({"task": "depth", "supervision": "video"}, ({"task": "flow"},), SAME_START),
    ),
    Claim(
        "C4a",
        "Depth supervised by lidar is a better initialisation than by stereo",
        Contrast({"task": "depth", "supervision": "lidar"}, ({"task": "depth", "supervision": "stereo"},), SAME_START),
    ),
    Claim(
        "C4b",
        "Depth supervised by stereo is a better initialisation than by monocular video",
        Contrast({"task": "depth", "supervision": "stereo"}, ({"task": "depth", "supervision": "video"},), SAME_START),
    ),
    Claim("C5", "Fine-tuning converges faster from depth than from ImageNet"),
    Claim("C6", "Depth is more robust than ImageNet to changes of object scale"),
    Claim("C7", "After depth pre-training, activations are sharper at semantic boundaries"),
    Claim("C8", "The gain holds across train size, resolution, architecture, and in- or out-of-domain source data"),
    Claim("C9", "It carries to large-scale, mixed-source relative depth (Depth Anything) as initialisation"),
    # "Comparable" has no margin that is known: supported means better, contradicted worse.
    Claim(
        "C10",
        "Depth is at least comparable to self-supervised starts and to supervised segmentation on COCO",
        Contrast({"task": "depth"}, OTHER_STARTS),
    ),
)


def verdict(low: str, high: str) -> str:
    """What an interval, as written in the table, says of a claim of a positive effect."""
    if not low or not high:
        return "not tested"  # one seed: an effect without an interval decides nothing
    if float(low) > 0:
        return "supported"
    return "contradicted" if float(high) < 0 else "undecided"


def write_claims(settings: list[dict], cells: Path, results: Path, out: Path) -> None:
    """Write claims.csv.

    Args:
        settings: of every experiment, in the config's order, each as ``Study.experiment_settings`` gives them.
        cells: cells.csv.
        results: the study's results folder.
        out: the table.

    Raises:
        UserError: a cell of an experiment that tests a claim is missing, or cells.csv and the cells' files disagree.
    """
    rows_of_cells = read_cells(cells)
    experiments = [Experiment(block) for block in settings]
    evaluated: dict[str, Evaluated] = {}
    rows = []
    for claim in CLAIMS:
        tests = _tests(claim, experiments, rows_of_cells)
        if not tests:
            rows.append(_row(claim, "", None, 0))
        for experiment, pairs in tests:
            if experiment.name not in evaluated:
                evaluated[experiment.name] = Evaluated(experiment, rows_of_cells, results)
            effect, count = _effect(evaluated[experiment.name], pairs)
            log.info("%s in '%s': %s", claim.name, experiment.name, ", ".join(f"{a} - {b}" for a, b in pairs))
            if np.isnan(effect.low):
                log.warning("%s in '%s': one seed gives no interval, so it is not tested", claim.name, experiment.name)
            rows.append(_row(claim, experiment.name, effect, count))
    write_csv(out, COLUMNS, rows)


def _tests(claim: Claim, experiments: list[Experiment], cells: dict) -> list[tuple[Experiment, list[tuple[str, str]]]]:
    """The first experiment of each data set that has a pair of recipes for the claim, with its pairs."""
    found: dict[str, tuple[Experiment, list[tuple[str, str]]]] = {}
    for experiment in experiments if claim.contrast else []:
        described = {}
        for recipe in experiment.settings["recipes"]:
            first = experiment.cells(recipe, experiment.conditions[0])[0]
            if first not in cells:
                raise UserError(f"cells.csv: lacks {first} of experiment '{experiment.name}'; train it first")
            described[recipe] = cells[first]
        if pairs := claim.contrast.pairs(described):
            found.setdefault(experiment.settings["dataset"], (experiment, pairs))
    return list(found.values())


def _effect(evaluated: Evaluated, pairs: list[tuple[str, str]]) -> tuple[Interval, int]:
    experiment = evaluated.experiment
    gains = [evaluated.gain(a, b, condition) for a, b in pairs for condition in experiment.conditions]
    groups = experiment.groups(sorted({recipe for pair in pairs for recipe in pair}))
    return interval(np.mean(gains, axis=0), groups), len(gains) * len(experiment.seeds)


def _row(claim: Claim, experiment: str, effect: Interval | None, pairs: int) -> dict[str, object]:
    value, low, high = (number(v, POINTS) for v in effect or (None, None, None))
    return {
        "claim": claim.name,
        "statement": claim.statement,
        "experiment": experiment,
        "effect": value,
        "low": low,
        "high": high,
        "pairs": pairs,
        "verdict": verdict(low, high),
        "paper": claim.paper,
    }
