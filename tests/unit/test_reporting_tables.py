"""cells.csv and experiments' tables, from made-up cells."""

import json
from pathlib import Path

import numpy as np
import pytest
from depth2seg.__main__ import main
from depth2seg.errors import UserError
from depth2seg.evaluation.confusion import metrics
from depth2seg.reporting.cells import read_cells
from depth2seg.reporting.cells import write_cells as gather
from depth2seg.reporting.claims import write_claims
from depth2seg.reporting.csv_files import number
from depth2seg.reporting.experiment import Condition, Evaluated, Experiment
from depth2seg.reporting.table import write_all, write_table
from reporting_study import PRETRAINING, SIZES, SUPERVISION, gathered, read, settings, write_cells

CELLS = (
    *("cell", "dataset", "recipe", "source", "task", "supervision", "init", "backbone", "setting", "head"),
    *("transfer", "frozen", "train_size", "height", "width", "seed", "protocol"),
    *("miou", "miou_per_image", "pixel_accuracy", "mean_accuracy"),
)
ALL = (
    *("experiment", "dataset", "recipe", "source", "backbone", "setting", "head", "transfer", "frozen", "train_size"),
    *("height", "width", "protocol", "seeds", "miou", "miou_low", "miou_high"),
    *("pixel_accuracy", "pixel_accuracy_low", "pixel_accuracy_high"),
    *("baseline", "miou_gain", "miou_gain_low", "miou_gain_high"),
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return gathered(tmp_path)


def rewrite(results: Path, cell: str, change: object) -> None:
    """Change a cell's confusion matrices, and its metrics and cells.csv with them."""
    with np.load(results / cell / "confusion.npz") as file:
        arrays = dict(file)
    arrays["confusion"] = change(arrays["confusion"])
    np.savez(results / cell / "confusion.npz", **arrays)
    path = results / cell / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | metrics(arrays["confusion"], arrays["classes"])))
    gather(results.rglob("metrics.json"), results / "cells.csv")


def test_cells_has_the_columns_of_the_contract(results: Path):
    rows = read(results / "cells.csv")
    columns = list(rows[0])
    assert columns[: len(CELLS)] == list(CELLS)
    assert columns[-5:] == ["iterations", "train_seconds", "peak_memory_mb", "image", "commit"]
    between = columns[len(CELLS) : -5]
    assert between[:2] == ["iou_road", "iou_sidewalk"]
    assert "iou_traffic_light" in between
    assert len(between) == 19
    row = next(r for r in rows if r["recipe"] == "none")
    assert (row["task"], row["supervision"], row["source"], row["image"]) == ("none", "", "", "")
    assert row["iou_train"] == ""  # a class of no test image
    assert len(rows) == 3 * (4 + 2 + 2)  # a cell that two experiments share is there once


def test_cells_of_other_keys_are_refused(tmp_path: Path):
    path = tmp_path / "metrics.json"
    with pytest.raises(UserError, match=r"metrics\.json: not there"):
        gather([path], tmp_path / "cells.csv")
    path.write_text("{")
    with pytest.raises(UserError, match="is no JSON"):
        gather([path], tmp_path / "cells.csv")
    path.write_text('{"cell": "x"}')
    with pytest.raises(UserError, match="lacks dataset"):
        gather([path], tmp_path / "cells.csv")


