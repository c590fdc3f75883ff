"""Boundary alignment against scikit-learn and by hand, and the verb that compares encoders."""

import csv
import json

import numpy as np
import pytest
import recipes
from depth2seg.__main__ import main
from depth2seg.evaluation.boundaries import boundary_alignment, label_boundaries, roc_area
from depth2seg.evaluation.confusion import IGNORE
from depth2seg.training import pretrain
from sklearn.metrics import roc_auc_score
from synthetic import write_street


def test_boundaries_are_both_sides_of_a_change():
    labels = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 1, IGNORE]])
    expected = [[0, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]]
    assert label_boundaries(labels).astype(int).tolist() == expected
    assert not label_boundaries(np.full((3, 3), 5)).any()
    assert not label_boundaries(np.array([[IGNORE, 1], [IGNORE, 1]])).any()


@pytest.mark.parametrize("ties", [False, True])
def test_area_is_scikit_learns(ties):
    rng = np.random.default_rng(0)
    for _ in range(5):
        scores, positive = rng.normal(size=200), rng.random(200) < 0.3
        scores = scores.round() if ties else scores
        assert roc_area(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
    assert np.isnan(roc_area(scores, np.zeros(200, bool)))


def test_alignment_is_high_where_values_change_with_the_labels():
    labels = np.zeros((32, 64), np.uint8)
    labels[:, 20:] = 1
    labels[10:, 40:] = 2
    rng = np.random.default_rng(0)
    aligned = boundary_alignment(labels + 0.01 * rng.normal(size=labels.shape), labels)
    assert aligned > 0.99
    assert boundary_alignment(7 * labels.astype(float), labels) == pytest.approx(1.0)
    assert boundary_alignment(rng.normal(size=labels.shape), labels) == pytest.approx(0.5, abs=0.1)
    assert boundary_alignment(np.roll(labels, 8, axis=1).astype(float), labels) < 0.7
    assert np.isnan(boundary_alignment(rng.normal(size=(8, 8)), np.zeros((8, 8))))


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The verb's results for two random encoders."""
    folder = tmp_path_factory.mktemp("activations")
    write_street(folder / "packed")
    for seed in (0, 1):
        settings = recipes.recipe("none").model_dump() | {"recipe": "none", "backbone": "resnet18", "seed": seed}
        pretrain.pretrain(settings, None, None, folder / f"seed{seed}", folder, 1)
    encoders = [str(folder / f"seed{seed}" / "encoder.pth") for seed in (0, 1)]
    arguments = ["activations", "--packed", str(folder / "packed"), "--images", "2", "--out", str(folder / "out")]
    assert main([*arguments, *encoders]) == 0
    return folder


def test_each_level_of_each_encoder_has_a_score(compared):
    rows = list(csv.DictReader((compared / "out" / "activations.csv").open()))
    assert [(row["seed"], row["stride"]) for row in rows] == [(s, str(2**k)) for s in "01" for k in range(1, 6)]
    assert all(0 <= float(row["boundary_alignment"]) <= 1 for row in rows)
    assert len({row["boundary_alignment"] for row in rows}) > 5


def test_scores_are_kept_by_image(compared):
    with np.load(compared / "out" / "activations.npz") as file:
        scores, recipes, seeds, sequences = (file[name] for name in ("scores", "recipes", "seeds", "sequences"))
    assert recipes.tolist() == ["none", "none"] and seeds.tolist() == [0, 1]
    assert scores.shape == (2, 5, len(sequences))
    rows = list(csv.DictReader((compared / "out" / "activations.csv").open()))
    means = [float(row["boundary_alignment"]) for row in rows]
    assert np.nanmean(scores, axis=2).ravel() == pytest.approx(means, abs=1e-4)


def test_the_figure_shows_every_encoder(compared):
    block = json.dumps({"recipe_labels": {"none": "Random"}})
    drawn = compared / "activations.pdf"
    npz = str(compared / "out" / "activations.npz")
    assert main(["figure", "--name", "activations", "--settings", block, "--out", str(drawn), npz]) == 0
    assert drawn.stat().st_size > 5000 and drawn.with_suffix(".png").is_file()


def test_frames_that_are_not_there_are_an_error(compared, tmp_path, capsys):
    encoder = str(compared / "seed0" / "encoder.pth")
    missing = str(tmp_path / "nothing")
    assert main(["activations", "--packed", missing, "--out", str(tmp_path / "out"), encoder]) == 1
    assert "nothing" in capsys.readouterr().err and not (tmp_path / "out").exists()
