"""The paper's claims, from made-up cells."""

import json
from pathlib import Path

import numpy as np
import pytest
from depth2seg.errors import UserError
from depth2seg.reporting.cells import write_cells as gather
from depth2seg.reporting.claims import verdict, write_claims
from depth2seg.reporting.table import write_table
from reporting_study import PRETRAINING, SIZES, SUPERVISION, gathered, read

COLUMNS = ("claim", "statement", "experiment", "effect", "low", "high", "pairs", "verdict", "paper")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return gathered(tmp_path)


def test_claims_have_the_columns_of_the_contract(results: Path):
    out = results / "claims.csv"
    write_claims([PRETRAINING, SUPERVISION, SIZES], results / "cells.csv", results, out)
    rows = read(out)
    assert tuple(rows[0]) == COLUMNS
    names = ["C1", "C2", "C3", "C4a", "C4b", "C5", "C6", "C7", "C8a", "C8b", "C8c", "C8d", "C9", "C10"]
    assert [r["claim"] for r in rows] == names
    by_name = {r["claim"]: r for r in rows}
    assert by_name["C1"]["paper"] == "+5.8 mIoU, +5.2 pixel accuracy"
    assert {by_name[c]["experiment"] for c in ("C1", "C2", "C3")} == {"pretraining"}
    assert {by_name[c]["experiment"] for c in ("C4a", "C4b")} == {"supervision"}
    untested = {"C5", "C6", "C7", "C8b", "C8c", "C8d", "C9", "C10"}
    assert {name for name, row in by_name.items() if row["verdict"] == "not tested"} == untested
    assert by_name["C8a"]["experiment"] == "train-size"
    for name in set(by_name) - untested:
        row = by_name[name]
        assert row["pairs"] == "3"
        assert float(row["low"]) <= float(row["effect"]) <= float(row["high"])
        assert row["verdict"] == verdict(row["low"], row["high"])


def test_claims_take_the_difference_of_the_right_recipes(results: Path):
    write_claims([SUPERVISION, PRETRAINING], results / "cells.csv", results, results / "claims.csv")
    by_name = {r["claim"]: r for r in read(results / "claims.csv")}
    cells = read(results / "cells.csv")

    def mean(*recipes: str) -> float:
        return 100 * np.mean([float(c["miou"]) for c in cells if c["recipe"] in recipes and c["train_size"] == "16"])

    depth = mean("depth-video", "depth-stereo", "depth-lidar")
    expected = {
        "C1": mean("depth-video") - mean("objects"),
        "C2": depth - mean("none"),  # of the experiment that comes first, all its depth recipes
        "C3": mean("depth-video") - mean("flow"),
        "C4a": mean("depth-lidar") - mean("depth-stereo"),
        "C4b": mean("depth-stereo") - mean("depth-video"),
    }
    for name, effect in expected.items():
        assert float(by_name[name]["effect"]) == pytest.approx(effect, abs=0.006), name
    assert by_name["C2"]["pairs"] == "9"


def test_convergence_and_robustness_are_shares_of_a_runs_own_final_miou(results: Path):
    block = PRETRAINING | {"measures": ["convergence", "robustness"]}
    write_claims([block], results / "cells.csv", results, results / "claims.csv")
    by_name = {r["claim"]: r for r in read(results / "claims.csv")}

    def share(recipe: str, name: str) -> float:
        found = [
            json.loads(path.read_text()) for path in results.glob(f"finetune/streets/{recipe}/**/n16/*/metrics.json")
        ]
        return 100 * np.mean([np.mean(list(m[name].values())) / m["miou"] for m in found])

    for claim, name in (("C5", "miou_along"), ("C6", "miou_scaled")):
        expected = share("depth-video", name) - share("objects", name)
        assert float(by_name[claim]["effect"]) == pytest.approx(expected, abs=0.01)
        assert by_name[claim]["experiment"] == "pretraining"
    assert by_name["C5"]["verdict"] == "supported"  # by the making of the cells


