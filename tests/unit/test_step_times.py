"""Kinds of training step: their names, that a study's are all found, and that each can be measured, run small."""

import math
import os
import signal

import pytest
import studies
import synthetic  # noqa: F401  one thread
import yaml
from depth2seg.__main__ import main
from depth2seg.benchmark import ours, study_steps
from depth2seg.benchmark.configs import job_config
from depth2seg.benchmark.processes import StepProcess
from depth2seg.errors import UserError
from depth2seg.study import load_study
from depth2seg.study.plan import plan
from depth2seg.study.schema import Setting, recipe_block
from depth2seg.study.step_kinds import StepKind, examples, finetuning, pretraining
from depth2seg.study.step_times import read
from depth2seg.training.runner import train

SCHEDULE = {"iterations": 100, "batch": 8, "lr": 1e-4}
COMMON = {"label": "", "size": [64, 128], "schedule": SCHEDULE}


def study_of(config):
    return load_study(yaml.safe_load(config.read_text()))


@pytest.mark.parametrize(
    ("keys", "backbone", "name"),
    [
        ({"task": "flow"}, "resnet18", "flow"),
        ({"task": "depth", "supervision": "video+stereo"}, "resnet18", "depth-video+stereo"),
        ({"task": "depth", "supervision": "dense", "decoder": "dpt"}, "vit-base", "depth-dense-dpt"),
        ({"task": "inpainting", "decoder": "deeplabv3"}, "resnet50", "inpainting-deeplabv3"),
        ({"task": "masked"}, "vit-small", "masked"),
    ],
)
def test_a_pretraining_step_is_named_by_what_it_costs(keys, backbone, name):
    recipe = recipe_block(dataset="streets", **COMMON, **keys)
    assert pretraining(recipe, backbone) == StepKind(name, backbone, 64, 128, 8)


@pytest.mark.parametrize(
    ("keys", "backbone", "name"),
    [
        ({}, "resnet18", "finetune-depth-decoder"),
        ({"head": "dpt"}, "vit-base", "finetune-dpt"),
        ({"head": "deeplabv3", "output_stride": 16}, "resnet50", "finetune-deeplabv3"),
        ({"head": "deeplabv3", "output_stride": 8}, "resnet50", "finetune-deeplabv3-os8"),
        ({"frozen": True}, "resnet18", "finetune-depth-decoder-frozen"),
        ({"frozen": True, "protocol": "released"}, "resnet18", "finetune-depth-decoder"),
    ],
)
def test_a_finetuning_step_is_named_by_what_it_costs(keys, backbone, name):
    assert finetuning(Setting(**COMMON, **keys), backbone) == StepKind(name, backbone, 64, 128, 8)


def test_a_crop_is_what_the_network_sees():
    kind = finetuning(Setting(crop=[32, 64], **COMMON), "resnet18")
    assert (kind.height, kind.width) == (32, 64)


@pytest.mark.parametrize("config", studies.CONFIGS, ids=lambda config: config.stem)
def test_every_training_job_of_a_study_has_its_kind(config):
    study = study_of(config)
    networks = [(study.recipe(name), backbone) for name, backbone, _ in study.networks]
    wanted = {pretraining(recipe, backbone) for recipe, backbone in networks if recipe.schedule}
    wanted |= {finetuning(study.setting(cell.setting), cell.backbone) for cell in study.cells}
    found = examples(study)
    assert found.keys() == wanted
    assert all(example.settings["schedule"]["batch"] == kind.batch for kind, example in found.items())
    assert all(kind.batch == 2 for kind in examples(study, largest_batch=2))


def test_the_papers_steps_were_measured_on_one_machine():
    measured = [row for row in read() if row.source.startswith("measured by")]
    assert len({row.device for row in measured}) == 1
    steps = {StepKind(row.step, row.backbone, row.height, row.width, row.batch) for row in measured}
    assert examples(study_of(studies.REPO / "config" / "paper.yaml"), largest_batch=2).keys() <= steps


