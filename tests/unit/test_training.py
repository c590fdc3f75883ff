"""What training rests on: order of samples, subsets, labels, states, weight files, locks, devices."""

import itertools
import math
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import depth2seg
import numpy as np
import pytest
import recipes
import torch
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from depth2seg.evaluation.confusion import KITTI7
from depth2seg.files import atomic_path, sha256, write_json
from depth2seg.models.backbones import ResNetEncoder
from depth2seg.models.segmentor import LabelledPreprocessor
from depth2seg.study.schema import Schedule, Setting
from depth2seg.training import device, finetune, pretrain
from depth2seg.training.config import read_config, run_identity, training_config
from depth2seg.training.frames import EndlessSampler, FrameSets
from depth2seg.training.loop import step_seed
from depth2seg.training.runner import work_folder
from depth2seg.training.state import load_tensors, save_tensors
from depth2seg.training.subsets import label_subset
from depth2seg.training.weights import imported_encoder
from synthetic import write_street

SCHEDULE = {"iterations": 3, "batch": 2, "lr": 1e-3}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("training") / "packed", labelled=10))


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


# Order of samples


def drawn(size, seed, count, start=0):
    sampler = EndlessSampler(range(size), seed)
    sampler.start = start
    samples = iter(sampler)
    return [next(samples) for _ in range(count)]


def test_each_epoch_is_another_permutation():
    order = drawn(7, 3, 21)
    epochs = [order[i : i + 7] for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.parametrize("start", [0, 1, 6, 7, 8, 20])
def test_resuming_draws_what_an_uninterrupted_run_would(start):
    assert drawn(7, 3, 15, start) == drawn(7, 3, 40)[start : start + 15]


def test_order_depends_on_the_seed():
    assert drawn(50, 1, 50) != drawn(50, 2, 50)


def test_steps_have_seeds_of_their_own():
    seeds = {step_seed(seed, step) for seed in range(3) for step in range(1000)}
    assert len(seeds) == 3000 and step_seed(1, 2) == step_seed(1, 2) and min(seeds) >= 0 and max(seeds) < 2**63


# Frames


def test_frames_come_with_their_neighbours_and_truth(packed):
    frames = FrameSets(packed, offsets=[0, -1, 1], right=True, arrays=["lidar"])
    sample = frames[1]
    row = sample["row"]
    assert len(frames) == 4  # two sequences of four frames
    images = packed.arrays["image"]
    expected = [images[row], images[row - 1], images[row + 1], packed.arrays["right_image"][row]]
    assert torch.equal(sample["images"], torch.tensor(np.stack(expected)))
    assert torch.equal(sample["lidar"], torch.tensor(packed.arrays["lidar"][row]))
    assert sample["camera"].tolist() == pytest.approx(packed.index.loc[row, ["fx", "fy", "cx", "cy"]].tolist())
    assert sample["baseline"].item() == 0.5


def test_given_rows_come_in_their_order(packed):
    assert [FrameSets(packed, rows=[5, 2, 9])[i]["row"] for i in range(3)] == [5, 2, 9]


def test_frames_that_are_not_there_are_an_error(packed):
    with pytest.raises(UserError, match=r"no target of split 'video' has frames at \[0, 9\]"):
        FrameSets(packed, offsets=[0, 9])


# Subsets


def test_subsets_of_a_seed_are_nested_and_the_test_set_is_one(packed):
    for seed in range(3):
        subsets = [label_subset(packed, size, seed, "corrected") for size in (2, 4, 10)]
        assert [len(rows) for rows, _ in subsets] == [2, 4, 10]
        for (small, test), (large, same) in itertools.pairwise(subsets):
            assert set(small) <= set(large) and small.tolist() == large[: len(small)].tolist()
            assert test.tolist() == same.tolist() == packed.rows("test").tolist()
    assert set(subsets[-1][0]) == set(packed.rows("train"))
    assert len({tuple(label_subset(packed, 4, seed, "corrected")[0]) for seed in range(8)}) > 4


def test_the_released_subset_is_the_first_and_all_others_are_tested(packed):
    everything = [*packed.rows("train"), *packed.rows("test")]
    for seed in (0, 1):
        train, test = label_subset(packed, 4, seed, "released")
        assert train.tolist() == everything[:4] and test.tolist() == everything[4:]


@pytest.mark.parametrize(("protocol", "size"), [("corrected", 11), ("released", 18)])
def test_too_large_a_subset_is_an_error(packed, protocol, size):
    with pytest.raises(UserError, match=rf"{size} labelled training images .* Lower the experiment's train_sizes"):
        label_subset(packed, size, 0, protocol)


def test_released_label_map_keeps_the_seven_classes_of_cityscapes():
    names = Packed.__init__.__globals__["class_table"]("cityscapes").names
    kept = [i for i, to in enumerate(finetune.released_label_map(names)) if to != 255]
    assert {names[i] for i in kept} == set(KITTI7)
    assert all(finetune.released_label_map(names)[i] == i for i in kept)
    assert finetune.released_label_map(("a", "b", "c"))[:4] == [0, 1, 2, 255]


# Labelled batches


def aligned(samples=16):
    """Images whose red tells each pixel's label."""
    labels = torch.arange(32 * 48).reshape(32, 48).remainder(251).to(torch.uint8).repeat(samples, 1, 1)
    images = torch.stack([labels, labels, labels], dim=-1)[:, None]
    return {"images": images, "semantic": labels}


def processed(batch, **options):
    torch.manual_seed(0)
    data = LabelledPreprocessor("none", **options)(batch, True)
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in data["data_samples"]])
    return data["inputs"], labels


