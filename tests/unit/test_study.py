"""Recipes, cells and experiments of a study, and what a job is given of them."""

import json
import subprocess
import sys

import pytest
import studies
import yaml
from depth2seg.errors import UserError
from depth2seg.study import Cell, load_study

HEAVY = ["torch", "pandas", "numpy", "pyarrow", "mmengine", "mmseg", "matplotlib", "mitsuba", "cv2"]


@pytest.fixture
def study():
    return load_study(yaml.safe_load(studies.SMOKE.read_text()))


@pytest.mark.parametrize("config", studies.CONFIGS, ids=lambda config: config.stem)
def test_every_config_is_valid_and_has_results_of_its_own(config):
    study = load_study(yaml.safe_load(config.read_text()))
    assert study.cells
    others = [yaml.safe_load(other.read_text())["results"] for other in studies.CONFIGS if other != config]
    assert study.config.results not in others


@pytest.mark.parametrize("module", ["depth2seg.study", "depth2seg.data.index"])
def test_what_the_snakefile_imports_is_light(module):
    program = f"import {module}, sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    environment = studies.environment() | {"PYTHONPATH": str(studies.REPO / "workflow")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_cell_and_its_path_are_made_from_each_other(study):
    for cell in study.cells:
        assert Cell.from_path(cell.path) == cell
        assert Cell.from_path(f"results/smoke/{cell.path}/metrics.json") == cell
    assert study.experiment_cells("pretraining")[0].path.startswith("finetune/smoke-streets/none/")


@pytest.mark.parametrize("path", ["", "finetune/a/b/resnet18/unet/n4", "finetune/a/b/resnet18/unet/nx/seed0"])
def test_another_path_is_no_cell(path):
    with pytest.raises(UserError, match="is no cell's path"):
        Cell.from_path(path)


def test_imported_weights_say_what_they_learnt_from():
    paper = load_study(yaml.safe_load((studies.REPO / "config" / "paper.yaml").read_text()))
    learnt = {}
    for cell in paper.experiment_cells("starts") + paper.experiment_cells("pretraining"):
        settings = json.loads(paper.finetune_settings(cell))
        learnt[cell.recipe] = (settings["task"], settings["supervision"])
    assert learnt["classification"] == ("imported", "classification")
    assert learnt["moco-v2"] == learnt["maskcontrast"] == ("imported", "contrastive")
    assert learnt["coco"] == ("imported", "segmentation")
    assert learnt["inpainting"] == ("inpainting", None)


def test_cells_are_the_experiments_cells_each_once(study):
    of_experiments = [cell for name in study.config.experiments for cell in study.experiment_cells(name)]
    assert len(of_experiments) > len(set(of_experiments))  # the smoke study shares cells
    assert study.cells == sorted(set(of_experiments))


def test_networks_include_those_that_others_start_from(study):
    networks = set(study.networks)
    assert ("depth-video-after-classification", "resnet18", 0) in networks
    assert ("classification", "resnet18", 0) in networks
    assert all(seed < study.recipe(recipe).seeds for recipe, _, seed in networks)


def test_seeds_of_fine_tuning_go_round_those_of_pretraining(study):
    assert [study.pretraining_seed("depth-video", seed) for seed in range(4)] == [0, 1, 0, 1]


def test_a_label_is_in_no_training_jobs_settings(study):
    values = yaml.safe_load(studies.SMOKE.read_text())
    values["recipes"]["flow"]["label"] = values["settings"]["unet"]["label"] = "renamed"
    renamed = load_study(values)
    cell = next(cell for cell in study.cells if cell.recipe == "flow")
    assert renamed.finetune_settings(cell) == study.finetune_settings(cell)
    assert renamed.pretrain_settings("flow", "resnet18", 0) == study.pretrain_settings("flow", "resnet18", 0)
    assert renamed.experiment_settings("flow") != study.experiment_settings("flow")


def test_figures_of_networks_know_every_recipes_label(study):
    labels = json.loads(study.label_settings())["recipe_labels"]
    assert labels.keys() == study.config.recipes.keys()
    assert labels["depth-stereo"] == "Depth (stereo)"


def test_settings_are_one_text_whatever_the_order_of_keys(study):
    values = yaml.safe_load(studies.SMOKE.read_text())
    turned = {key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in values.items()}
    cell = study.cells[0]
    assert load_study(turned).finetune_settings(cell) == study.finetune_settings(cell)
    assert json.loads(study.finetune_settings(cell))["seed"] == cell.seed


def test_an_unknown_name_is_told_with_the_known_ones(study):
    with pytest.raises(UserError, match=r"'deepth' is not in the study 'smoke'.*depth-video"):
        study.recipe("deepth")
