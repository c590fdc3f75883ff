"""Killed at any step and started again, a run ends with the same bytes as one never killed; and config.py reruns it.

Each run is a process of its own, ended by SIGKILL. They are forked from one server that has the imports behind it,
but for one run of the command as a person would type it.
"""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import depth2seg
import pytest
import recipes
import torch
from depth2seg.study.schema import Setting
from depth2seg.study.task_specs import task_specs
from depth2seg.training.state import load_tensors
from synthetic import write_classes, write_street

PACKAGE = str(Path(depth2seg.__file__).parents[1])
SCHEDULE = {"iterations": 3, "batch": 2, "lr": 1e-3, "policy": "cosine"}
JITTER = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}
OUTPUTS = ("encoder.pth", "model.pth", "confusion.npz", "samples.npz")
ON_THE_CPU = {"CUDA_VISIBLE_DEVICES": "", "DEPTH2SEG_COMMIT": "tested"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    write_street(folder / "street")
    write_classes(folder / "classes")
    return folder


@pytest.fixture(scope="module")
def server():
    before = os.environ.copy()
    os.environ["PYTHONPATH"] = os.pathsep.join([PACKAGE, str(Path(__file__).parents[1])])
    os.environ.update(ON_THE_CPU)
    context = multiprocessing.get_context("forkserver")
    tasks = [f"depth2seg.tasks.{name}" for name in task_specs()]
    lazily = ["torch._dynamo"]  # imported by the first optimizer
    context.set_forkserver_preload(["depth2seg.training.finetune", "depth2seg.training.pretrain", *tasks, *lazily])
    yield context
    os.environ.clear()
    os.environ.update(before)


def command(arguments, environment, log, largest):
    """Run a verb in a forked process, which cannot write files larger than ``largest`` bytes."""
    from depth2seg.__main__ import main

    os.environ.update(environment)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    with Path(log).open("w") as file:
        os.dup2(file.fileno(), 2)
        sys.exit(main(arguments))


class Job:
    """A command of the package in a folder of its own, which can be killed and run again."""

    def __init__(self, context, folder, verb, settings, **paths):
        self.context, self.folder, self.out = context, folder, folder / "out"
        self.log = folder / "log"
        folder.mkdir(parents=True)
        self.arguments = [verb, "--settings", json.dumps(settings), "--out", str(self.out), "--results", str(folder)]
        self.arguments += [text for name, path in paths.items() for text in (f"--{name}", str(path))]

    def run(self, die_at=0, largest=resource.RLIM_INFINITY):
        """Exit status: 0, 1, or minus a signal."""
        environment = {"DEPTH2SEG_TEST_SAVE_EVERY": "0" if die_at else "60", "DEPTH2SEG_TEST_DIE_AT": str(die_at)}
        process = self.context.Process(target=command, args=(self.arguments, environment, self.log, largest))
        process.start()
        process.join(600)
        assert process.exitcode is not None
        return process.exitcode

    def states(self):
        return list((self.folder / "work").rglob("state.pth"))

    def bytes(self):
        return {name: (self.out / name).read_bytes() for name in OUTPUTS if (self.out / name).exists()}

    def history(self):
        lines = (self.out / "history.csv").read_text().splitlines()
        return [line.rsplit(",", 1)[0] for line in lines]  # without the seconds


def recipe(task, size=(64, 64), schedule=SCHEDULE, backbone="resnet18", **changes):
    depth = {"depth_range": [2.0, 80.0]} if task == "depth" else {}
    block = recipes.recipe(task, size=list(size), schedule=schedule, jitter=JITTER, **depth, **changes)
    return block.model_dump() | {"recipe": task, "backbone": backbone, "seed": 3}


def cell(schedule=SCHEDULE, **changes):
    block = Setting(label="", size=[64, 64], schedule=schedule, flip=True, jitter=JITTER, **changes)
    names = {"dataset": "street", "recipe": "none", "backbone": "resnet18", "setting": "unet", "source": None}
    names |= {"task": "none", "supervision": None, "init": "random", "train_size": 4, "seed": 3}
    return block.model_dump() | names


@pytest.fixture(scope="module")
def encoder(data, server):
    settings = recipes.recipe("none").model_dump() | {"recipe": "none", "backbone": "resnet18", "seed": 0}
    job = Job(server, data / "none", "pretrain", settings)
    assert job.run() == 0, job.log.read_text()
    return job.out / "encoder.pth"


CASES = {
    "depth": (
        "pretrain",
        recipe("depth", supervision="video", schedule=SCHEDULE | {"policy": "step", "milestones": [2]}),
        "street",
    ),
    "flow": ("pretrain", recipe("flow", schedule=SCHEDULE | {"policy": "constant"}), "street"),
    "classification": ("pretrain", recipe("classification"), "classes"),
    "inpainting": ("pretrain", recipe("inpainting"), "street"),
    "contrastive": ("pretrain", recipe("contrastive", queue=6), "street"),
    "masked": ("pretrain", recipe("masked", backbone="vit-small", decoder_width=64, decoder_layers=1), "street"),
    "depth-dpt": ("pretrain", recipe("depth", backbone="vit-small", supervision="lidar", decoder="dpt"), "street"),
    "corrected": ("finetune", cell(), "street"),
    "released": ("finetune", cell(protocol="released"), "street"),
    "evaluated": ("finetune", cell(evaluate_every=1, scales=[0.5, 1.5]), "street"),
    "deeplabv3-sgd": (
        "finetune",
        cell(head="deeplabv3", output_stride=16, crop=[32, 64], schedule=SCHEDULE | {"optimizer": "sgd"}),
        "street",
    ),
}


def job(case, folder, data, server, request, **changes):
    verb, settings, packed = CASES[case]
    paths = {"packed": data / packed}
    if verb == "finetune":
        paths["encoder"] = request.getfixturevalue("encoder")
    return Job(server, folder, verb, settings | changes, **paths)


@pytest.mark.parametrize("case", CASES)
def test_a_killed_run_ends_with_the_bytes_of_one_never_killed(case, tmp_path, data, server, request):
    whole = job(case, tmp_path / "whole", data, server, request)
    assert whole.run() == 0, whole.log.read_text()
    assert not list((whole.folder / "work").iterdir())  # nothing of the run in progress stays
    killed = job(case, tmp_path / "killed", data, server, request)
    assert killed.run(die_at=2) == -signal.SIGKILL and not killed.out.exists()
    [state] = killed.states()
    assert load_tensors(state)["iteration"] == 2
    assert bool(load_tensors(state)["gradients"]) == (case == "released")
    assert killed.run() == 0, killed.log.read_text()
    assert "going on from step 2" in killed.log.read_text()
    assert whole.bytes().keys() == killed.bytes().keys() >= {"samples.npz"}
    assert whole.bytes() == killed.bytes()
    assert whole.history() == killed.history() and len(whole.history()) == 4
    assert not list((killed.folder / "work").iterdir())


def test_a_disk_without_room_for_the_weights_ends_the_run_and_loses_nothing(tmp_path, data, server, request):
    """The kernel's limit on a file's size stands in for a full disk: the same write fails, with another number."""
    whole = job("classification", tmp_path / "whole", data, server, request)
    assert whole.run() == 0, whole.log.read_text()
    stopped = job("classification", tmp_path / "stopped", data, server, request)
    assert stopped.run(die_at=2) == -signal.SIGKILL
    before = {path: path.read_bytes() for path in stopped.states()}
    assert stopped.run(largest=1_000_000) == 1
    assert not {"encoder.pth", "metrics.json"} & {path.name for path in stopped.out.glob("*")}
    assert "File too large" in stopped.log.read_text() and "Traceback" not in stopped.log.read_text()
    assert before == {path: path.read_bytes() for path in stopped.states()}
    assert not list(stopped.folder.rglob("*partial*"))
    assert stopped.run() == 0, stopped.log.read_text()
    assert stopped.bytes() == whole.bytes()


@pytest.mark.parametrize("case", ["classification", "released"])
def test_config_alone_reruns_a_run(case, tmp_path, data, server, request):
    first = job(case, tmp_path / "first", data, server, request)
    assert first.run() == 0, first.log.read_text()
    again = job(case, tmp_path / "again", data, server, request)
    again.arguments = ["rerun", str(first.out / "config.py"), "--out", str(again.out)]
    assert again.run() == 0, again.log.read_text()
    assert again.bytes() == first.bytes() and again.history() == first.history()
    assert (again.out / "config.py").read_text() == (first.out / "config.py").read_text()
    assert not list((again.out / "work").iterdir())


def test_an_edited_config_is_what_reruns(tmp_path, data, server, request):
    first = job("classification", tmp_path / "first", data, server, request)
    assert first.run() == 0, first.log.read_text()
    edited = tmp_path / "config.py"
    text = (first.out / "config.py").read_text()
    assert "lr=0.001" in text
    edited.write_text(text.replace("lr=0.001", "lr=0.01"))
    again = job("classification", tmp_path / "again", data, server, request)
    again.arguments = ["rerun", str(edited), "--out", str(again.out)]
    assert again.run() == 0, again.log.read_text()
    assert [line.split(",")[2] for line in again.history()[1:2]] == ["0.01"]
    assert again.bytes() != first.bytes()


def test_a_changed_setting_starts_from_nothing_and_a_new_name_goes_on(tmp_path, data, server, request):
    run = job("classification", tmp_path / "run", data, server, request)
    assert run.run(die_at=2) == -signal.SIGKILL
    changed = job("classification", tmp_path / "other", data, server, request, seed=4)
    changed.arguments[changed.arguments.index("--results") + 1] = str(run.folder)
    assert changed.run() == 0 and "going on" not in changed.log.read_text()
    assert len(run.states()) == 1  # the first run's state is still there
    renamed = job("classification", tmp_path / "renamed", data, server, request, recipe="another-name")
    renamed.arguments[renamed.arguments.index("--results") + 1] = str(run.folder)
    assert renamed.run() == 0 and "going on from step 2" in renamed.log.read_text()


def test_a_torn_state_is_an_error_that_says_what_to_do(tmp_path, data, server, request):
    run = job("classification", tmp_path / "run", data, server, request)
    assert run.run(die_at=2) == -signal.SIGKILL
    [state] = run.states()
    state.write_bytes(state.read_bytes()[:5000])
    assert run.run() == 1 and not run.out.exists()
    assert f"{state}: truncated" in run.log.read_text() and "Delete it" in run.log.read_text()
    assert "Traceback" not in run.log.read_text()


def test_the_command_as_typed(tmp_path, data, encoder):
    out = tmp_path / "out"
    arguments = ["finetune", "--settings", json.dumps(cell()), "--packed", data / "street", "--encoder", encoder]
    environment = {**os.environ, **ON_THE_CPU, "PYTHONPATH": PACKAGE}
    process = subprocess.run(
        [sys.executable, "-m", "depth2seg", *map(str, arguments), "--out", out, "--results", tmp_path / "results"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["cell"] == "finetune/street/none/resnet18/unet/n4/seed3" and metrics["iterations"] == 3
    assert metrics["commit"] == "tested" and 0 <= metrics["miou"] <= 1
    assert set(load_tensors(out / "model.pth")) >= {"backbone.conv1.weight", "decode_head.conv_seg.weight"}
    assert all(isinstance(value, torch.Tensor) for value in load_tensors(out / "model.pth").values())