@pytest.mark.parametrize("options", [{}, {"flip": True}, {"crop": [16, 32]}, {"flip": True, "crop": [16, 32]}])
def test_image_and_label_stay_aligned(options):
    images, labels = processed(aligned(), **options)
    assert images.shape[-2:] == labels.shape[-2:] == tuple(options.get("crop", (32, 48)))
    assert torch.equal((images[:, 0] * 255).round().long(), labels)
    different = len({tuple(label.flatten().tolist()) for label in labels})
    assert different == 1 if not options else different >= 2


def test_half_of_the_images_are_flipped():
    images, _ = processed(aligned(200), flip=True)
    flipped = (images[:, 0, 0, 0] > images[:, 0, 0, 5]).float().mean()
    assert 0.35 < flipped < 0.65


def test_crops_reach_every_corner():
    images, _ = processed(aligned(400), crop=[30, 46])
    first = (images[:, 0, 0, 0] * 255).round().int()
    assert set(first.tolist()) == {(48 * y + x) % 251 for y in range(3) for x in range(3)}


def test_labels_are_mapped_and_images_are_not_when_testing():
    batch = aligned(2)
    mapping = [255 - i for i in range(256)]
    assert torch.equal(processed(batch, label_map=mapping)[1], 255 - batch["semantic"].long())
    data = LabelledPreprocessor("none", flip=True, crop=[16, 32], jitter={**dict.fromkeys(
        ("brightness", "contrast", "saturation", "hue"), 0.5)})({"images": batch["images"]}, False)  # fmt: skip
    assert torch.equal((data["inputs"][:, 0] * 255).round().to(torch.uint8), batch["semantic"])


# Files


def test_a_file_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "folder" / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == '{\n  "a": 1\n}\n' and [p.name for p in path.parent.iterdir()] == ["value.json"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    for content in ("old", "new"):
        with atomic_path(tmp_path / "packed") as temporary:
            temporary.mkdir()
            (temporary / content).touch()
    assert [p.name for p in (tmp_path / "packed").iterdir()] == ["new"]
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "packed") as temporary:
        temporary.mkdir()
        raise RuntimeError
    assert [p.name for p in tmp_path.rglob("*")] == ["packed", "new"]


def test_json_holds_no_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "metrics.json", {"miou": math.nan})
    assert not list(tmp_path.iterdir())


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_same_tensors_are_the_same_bytes(tmp_path):
    value = {"a": torch.arange(5), "b": [{"c": 1.5}, None, "text"]}
    for name in ("one.pth", "another.pth"):
        save_tensors(tmp_path / name, value)
    assert (tmp_path / "one.pth").read_bytes() == (tmp_path / "another.pth").read_bytes()
    # Equal texts may be one object or two; pickle would tell them apart.
    names = {"recipe": "flow", "task": "flow"}, {"recipe": "flow", "task": "".join(["fl", "ow"])}
    for name, texts in zip(("two.pth", "three.pth"), names, strict=True):
        save_tensors(tmp_path / name, texts)
    assert (tmp_path / "two.pth").read_bytes() == (tmp_path / "three.pth").read_bytes()
    loaded = load_tensors(tmp_path / "one.pth")
    assert torch.equal(loaded["a"], value["a"]) and loaded["b"] == value["b"]


@pytest.mark.parametrize("keep", [0, 1, 100, 2000, 5000])
def test_a_truncated_state_is_an_error_that_names_the_file(tmp_path, keep):
    path = tmp_path / "state.pth"
    save_tensors(path, {"a": torch.zeros(3_000_000)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"state\.pth: .*"):
        load_tensors(path)


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match="there is no such weight file"):
        load_tensors(tmp_path / "encoder.pth")


class Code:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("plain", [True, False])
def test_code_in_a_weight_file_is_refused_and_does_not_run(tmp_path, plain):
    path, trace = tmp_path / "weights.pth", tmp_path / "trace"
    value = {"conv1.weight": torch.zeros(3), "code": Code(f"touch {trace}")}
    if plain:
        path.write_bytes(pickle.dumps({"code": Code(f"touch {trace}")}))
    else:
        torch.save(value, path)
    expected = ResNetEncoder("resnet18").state_dict()
    for load in (lambda: load_tensors(path), lambda: imported_encoder(str(path), None, expected)):
        with pytest.raises(UserError, match=r"weights\.pth"):
            load()
    assert not trace.exists()


