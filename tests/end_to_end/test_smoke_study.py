"""The smoke study from nothing to its report: everything that the default target promises is there and agrees."""

import json

import pandas as pd
import pytest
import studies
import yaml
from depth2seg.data.classes import TABLES
from depth2seg.study import load_study
from PIL import Image

STUDY = load_study(yaml.safe_load(studies.SMOKE.read_text()))
EXPERIMENTS = list(STUDY.config.experiments)
FIGURES = [
    "claims",
    "predictions",
    "convergence",
    "activations",
    "depth-maps",
    "flow-maps",
    "inpainting-pictures",
    "contrastive-pictures",
]
CELL_COLUMNS = [
    "cell",
    "dataset",
    "recipe",
    "source",
    "task",
    "supervision",
    "init",
    "backbone",
    "setting",
    "head",
    "transfer",
    "frozen",
    "train_size",
    "height",
    "width",
    "seed",
    "protocol",
    "miou",
    "miou_per_image",
    "pixel_accuracy",
    "mean_accuracy",
]
TABLE_COLUMNS = [
    "experiment",
    "dataset",
    "recipe",
    "source",
    "backbone",
    "setting",
    "head",
    "transfer",
    "frozen",
    "train_size",
    "height",
    "width",
    "protocol",
    "seeds",
    "miou",
    "miou_low",
    "miou_high",
    "pixel_accuracy",
    "pixel_accuracy_low",
    "pixel_accuracy_high",
    "baseline",
    "miou_gain",
    "miou_gain_low",
    "miou_gain_high",
]


@pytest.fixture(scope="module")
def cells(smoke):
    return pd.read_csv(smoke.results / "tables" / "cells.csv")


def test_every_cell_is_one_row_with_the_designs_columns(cells):
    assert sorted(cells["cell"]) == sorted(cell.path for cell in STUDY.cells)
    names = [name.replace(" ", "_") for name in TABLES["cityscapes"].names]
    columns = [column for column in cells.columns if column not in ("miou_kitti7", "miou_kitti7_per_image")]
    costs = ["iterations", "train_seconds", "peak_memory_mb", "image", "commit"]
    assert columns == [*CELL_COLUMNS, *(f"iou_{name}" for name in names), *costs]
    for column in ("miou", "miou_per_image", "pixel_accuracy", "mean_accuracy"):
        assert cells[column].between(0, 1).all()
    assert (cells["peak_memory_mb"] < 3000).all()


def test_a_row_says_what_its_metrics_say(smoke, cells):
    for row in cells.itertuples():
        metrics = json.loads((smoke.results / row.cell / "metrics.json").read_text())
        assert (metrics["miou"], metrics["seed"], metrics["protocol"]) == (
            pytest.approx(row.miou, abs=1e-6),
            row.seed,
            row.protocol,
        )


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_experiments_table_has_a_row_a_condition(smoke, experiment):
    table = pd.read_csv(smoke.results / "tables" / f"{experiment}.csv")
    chosen = STUDY.config.experiments[experiment]
    conditions = {(c.recipe, c.backbone, c.setting, c.train_size) for c in STUDY.experiment_cells(experiment)}
    assert list(table.columns) == TABLE_COLUMNS
    assert set(zip(table.recipe, table.backbone, table.setting, table.train_size, strict=True)) == conditions
    assert len(table) == len(conditions)
    assert (table["seeds"] == chosen.seeds).all()
    assert (table["baseline"] == chosen.baseline).all()
    assert (table.loc[table["recipe"] == chosen.baseline, "miou_gain"] == 0).all()


def test_the_table_of_all_is_the_experiments_tables(smoke):
    tables = smoke.results / "tables"
    parts = [(tables / f"{name}.csv").read_text().splitlines() for name in EXPERIMENTS]
    expected = [parts[0][0], *(row for part in parts for row in part[1:])]
    assert (tables / "all.csv").read_text().splitlines() == expected


def test_claims_are_tested_where_the_study_has_what_it_takes_and_the_others_listed(smoke):
    claims = pd.read_csv(smoke.results / "tables" / "claims.csv").set_index("claim")
    assert {name[:2] for name in claims.index if not name.startswith("C10")} == {f"C{i}" for i in range(1, 10)}
    assert "C10" in claims.index
    # One size, one backbone with depth; no Depth Anything; other self-supervised starts with a single seed.
    untested = claims.index.isin(["C8b", "C8c", "C9", "C10"])
    assert claims.loc[~untested, "verdict"].isin(["supported", "contradicted", "undecided"]).all()
    assert (claims.loc[untested, "verdict"] == "not tested").all()


@pytest.mark.parametrize("name", [*EXPERIMENTS, *FIGURES])
def test_a_figure_shows_something(smoke, name):
    figures = smoke.results / "figures"
    assert (figures / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(figures / f"{name}.png") as image:
        assert min(image.size) > 200
        assert len(image.convert("L").getcolors()) > 20


def test_the_page_holds_every_table_and_figure(smoke):
    page = (smoke.results / "report.html").read_text()
    for name in [*EXPERIMENTS, *FIGURES]:
        assert f"results/smoke/figures/{name}.png" in page
    for name in [*EXPERIMENTS, "claims", "cells", "all"]:
        assert f"results/smoke/tables/{name}.csv" in page
    for caption in ("speaks for the claim", "smoothed over a fortieth", "Depth predicted by", "Optical flow predicted"):
        assert caption in page


def test_every_run_left_its_files_and_a_log(smoke):
    for cell in STUDY.cells:
        names = {path.name for path in (smoke.results / cell.path).iterdir()}
        assert {"metrics.json", "history.csv", "confusion.npz", "model.pth", "config.py"} <= names
    for recipe, backbone, seed in STUDY.networks:
        names = {path.name for path in (smoke.results / f"pretrain/{recipe}/{backbone}/seed{seed}").iterdir()}
        assert {"metrics.json", "history.csv", "encoder.pth", "config.py"} <= names
        assert (smoke.results / f"logs/pretrain/{recipe}-{backbone}-seed{seed}.log").exists()
    assert len(list((smoke.results / "logs/finetune").iterdir())) == len(STUDY.cells)
    assert not [path for path in smoke.folder.rglob("*.partial*") if ".snakemake" not in path.parts]
    assert not list((smoke.results / "work").iterdir())


def test_a_person_sees_how_far_it_is(smoke):
    assert "(100%) done" in smoke.printed
    assert "Pre-training depth-video, resnet18, seed 0" in smoke.printed
    assert "step 4/4, loss" in smoke.printed
    assert "s left" in smoke.printed
