"""One experiment's cells as conditions: what its table, its figure and the claims are computed from."""

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth2seg.errors import UserError
from depth2seg.evaluation.bootstrap import Interval, interval, network_groups
from depth2seg.evaluation.scores import load_scores
from depth2seg.study.cells import Cell

KEYS = (
    *("experiment", "dataset", "recipes", "backbones", "settings", "train_sizes", "seeds", "baseline"),
    *("recipe_labels", "setting_labels"),
)


class Condition(NamedTuple):
    """What a recipe is tried in. Recipes are compared within a condition, and seed by seed."""

    backbone: str
    setting: str
    train_size: int


class Experiment:
    """An experiment's settings, as ``Study.experiment_settings`` gives them; UserError if a key is missing."""

    def __init__(self, settings: dict):
        missing = [key for key in KEYS if key not in settings]
        if missing:
            raise UserError(f"--settings: an experiment lacks the keys {', '.join(missing)}")
        self.settings = settings
        chosen = product(settings["backbones"], settings["settings"], settings["train_sizes"])
        self.conditions = [Condition(*values) for values in chosen]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.settings["experiment"]

    @property
    def recipes(self) -> list[str]:
        """The recipes compared."""
        return self.settings["recipes"]

    @property
    def measures(self) -> list[str]:
        """What its cells are scored by besides mIoU and pixel accuracy: fields of ``evaluation.scores.Scores``."""
        return self.settings.get("measures", [])

    @property
    def seeds(self) -> range:
        """The fine-tuning seeds."""
        return range(self.settings["seeds"])

    def cells(self, recipe: str, condition: Condition) -> list[str]:
        """Paths of a recipe's cells in a condition, one a seed, in the seeds' order."""
        dataset = self.settings["dataset"]
        where = (condition.backbone, condition.setting, condition.train_size)
        return [Cell(dataset, recipe, *where, seed).path for seed in self.seeds]

    def all_cells(self) -> list[str]:
        """Paths of every cell of the experiment."""
        return [c for r in self.settings["recipes"] for condition in self.conditions for c in self.cells(r, condition)]

    def groups(self, recipes: list[str]) -> list[int]:
        """Which seeds are one unit when these recipes are scored or compared: see evaluation/bootstrap.py."""
        networks = self.settings.get("pretraining_seeds", {})
        return network_groups(self.seeds, [networks.get(r, len(self.seeds)) for r in recipes])


class Evaluated:
    """An experiment whose cells are trained: their rows of cells.csv and their scores on resampled test images.

    Raises:
        UserError: a cell of the experiment is in no row of cells.csv or has no confusion matrices, or the two disagree.
    """

    def __init__(self, experiment: Experiment, cells: dict[str, dict[str, str]], results: Path):
        self.experiment = experiment
        paths = experiment.all_cells()
        missing = [path for path in paths if path not in cells]
        if missing:
            raise UserError(
                f"cells.csv: lacks {len(missing)} of the {len(paths)} cells of experiment '{experiment.name}', "
                f"first {missing[0]}; train them, then write cells.csv again"
            )
        self.rows = {path: cells[path] for path in paths}
        self.scores = load_scores(results, paths)
        for path, row in self.rows.items():
            table, file = float(row["miou"] or "nan"), self.scores[path].miou[0]
            if not abs(table - file) < 1e-5:
                raise UserError(
                    f"{path}: mIoU is {row['miou'] or 'empty'} in cells.csv, {file:.6f} by its confusion.npz; they are "
                    "not of the same run: write cells.csv again"
                )

    def row(self, recipe: str, condition: Condition) -> dict[str, str]:
        """The row of cells.csv of the first seed: what all seeds of recipe and condition have in common."""
        return self.rows[self.experiment.cells(recipe, condition)[0]]

    def score(self, measure: str, recipe: str, condition: Condition) -> np.ndarray:
        """(1 + B, seeds) of ``measure`` (a field of ``Scores``), fractions.

        Raises:
            UserError: a cell was not evaluated for it.
        """
        scores = {path: getattr(self.scores[path], measure) for path in self.experiment.cells(recipe, condition)}
        for path, values in scores.items():
            if values is None:
                raise UserError(f"{path}: its confusion.npz has nothing to read {measure} from; train this cell again")
        return np.stack(list(scores.values()), axis=1)

    def gain(self, recipe: str, baseline: str, condition: Condition, measure: str = "miou") -> np.ndarray:
        """(1 + B, seeds) of recipe minus baseline, paired by seed and by test image, in points of 100.

        Raises:
            UserError: the two sides of a pair were tested on different images.
        """
        for pair in zip(*(self.experiment.cells(r, condition) for r in (recipe, baseline)), strict=True):
            if self.scores[pair[0]].images != self.scores[pair[1]].images:
                raise UserError(f"{pair[0]} and {pair[1]} were tested on different images; train both again")
        return 100 * (self.score(measure, recipe, condition) - self.score(measure, baseline, condition))

    def mean(self, measure: str, recipe: str, condition: Condition) -> Interval:
        """Mean over seeds with its interval, fractions."""
        return interval(self.score(measure, recipe, condition), self.experiment.groups([recipe]))

    def mean_gain(self, recipe: str, baseline: str, condition: Condition) -> Interval:
        """Mean paired mIoU gain with its interval, points."""
        if recipe == baseline:
            return Interval(0.0, 0.0, 0.0)
        gains = self.gain(recipe, baseline, condition)
        return interval(gains, self.experiment.groups([recipe, baseline]))