def test_imported_weights_are_checked(tmp_path):
    expected, path = ResNetEncoder("resnet18").state_dict(), tmp_path / "resnet18.pth"
    published = {name: torch.full_like(value, 2) for name, value in expected.items()}
    save_tensors(path, published | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)})
    loaded = imported_encoder(str(path), sha256(path), expected)
    assert loaded.keys() == expected.keys() and all((value == 2).all() for value in loaded.values())
    with pytest.raises(UserError, match=r"its sha256 is .*, the recipe expects 0000"):
        imported_encoder(str(path), "0" * 64, expected)
    with pytest.raises(UserError, match="there is no such weight file"):
        imported_encoder(str(tmp_path / "none.pth"), None, expected)
    with pytest.raises(UserError, match=r"conv1\.weight: \(64, 3, 7, 7\) instead of \(64, 6, 7, 7\)"):
        imported_encoder(str(path), None, ResNetEncoder("resnet18", in_channels=6).state_dict())
    with pytest.raises(UserError, match=r"layer1\.0\.conv3\.weight: lacking"):
        imported_encoder(str(path), None, ResNetEncoder("resnet50").state_dict())


def test_imported_weights_become_the_recipes(tmp_path):
    encoder = ResNetEncoder("resnet18")
    save_tensors(tmp_path / "resnet18.pth", encoder.state_dict())
    settings = recipes.recipe("imported", weights=str(tmp_path / "resnet18.pth")).model_dump()
    settings |= {"recipe": "imagenet", "backbone": "resnet18", "seed": 0}
    pretrain.pretrain(settings, None, None, tmp_path / "out", tmp_path, 1)
    written = load_tensors(tmp_path / "out" / "encoder.pth")
    assert written["recipe"] == "imagenet" and written["decoder"] is None
    assert all(torch.equal(written["encoder"][name], value) for name, value in encoder.state_dict().items())


# Runs


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


# Locks and devices

HOLD = """
import sys, time
from pathlib import Path
from depth2seg.training.device import try_lock
assert try_lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def hold(path):
    """Another process that holds a lock."""
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, env=environment)
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_waits_for_the_first_and_a_killed_one_frees_its_lock(tmp_path):
    with work_folder(tmp_path, "a run") as folder:
        name = folder.name
        (folder / "state.pth").touch()
    assert not list((tmp_path / "work").iterdir())  # nothing stays after success
    lock = tmp_path / "work" / f"{name}.lock"
    holder = hold(lock)
    assert not device.try_lock(lock)
    began = time.monotonic()
    with work_folder(tmp_path, "another run"):
        assert time.monotonic() - began < 0.5  # another run's lock is no obstacle
    os.kill(holder.pid, 9)
    holder.wait()
    with work_folder(tmp_path, "a run") as folder:
        assert folder.name == name and not device.try_lock(lock)


def test_waiting_ends_when_the_holder_does(tmp_path):
    import threading

    with work_folder(tmp_path, "a run") as folder:
        name = folder.name
    holder = hold(tmp_path / "work" / f"{name}.lock")
    entered = []

    def enter():
        with work_folder(tmp_path, "a run"):
            entered.append(time.monotonic())

    waiter = threading.Thread(target=enter)
    waiter.start()
    time.sleep(0.5)
    assert not entered
    killed = time.monotonic()
    holder.kill()
    holder.wait()
    waiter.join(10)
    assert entered and entered[0] >= killed


def test_a_failed_run_keeps_its_state_and_a_successful_one_removes_it(tmp_path):
    with pytest.raises(RuntimeError), work_folder(tmp_path, "fails") as folder:
        (folder / "state.pth").touch()
        raise RuntimeError
    assert (folder / "state.pth").exists()


def test_a_lock_whose_file_is_gone_is_not_taken(tmp_path, monkeypatch):
    path, real = tmp_path / "x.lock", device.fcntl.flock

    def removed_meanwhile(file, operation):
        path.unlink()
        return real(file, operation)

    monkeypatch.setattr(device.fcntl, "flock", removed_meanwhile)
    assert not device.try_lock(path)


def test_jobs_lease_different_devices(tmp_path, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-aa, 5")
    assert device.visible_devices(2) == ["GPU-aa", "5"]
    other = hold(tmp_path / "depth2seg-gpu-GPU-aa.lock")
    assert device.lease_device(tmp_path) == torch.device("cuda", 1) and chosen == [1]
    other.kill()
    other.wait()
    assert device.lease_device(tmp_path, poll=0.1) == torch.device("cuda", 0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.visible_devices(3) == ["0", "1", "2"]


def test_without_a_gpu_the_cpu_is_leased(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.lease_device() == torch.device("cpu")