def test_a_cell_that_was_not_evaluated_along_the_way_is_named(results: Path):
    path = results / "finetune/streets/objects/resnet18/full/n16/seed1/confusion.npz"
    with np.load(path) as file:
        np.savez(path, **{name: file[name] for name in file.files if name != "along"})
    block = PRETRAINING | {"measures": ["convergence"]}
    with pytest.raises(UserError, match=r"objects/resnet18/full/n16/seed1: .* convergence"):
        write_claims([block], results / "cells.csv", results, results / "claims.csv")


def write_activations(path: Path, lifts: dict[str, float], seeds: int = 3) -> None:
    rng = np.random.default_rng(3)
    images = rng.normal(0.6, 0.05, 20)
    recipes = [recipe for recipe in lifts for _ in range(seeds)]
    scores = np.stack([images + lifts[recipe] + rng.normal(0, 0.01, (5, 20)) for recipe in recipes])
    scores[:, :, 4] = np.nan  # an image of one class
    np.savez(path, scores=scores, recipes=recipes, seeds=[*range(seeds)] * len(lifts), sequences=[""] * 20)


def test_activations_are_compared_by_seed_and_image(results: Path):
    path = results / "activations.npz"
    write_activations(path, {"none": 0.0, "objects": 0.02, "depth-video": 0.05, "flow": 0.0})
    write_claims([PRETRAINING], results / "cells.csv", results, results / "claims.csv", path)
    row = {r["claim"]: r for r in read(results / "claims.csv")}["C7"]
    assert float(row["effect"]) == pytest.approx(3, abs=0.5) and row["verdict"] == "supported"
    assert (row["pairs"], row["experiment"]) == ("3", "pretraining")
    write_activations(path, {"none": 0.0, "objects": 0.02})
    with pytest.raises(UserError, match="no encoder of recipe 'depth-video'"):
        write_claims([PRETRAINING], results / "cells.csv", results, results / "claims.csv", path)


def test_a_gain_that_holds_across_sizes_is_held_against_the_weakest(results: Path):
    write_claims([SIZES], results / "cells.csv", results, results / "claims.csv")
    row = {r["claim"]: r for r in read(results / "claims.csv")}["C8a"]
    lows = []
    for size in (8, 16):
        write_table(SIZES | {"train_sizes": [size]}, results / "cells.csv", results, results / "t.csv")
        one = read(results / "t.csv")[1]
        lows.append((float(one["miou_gain_low"]), one["miou_gain"]))
    assert (float(row["low"]), row["effect"]) == min(lows)


def test_a_claim_is_averaged_over_conditions_within_seeds(results: Path):
    write_claims([SIZES], results / "cells.csv", results, results / "claims.csv")
    by_name = {r["claim"]: r for r in read(results / "claims.csv")}
    assert by_name["C2"]["pairs"] == "6"
    assert by_name["C1"]["verdict"] == "not tested"  # no classification in this study
    assert (by_name["C1"]["experiment"], by_name["C1"]["effect"]) == ("", "")


def test_flow_is_compared_with_depth_of_the_same_video_only(results: Path):
    for path in results.rglob("flow/**/metrics.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"source": "elsewhere"}))
    gather(results.rglob("metrics.json"), results / "cells.csv")
    write_claims([PRETRAINING], results / "cells.csv", results, results / "claims.csv")
    assert {r["claim"]: r["verdict"] for r in read(results / "claims.csv")}["C3"] == "not tested"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("0.01", "2.00", "supported"),
        ("-2.00", "-0.01", "contradicted"),
        ("-0.10", "3.00", "undecided"),
        ("0.00", "3.00", "undecided"),
        ("", "", "not tested"),
    ],
)
def test_verdict_follows_from_the_interval(low: str, high: str, expected: str):
    assert verdict(low, high) == expected
