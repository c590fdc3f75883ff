"""claims.csv: the paper's claims held against a study's cells.

A claim is a contrast: two kinds of recipes, told apart by what their cells are (task, supervision), not by name, and
what a pair of them must have in common. It is tested on the first experiment of each data set, in the config's order,
that has such a pair, and the measure it is about. Its effect is the mean gain, in points of 100, over all pairs of
recipes and all conditions of that experiment, paired by seed and test image; conditions share seeds and images, so they
are averaged within a seed before the interval is taken. A claim that a gain holds across several values of something is
held against the weakest of them. The verdict is read off the interval as it is written in the table.
"""

import logging
from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.bootstrap import Interval, interval
from depth2seg.reporting.alignment import Alignment
from depth2seg.reporting.cells import read_cells
from depth2seg.reporting.csv_files import POINTS, number, write_csv
from depth2seg.reporting.experiment import Condition, Evaluated, Experiment
from depth2seg.reporting.statements import CLAIMS, Claim, Contrast

COLUMNS = ("claim", "statement", "experiment", "effect", "low", "high", "pairs", "verdict", "paper")
Comparison = tuple[str, str, Condition]

log = logging.getLogger(__name__)


def verdict(low: str, high: str) -> str:
    """What an interval, as written in the table, says of a claim of a positive effect."""
    if not low or not high:
        return "not tested"  # one seed: an effect without an interval decides nothing
    if float(low) > 0:
        return "supported"
    return "contradicted" if float(high) < 0 else "undecided"


def write_claims(settings: list[dict], cells: Path, results: Path, out: Path, activations: Path | None = None) -> None:
    """Write claims.csv.

    Args:
        settings: of every experiment, in the config's order, each as ``Study.experiment_settings`` gives them.
        cells: cells.csv.
        results: the study's results folder.
        out: the table.
        activations: activations.npz, of the first experiment's encoders; without it C7 is not tested.

    Raises:
        UserError: a cell of an experiment that tests a claim is missing, or cells.csv and the cells' files disagree.
    """
    rows_of_cells = read_cells(cells)
    experiments = [Experiment(block) for block in settings]
    evaluated: dict[str, Evaluated] = {}
    rows = []
    for claim in CLAIMS:
        found = False
        for experiment, comparisons in _tests(claim.contrast, experiments, rows_of_cells, activations is not None):
            found = True
            if claim.contrast.measure == "alignment":
                effect, count = _alignment_effect(Alignment(activations, experiment.seeds), comparisons)
            else:
                if experiment.name not in evaluated:
                    evaluated[experiment.name] = Evaluated(experiment, rows_of_cells, results)
                effect, count = _weakest(claim.contrast, evaluated[experiment.name], comparisons)
            _report(claim, experiment, effect, comparisons)
            rows.append(_row(claim, experiment.name, effect, count))
        if not found:
            rows.append(_row(claim, "", None, 0))
    write_csv(out, COLUMNS, rows)


def _tests(
    contrast: Contrast, experiments: list[Experiment], cells: dict, activations: bool
) -> list[tuple[Experiment, list[Comparison]]]:
    """The first experiment of each data set that can test the contrast, with its comparisons."""
    found: dict[str, tuple[Experiment, list[Comparison]]] = {}
    for place, experiment in enumerate(experiments):
        described = {r: _described(experiment, r, experiment.conditions[0], cells) for r in experiment.recipes}
        if contrast.measure == "alignment":
            measured = activations and place == 0
        else:
            measured = contrast.measure == "miou" or contrast.measure in experiment.measures
        pairs = contrast.pairs(described) if measured else []
        comparisons = [(a, b, condition) for a, b in pairs for condition in experiment.conditions]
        values = {_value(contrast, experiment, comparison, cells) for comparison in comparisons}
        if comparisons and (contrast.across is None or len(values) > 1):
            found.setdefault(experiment.settings["dataset"], (experiment, comparisons))
    return list(found.values())


def _described(experiment: Experiment, recipe: str, condition: Condition, cells: dict) -> dict[str, str]:
    first = experiment.cells(recipe, condition)[0]
    if first not in cells:
        raise UserError(f"cells.csv: lacks {first} of experiment '{experiment.name}'; train it first")
    return cells[first]


def _value(contrast: Contrast, experiment: Experiment, comparison: Comparison, cells: dict) -> str:
    """What the better side of a comparison has in the contrast's column ``across``; the same for all if it has none."""
    recipe, _, condition = comparison
    return _described(experiment, recipe, condition, cells)[contrast.across] if contrast.across else ""


def _weakest(contrast: Contrast, evaluated: Evaluated, comparisons: list[Comparison]) -> tuple[Interval, int]:
    """The effect, for the value of ``across`` with the lowest end of its interval; and the number of pairs of cells."""
    groups: dict[str, list[Comparison]] = {}
    for comparison in comparisons:
        value = _value(contrast, evaluated.experiment, comparison, evaluated.rows)
        groups.setdefault(value, []).append(comparison)
    effects = {value: _effect(evaluated, group, contrast.measure) for value, group in groups.items()}
    weakest = min(effects, key=lambda value: (np.nan_to_num(effects[value].low), effects[value].value))
    if contrast.across:
        log.info("the weakest effect is for %s %s", contrast.across, weakest)
    return effects[weakest], len(groups[weakest]) * len(evaluated.experiment.seeds)


def _effect(evaluated: Evaluated, comparisons: list[Comparison], measure: str) -> Interval:
    gains = [evaluated.gain(*comparison, measure) for comparison in comparisons]
    recipes = sorted({recipe for a, b, _ in comparisons for recipe in (a, b)})
    return interval(np.mean(gains, axis=0), evaluated.experiment.groups(recipes))


def _alignment_effect(alignment: Alignment, comparisons: list[Comparison]) -> tuple[Interval, int]:
    pairs = sorted({(a, b) for a, b, _ in comparisons})
    gains = np.mean([alignment.gain(a, b) for a, b in pairs], axis=0)
    groups = alignment.groups(sorted({recipe for pair in pairs for recipe in pair}))
    return interval(gains, groups), len(pairs) * gains.shape[1]


def _report(claim: Claim, experiment: Experiment, effect: Interval, comparisons: list[Comparison]) -> None:
    pairs = dict.fromkeys(f"{a} - {b}" for a, b, _ in comparisons)
    log.info("%s in '%s': %s", claim.name, experiment.name, ", ".join(pairs))
    if np.isnan(effect.low):
        log.warning("%s in '%s': one seed gives no interval, so it is not tested", claim.name, experiment.name)


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
