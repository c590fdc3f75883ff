"""Runs: what names their work, what ends them, what they start from, their learning rates."""

import math

import pytest
import recipes
import torch
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from depth2seg.study.schema import Schedule, Setting
from depth2seg.training import finetune, pretrain
from depth2seg.training.config import read_config, run_identity, training_config
from depth2seg.training.state import load_tensors
from synthetic import write_street

SCHEDULE = {"iterations": 3, "batch": 2, "lr": 1e-3}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("training") / "packed", labelled=10))


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def settings_of(**changes):
    recipe = recipes.recipe("depth", supervision="stereo", schedule=SCHEDULE)
    return recipe.model_dump() | {"recipe": "depth", "backbone": "resnet18", "seed": 0} | changes


def identity(packed, folder=None, workers=0, **changes):
    config = pretrain.pretrain_config(settings_of(**changes), folder or packed.folder, None, "float32", workers)
    return run_identity(config, pretrain.NAMES, [packed.info])


def test_work_is_named_by_what_changes_the_numbers(packed):
    base = identity(packed)
    assert base == identity(packed, recipe="renamed") == identity(packed, dataset="renamed")
    assert base == identity(packed, workers=4) == identity(packed, folder=str(packed.folder) + "/../packed")
    schedules = ({**SCHEDULE, "lr": 2e-3}, {**SCHEDULE, "iterations": 4}, {**SCHEDULE, "batch": 1})
    complete = [Schedule(**schedule).model_dump() for schedule in schedules]
    others = [identity(packed, schedule=schedule) for schedule in complete]
    others += [identity(packed, seed=1), identity(packed, smoothness=0.5), identity(packed, supervision="lidar")]
    assert len({base, *others}) == 7


def test_a_loss_that_is_no_number_ends_the_run_and_writes_nothing(packed, tmp_path):
    settings = settings_of(schedule=Schedule(**SCHEDULE | {"lr": 1e30}).model_dump())
    with pytest.raises(UserError, match=r"pretrain depth/resnet18/seed0: the loss became (nan|inf) at step \d of 3"):
        pretrain.pretrain(settings, packed.folder, None, tmp_path / "out", tmp_path, 1)
    assert not (tmp_path / "out").exists() and not list(tmp_path.rglob("*.pth"))


def cell_settings(**changes):
    setting = Setting(label="", size=[64, 64], schedule=SCHEDULE).model_dump()
    names = {"dataset": "streets", "recipe": "none", "backbone": "resnet18", "setting": "unet", "source": None}
    names |= {"task": "none", "supervision": None, "init": "random", "train_size": 4, "seed": 0}
    return setting | names | changes


def untrained(folder, **changes):
    settings = recipes.recipe("none").model_dump() | {"recipe": "none", "backbone": "resnet18", "seed": 0}
    pretrain.pretrain(settings | changes, None, None, folder, folder, 1)
    return folder / "encoder.pth"


def test_weights_that_do_not_fit_are_an_error(packed, tmp_path):
    encoder = untrained(tmp_path / "none", backbone="resnet50")
    with pytest.raises(UserError, match=r"encoder weights of recipe 'none' do not fit:\n  conv1|layer1"):
        finetune.finetune(cell_settings(), packed.folder, encoder, tmp_path / "out", tmp_path / "results", 1)
    handed = {"recipe": "flow", "encoder": {}, "decoder": None}
    with pytest.raises(UserError, match=r"recipe 'flow' hands on no decoder; set the setting's transfer to 'encoder'"):
        pretrain.load_part(torch.nn.Linear(1, 1), handed, "decoder")


def test_random_weights_depend_on_the_seed_alone(tmp_path):
    files = [untrained(tmp_path / str(i), seed=seed, recipe="none") for i, seed in enumerate((0, 0, 1))]
    assert files[0].read_bytes() == files[1].read_bytes()
    weights = [load_tensors(file)["encoder"]["conv1.weight"] for file in files]
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(("text", "message"), [(None, "there is no such config"), ("a = 1", "has no `run`")])
def test_only_a_runs_config_reruns(tmp_path, text, message):
    if text:
        (tmp_path / "config.py").write_text(text)
    with pytest.raises(UserError, match=message):
        read_config(tmp_path / "config.py")


def test_schedules_reach_their_learning_rates(packed):
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import PARAM_SCHEDULERS

    expected = {
        "constant": lambda k: 1.0,
        "step": lambda k: 1.0 if k < 3 else 0.1 if k < 5 else 0.01,
        "cosine": lambda k: (1 + math.cos(math.pi * k / 6)) / 2,
        "poly": lambda k: (1 - k / 5) ** 0.9,  # mmengine's ends at 0 in the last step
    }
    risen = {  # over the first two steps; what follows is the policy's, from then on
        "constant": [1 / 3, 2 / 3, 1, 1, 1, 1],
        "step": [1 / 3, 2 / 3, 1, 0.1, 0.1, 0.01],
        "cosine": [1 / 3, 2 / 3, *((1 + math.cos(math.pi * k / 4)) / 2 for k in range(4))],
        "poly": [1 / 3, 2 / 3, *((1 - k / 3) ** 0.9 for k in range(4))],
    }
    cases = [(policy, 0, [factor(k) for k in range(6)]) for policy, factor in expected.items()]
    for policy, warmup, factors in [*cases, *((policy, 2, factors) for policy, factors in risen.items())]:
        block = {"iterations": 6, "batch": 1, "lr": 0.5, "policy": policy, "optimizer": "sgd", "warmup": warmup}
        block |= {"milestones": [3, 5]} if policy == "step" else {}
        schedule = Schedule(**block).model_dump()
        config = training_config("x", "depth2seg.models.segmentor", {}, {}, schedule, 0, "float32", 0)
        wrapper = build_optim_wrapper(torch.nn.Linear(1, 1), config.optim_wrapper)
        schedulers = [PARAM_SCHEDULERS.build({**s, "optimizer": wrapper}) for s in config.param_scheduler]
        rates = []
        for _ in range(6):
            rates.append(wrapper.get_lr()["lr"][0])
            wrapper.optimizer.step()
            [scheduler.step() for scheduler in schedulers]
        assert rates == pytest.approx([0.5 * factor for factor in factors], abs=1e-9), (policy, warmup)
