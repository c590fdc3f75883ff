"""One experiment's table, one row a recipe and condition; and all of them in one."""

from collections.abc import Iterable
from pathlib import Path

from depth2seg.reporting.cells import read_cells
from depth2seg.reporting.csv_files import FRACTION, POINTS, number, read_csv, write_csv
from depth2seg.reporting.experiment import Evaluated, Experiment

DESCRIPTION = (
    *("dataset", "recipe", "source", "backbone", "setting", "head", "transfer", "frozen", "train_size"),
    *("height", "width", "protocol"),
)
COLUMNS = (
    *("experiment", *DESCRIPTION, "seeds"),
    *("miou", "miou_low", "miou_high", "pixel_accuracy", "pixel_accuracy_low", "pixel_accuracy_high"),
    *("baseline", "miou_gain", "miou_gain_low", "miou_gain_high"),
)


def write_table(settings: dict, cells: Path, results: Path, out: Path) -> None:
    """Write the table of one experiment.

    Args:
        settings: of the experiment, as ``Study.experiment_settings`` gives them.
        cells: cells.csv.
        results: the study's results folder, below which the cells' confusion.npz lie.
        out: the table.

    Raises:
        UserError: a cell of the experiment is missing, or cells.csv and the cells' files disagree.
    """
    experiment = Experiment(settings)
    evaluated = Evaluated(experiment, read_cells(cells), results)
    rows = []
    for condition in experiment.conditions:
        for recipe in experiment.settings["recipes"]:
            described = evaluated.row(recipe, condition)
            row = {key: described[key] for key in DESCRIPTION}
            row |= {"experiment": experiment.name, "seeds": len(experiment.seeds)}
            for measure in ("miou", "pixel_accuracy"):
                row |= _columns(measure, evaluated.mean(measure, recipe, condition), FRACTION)
            baseline = experiment.settings["baseline"]
            row |= {"baseline": baseline}
            row |= _columns("miou_gain", evaluated.mean_gain(recipe, baseline, condition), POINTS)
            rows.append(row)
    write_csv(out, COLUMNS, rows)


def write_all(tables: Iterable[Path], out: Path) -> None:
    """Put experiments' tables one below the other, in the order given; UserError if one is none."""
    write_csv(out, COLUMNS, [row for table in tables for row in read_csv(table, COLUMNS)])


def _columns(name: str, values: tuple[float, float, float], digits: int) -> dict[str, str]:
    return {f"{name}{end}": number(v, digits) for end, v in zip(("", "_low", "_high"), values, strict=True)}