def kinds_of_smoke():
    """Every task, and every head: with a crop, frozen, of the released protocol."""
    return examples(study_of(studies.SMOKE), largest_batch=2).items()


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("frames"), {}
    return lambda example: study_steps.frames_of(folder, example, made, 1)


@pytest.mark.parametrize(("kind", "example"), [pytest.param(*item, id=item[0].step) for item in kinds_of_smoke()])
def test_every_kind_of_step_can_be_taken(tmp_path, packed, kind, example):
    config = job_config(example, 1, packed(example), "float32", 0)
    assert config.train_dataloader.batch_size == kind.batch
    _, history = train(config, tmp_path)
    assert len(history) == 1 and math.isfinite(history[0][1])


def test_measured_steps_are_planned_with(tmp_path):
    few = {"title": "", "dataset": "smoke-streets", "recipes": ["none", "classification"], "backbones": ["resnet18"]}
    few |= {"settings": ["deeplabv3"], "train_sizes": [4], "seeds": 1, "baseline": "none"}
    config, out = studies.edited(tmp_path, {"experiments": {"few": few}}), tmp_path / "steps.csv"
    measured = ["step-times", "--config", str(config), "--repeats", "1", "--threads", "1", "--out", str(out)]
    assert main(measured) == 0
    times = read(str(out))[:2]
    assert [(row.step, row.height, row.width, row.batch, row.cores) for row in times] == [
        ("classification", 64, 64, 2, 1),
        ("finetune-deeplabv3", 64, 96, 2, 1),
    ]
    assert all(row.seconds > 0 and row.device.startswith("1 core, ") for row in times)
    assert all("depth2seg step-times at " in row.source for row in times)
    config = studies.edited(tmp_path, {"step_times": str(out)}, config)
    trained = [row for row in plan(study_of(config)) if row["stage"] in ("pretrain", "finetune")]
    for row, time in zip(trained, times, strict=True):
        assert row["core_hours"] == pytest.approx(row["jobs"] * 4 * time.seconds / 3600)
        assert f"s a step on {time.device} (depth2seg step-times" in row["note"]


def test_a_step_that_fails_is_named_and_loses_no_other(tmp_path, monkeypatch, capsys):
    def steps(example, *rest):
        if example.settings.get("task") == "flow":
            raise UserError("CUDA out of memory")
        return {"name": "GPU", "cores": 0, "precision": "bfloat16"}, [0.3, 0.1, 0.2]

    monkeypatch.setattr(study_steps, "_steps", steps)
    monkeypatch.setattr(study_steps, "frames_of", lambda *rest: None)
    out = tmp_path / "steps.csv"
    assert main(["step-times", "--config", str(studies.SMOKE), "--batch", "2", "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert "1 of 15 kinds of step could not be measured" in told and f"{out} has the other 14" in told
    assert "flow resnet18, 128 x 64, batch 2: CUDA out of memory" in told
    times = read(str(out))[: len(examples(study_of(studies.SMOKE))) - 1]
    assert {(row.seconds, row.device, row.on_gpu) for row in times} == {(0.2, "GPU", True)}
    assert "flow" not in {row.step for row in times}


def no_memory(*_):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.\nMore of it")


def a_bug(*_):
    raise RuntimeError("shapes do not match")


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("configure", "told"),
    [
        (no_memory, "^DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.$"),
        (killed, "killed, as the system does when memory runs out"),
        (a_bug, "ended with code 1; what it printed says why"),
    ],
)
def test_a_process_that_cannot_step_says_why(tmp_path, configure, told):
    with pytest.raises(UserError, match=told), StepProcess(ours.serve, configure, tmp_path, 1) as process:
        process.answer()


def test_the_processor_is_named(tmp_path):
    described = tmp_path / "cpuinfo"
    described.write_text("processor\t: 0\nmodel name\t: Fast  CPU @ 2 GHz\nflags\t: fpu\n")
    assert ours.cpu_name(8, described) == "8 cores, Fast CPU @ 2 GHz"
    assert ours.cpu_name(1, tmp_path / "none").startswith("1 core, ")
