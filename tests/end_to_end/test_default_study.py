"""The default study's pre-training learns its task: on held-out frames it beats the best trivial guess, by a margin.

The config as it is, with all its data and steps, one seed of each network: minutes, the slowest test here.
"""

import json

import pytest
import studies

CONFIG = studies.REPO / "config" / "config.yaml"
# The largest share of the trivial guess's error that still counts as clearly below it.
CLEARLY = 0.9
MEASURES = {"depth-lidar": "abs_rel", "depth-video": "abs_rel", "flow": "epe"}


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """The metrics.json of each recipe of ``MEASURES``, seed 0."""
    folder = tmp_path_factory.mktemp("default")
    paths = {recipe: f"results/pretrain/{recipe}/resnet18/seed0/metrics.json" for recipe in MEASURES}
    studies.run(folder, *paths.values(), config=CONFIG)
    return {recipe: json.loads((folder / path).read_text()) for recipe, path in paths.items()}


@pytest.mark.parametrize(("recipe", "measure"), MEASURES.items())
def test_pretraining_beats_the_trivial_guess(networks, recipe, measure):
    metrics = networks[recipe]
    assert 0 < metrics["errors"][measure] < CLEARLY * metrics["baseline"][measure]


def test_depth_errors_are_whole(networks):
    for recipe in ("depth-lidar", "depth-video"):
        errors = networks[recipe]["errors"]
        assert errors["rmse"] > 0
        assert 0 < errors["delta1"] <= 1
