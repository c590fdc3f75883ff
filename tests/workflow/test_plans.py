"""What Snakemake would run: each study, one target by its path, and what a changed setting reruns."""

import resource
from collections import Counter

import pytest
import studies
import yaml
from depth2seg.study import Cell, load_study


def study_of(config):
    return load_study(yaml.safe_load(config.read_text()))


@pytest.mark.parametrize("config", studies.CONFIGS, ids=lambda config: config.stem)
def test_every_study_is_planned_whole(config, tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    planned = studies.outputs(tmp_path, config=config)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    study = study_of(config)
    results = study.config.results
    finetuned = Counter(
        job.output for job in planned if job.output.endswith("/metrics.json") and job.rule == "finetune"
    )
    assert finetuned == Counter(f"{results}/{cell.path}/metrics.json" for cell in study.cells)
    pretrained = [job.output for job in planned if job.rule == "pretrain" and job.output.endswith("encoder.pth")]
    assert sorted(pretrained) == sorted(f"{results}/pretrain/{r}/{b}/seed{s}/encoder.pth" for r, b, s in study.networks)
    tables = {job.output for job in planned if "/tables/" in job.output}
    names = ["cells", "claims", "all", *study.config.experiments]
    assert tables == {f"{results}/tables/{name}.csv" for name in names}
    assert f"{results}/report.html" in {job.output for job in planned}
    assert seconds < 5  # of this process's children: the time that a person waits for a plan on a free machine


def test_a_cell_of_two_experiments_is_one_job(tmp_path):
    study = study_of(studies.SMOKE)
    shared = [cell for name in ("pretraining", "flow") for cell in study.experiment_cells(name)]
    cell, uses = Counter(shared).most_common(1)[0]
    assert uses == 2
    planned = studies.outputs(tmp_path)
    assert [job.output for job in planned].count(f"results/smoke/{cell.path}/metrics.json") == 1


def test_one_cell_by_its_path_takes_its_ancestors_and_no_more(tmp_path):
    cell = Cell("smoke-streets", "depth-video-after-classification", "resnet18", "unet", 4, 1)
    target = f"results/smoke/{cell.path}/metrics.json"
    planned = studies.outputs(tmp_path, target)
    by_rule = {rule: {job.output for job in planned if job.rule == rule} for rule in {job.rule for job in planned}}
    assert set(by_rule) == {"render", "index", "pack", "pretrain", "finetune"}
    assert target in by_rule["finetune"]
    assert {output.rsplit("/", 1)[0] for output in by_rule["finetune"]} == {f"results/smoke/{cell.path}"}
    assert {output.split("/")[3] for output in by_rule["pretrain"]} == {cell.recipe, "classification"}
    assert by_rule["pack"] == {
        "results/smoke/data/smoke-streets/64x128",
        "results/smoke/data/smoke-objects/64x64",
    }
    assert len(by_rule["index"]) == 2


def test_a_cell_outside_every_experiment_can_be_asked_for(tmp_path):
    cell = Cell("smoke-streets", "flow", "resnet50", "unet-frozen", 3, 7)
    planned = studies.outputs(tmp_path, f"results/smoke/{cell.path}/metrics.json")
    assert f"results/smoke/{cell.path}/model.pth" in {job.output for job in planned}


def test_an_unknown_recipe_in_a_path_is_named(tmp_path):
    target = "results/smoke/finetune/smoke-streets/deepth/resnet18/unet/n4/seed0/metrics.json"
    done = studies.snakemake(tmp_path, "--dry-run", target)
    assert done.returncode != 0
    assert "deepth" in done.stdout


def changed_rules(smoke, tmp_path, changes):
    """Outputs to be made anew once the config is edited, by rule; without the page, which shows the config's path."""
    changed = studies.pending(smoke.folder, config=studies.edited(tmp_path, changes))
    rules = {rule: {job.output for job in changed if job.rule == rule} for rule in {job.rule for job in changed}}
    rules.pop("report_page", None)
    return rules


def test_a_finished_study_has_nothing_to_do(smoke):
    assert not studies.pending(smoke.folder)
    assert "Nothing to be done" in studies.run(smoke.folder, options=["--dry-run"])


def test_a_label_retrains_nothing(smoke, tmp_path):
    changed = changed_rules(smoke, tmp_path, {"recipes.flow.label": "Flow", "settings.unet.label": "Net"})
    assert changed
    assert not {"render", "index", "pack", "pretrain", "finetune", "cells"} & set(changed)


def test_the_fine_tuning_rate_reruns_that_setting_and_no_pretraining(smoke, tmp_path):
    changed = changed_rules(smoke, tmp_path, {"settings.unet-frozen.schedule.lr": 1.0e-3})
    assert not {"render", "index", "pack", "pretrain"} & set(changed)
    assert {output.split("/")[6] for output in changed["finetune"]} == {"unet-frozen"}
    assert {"cells", "experiment_table", "all_table", "claims", "experiment_figure"} <= set(changed)


def test_a_recipes_rate_reruns_it_what_starts_from_it_and_their_cells(smoke, tmp_path):
    changed = changed_rules(smoke, tmp_path, {"recipes.classification.schedule.lr": 1.0e-3})
    affected = {"classification", "depth-video-after-classification"}
    assert {output.split("/")[3] for output in changed["pretrain"]} == affected
    assert {output.split("/")[4] for output in changed["finetune"]} == affected
    assert not {"render", "index", "pack"} & set(changed)


def test_one_more_seed_adds_its_cells_and_keeps_the_others(smoke, tmp_path):
    changed = changed_rules(smoke, tmp_path, {"experiments.pretraining.seeds": 3})
    assert {output.split("/")[8] for output in changed["finetune"]} == {"seed2"}
    assert not {"render", "index", "pack", "pretrain"} & set(changed)


def test_another_scene_seed_rerenders_that_data_set_alone(smoke, tmp_path):
    changed = changed_rules(smoke, tmp_path, {"datasets.smoke-objects.seed": 8})
    assert {output.split("/")[1] for output in changed["render"]} == {"smoke-objects"}
    assert {output.split("/")[3] for output in changed["index"]} == {"smoke-objects"}


def test_a_moved_data_folder_is_taken_up(tmp_path):
    done = studies.snakemake(tmp_path, "--config", "data_root=elsewhere", "--summary")
    assert done.returncode == 0, done.stdout
    assert "elsewhere/smoke-streets/manifests/" in done.stdout