@pytest.mark.parametrize("value", [None, float("nan"), 41.0])
def test_a_measure_that_is_no_fraction_is_refused(results: Path, value: object):
    path = next(results.rglob("metrics.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"miou": value}))
    with pytest.raises(UserError, match=f"{path}: miou is"):
        gather(results.rglob("metrics.json"), results / "cells.csv")


def test_the_same_cell_twice_is_refused(results: Path):
    path = next(results.rglob("metrics.json"))
    with pytest.raises(UserError, match="two metrics files"):
        gather([path, path], results / "cells.csv")


def test_tables_have_the_columns_of_the_contract_and_the_numbers_of_the_cells(results: Path):
    tables = []
    for block in (PRETRAINING, SIZES):
        tables.append(results / f"{block['experiment']}.csv")
        write_table(block, results / "cells.csv", results, tables[-1])
    write_all(tables, results / "all.csv")
    rows = read(results / "all.csv")
    assert tuple(rows[0]) == ALL
    assert [(r["experiment"], r["recipe"], r["train_size"]) for r in rows] == [
        *(("pretraining", recipe, "16") for recipe in PRETRAINING["recipes"]),
        *(("train-size", recipe, size) for size in ("8", "16") for recipe in SIZES["recipes"]),
    ]
    cells = read(results / "cells.csv")

    def mious(recipe: str, size: str) -> np.ndarray:
        return np.array([float(c["miou"]) for c in cells if (c["recipe"], c["train_size"]) == (recipe, size)])

    for row in rows:
        values = mious(row["recipe"], row["train_size"])
        assert float(row["miou"]) == pytest.approx(values.mean(), abs=1e-4)
        assert float(row["miou_low"]) < float(row["miou"]) < float(row["miou_high"])
        assert float(row["pixel_accuracy_low"]) < float(row["pixel_accuracy"]) < float(row["pixel_accuracy_high"])
        gains = 100 * (values - mious("none", row["train_size"]))
        assert float(row["miou_gain"]) == pytest.approx(gains.mean(), abs=0.01)
        assert row["seeds"] == "3"
    assert (rows[0]["miou_gain"], rows[0]["miou_gain_low"], rows[0]["miou_gain_high"]) == ("0.00", "0.00", "0.00")


def test_gains_are_paired_by_seed(tmp_path: Path):
    """Seeds far apart, but each the same distance from the baseline's: paired, the gain is certain."""
    block = settings("pair", ["none", "objects"])
    gather(write_cells(tmp_path, block), tmp_path / "cells.csv")
    for seed, wrong in enumerate((600, 1500, 2600)):
        for recipe, more in (("none", 0), ("objects", -200)):
            confusion = np.zeros((24, 19, 19), dtype=np.int64)
            confusion[:, 0, 0], confusion[:, 0, 1], confusion[:, 1, 1] = 4000 - wrong - more, wrong + more, 4000
            rewrite(tmp_path, f"finetune/streets/{recipe}/resnet18/full/n16/seed{seed}", lambda _, c=confusion: c)
    write_table(block, tmp_path / "cells.csv", tmp_path, tmp_path / "table.csv")
    row = read(tmp_path / "table.csv")[1]
    width = float(row["miou_gain_high"]) - float(row["miou_gain_low"])
    assert float(row["miou_gain_low"]) > 0
    assert 100 * (float(row["miou_high"]) - float(row["miou_low"])) > 20 * width
    evaluated = Evaluated(Experiment(block), read_cells(tmp_path / "cells.csv"), tmp_path)
    condition = Condition("resnet18", "full", 16)
    mixed = evaluated.score("miou", "objects", condition)[0] - evaluated.score("miou", "none", condition)[0][::-1]
    assert np.ptp(100 * mixed) > 10 * np.ptp(evaluated.gain("objects", "none", condition)[0])


def test_a_seed_without_its_partner_is_refused(results: Path):
    lines = (results / "cells.csv").read_text().splitlines(keepends=True)
    gone = "finetune/streets/none/resnet18/full/n16/seed1"
    (results / "cells.csv").write_text("".join(line for line in lines if not line.startswith(gone)))
    with pytest.raises(UserError, match=f"experiment 'pretraining', first {gone}"):
        write_table(PRETRAINING, results / "cells.csv", results, results / "table.csv")
    with pytest.raises(UserError, match=gone):
        write_claims([PRETRAINING], results / "cells.csv", results, results / "claims.csv")
    assert not (results / "table.csv").exists()
    assert not (results / "claims.csv").exists()


def test_a_cell_without_confusion_matrices_is_refused(results: Path):
    path = results / "finetune/streets/flow/resnet18/full/n16/seed2/confusion.npz"
    path.unlink()
    with pytest.raises(UserError, match=f"{path}: not there"):
        write_table(PRETRAINING, results / "cells.csv", results, results / "table.csv")
    path.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(UserError, match=f"{path}: cannot be read"):
        write_table(PRETRAINING, results / "cells.csv", results, results / "table.csv")


def test_cells_and_files_of_different_runs_are_refused(results: Path):
    path = results / "finetune/streets/flow/resnet18/full/n16/seed2/confusion.npz"
    other = results / "finetune/streets/none/resnet18/full/n16/seed2/confusion.npz"
    path.write_bytes(other.read_bytes())
    with pytest.raises(UserError, match="not of the same run"):
        write_table(PRETRAINING, results / "cells.csv", results, results / "table.csv")


def test_pairs_of_different_test_images_are_refused(results: Path):
    path = results / "finetune/streets/flow/resnet18/full/n16/seed2/confusion.npz"
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **(arrays | {"rows": arrays["rows"] + 1}))
    with pytest.raises(UserError, match=r"flow/.*seed2 and .*none/.*seed2 were tested on different images"):
        write_table(PRETRAINING, results / "cells.csv", results, results / "table.csv")


def test_one_seed_gives_means_without_intervals(tmp_path: Path):
    block = settings("one", ["none", "objects", "depth-video"], seeds=1)
    gather(write_cells(tmp_path, block), tmp_path / "cells.csv")
    write_table(block, tmp_path / "cells.csv", tmp_path, tmp_path / "one.csv")
    assert (row := read(tmp_path / "one.csv")[1])["miou"] != ""
    assert (row["miou_low"], row["miou_gain_high"]) == ("", "")
    write_claims([block], tmp_path / "cells.csv", tmp_path, tmp_path / "claims.csv")
    first = read(tmp_path / "claims.csv")[0]
    assert (first["low"], first["high"], first["verdict"]) == ("", "", "not tested")
    assert first["effect"] != ""


def test_recipes_that_share_a_network_have_wider_intervals(tmp_path: Path):
    block = settings("shared", ["none", "depth-video"], seeds=4)
    gather(write_cells(tmp_path, block), tmp_path / "cells.csv")
    widths = []
    for networks in ({}, {"depth-video": 2}):
        write_table(block | {"pretraining_seeds": networks}, tmp_path / "cells.csv", tmp_path, tmp_path / "t.csv")
        row = read(tmp_path / "t.csv")[1]
        widths.append(float(row["miou_high"]) - float(row["miou_low"]))
    assert widths[0] != widths[1]


def test_numbers_have_fixed_digits():
    assert number(-0.0001, 2) == "0.00"
    assert number(-1.005, 1) == "-1.0"
    assert number(float("nan"), 2) == number(None, 2) == ""


def test_commands_write_the_same_bytes_twice(results: Path):
    files = results / "files.txt"
    found = sorted(map(str, results.rglob("metrics.json")))
    written = []
    for order, name in ((found, "a"), (found[::-1], "b")):
        out = results / name
        files.write_text("\n".join(order))
        where = ["--cells", f"{out}/cells.csv", "--results", str(results)]
        blocks = json.dumps([PRETRAINING, SUPERVISION])
        assert main(["cells", "--out", f"{out}/cells.csv", f"@{files}"]) == 0
        assert main(["table", "--settings", json.dumps(PRETRAINING), *where, "--out", f"{out}/t.csv"]) == 0
        assert main(["all", "--out", f"{out}/all.csv", f"{out}/t.csv"]) == 0
        assert main(["claims", "--settings", blocks, *where, "--out", f"{out}/claims.csv"]) == 0
        written.append({p.name: p.read_bytes() for p in out.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 4


def test_commands_end_with_a_message(results: Path, capsys: pytest.CaptureFixture):
    block = json.dumps(settings("other", ["none", "objects"], (64,)))
    where = ["--cells", f"{results}/cells.csv", "--results", str(results), "--out", f"{results}/t.csv"]
    assert main(["table", "--settings", block, *where]) == 1
    assert "n64/seed0" in capsys.readouterr().err
    assert main(["table", "--settings", "{}", *where]) == 1
    assert "lacks the keys experiment" in capsys.readouterr().err
