"""The benchmark: its arithmetic, that it measures every task, and that both loops do the same work, run small."""

import json

import pytest
import synthetic  # noqa: F401  one thread
import torch
from depth2seg.benchmark import packing
from depth2seg.benchmark.configs import JITTER, Shape, step_config
from depth2seg.benchmark.frames import write_frames
from depth2seg.benchmark.measure import benchmark, summary
from depth2seg.benchmark.plain import plain_steps, samples, with_torch_padding
from depth2seg.benchmark.samples import DecodedFrames
from depth2seg.benchmark.steps import backbone_of, step_names
from depth2seg.benchmark.table import table
from depth2seg.data import index
from depth2seg.data.packing import Packed
from depth2seg.models.families import FAMILIES
from depth2seg.models.openmmlab import MODELS
from depth2seg.study.task_specs import task_specs
from depth2seg.training.frames import FrameSets

SIZE = (96, 320)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return write_frames(tmp_path_factory.mktemp("frames"), 4, SIZE, 1)


@pytest.fixture
def without_chance(monkeypatch):
    monkeypatch.setattr("random.random", lambda: 0.9)  # no jitter, no flip


def test_ratios_are_of_steps_that_followed_one_another():
    row = summary(ours=[1.0, 2.0, 4.0], theirs=[3.0, 4.0, 20.0], decoding=[1.0, 0.0, 4.0], batch=4)
    assert row == {
        "images_a_second": 2.0,
        "plain_images_a_second": 1.0,
        "ratio": 3.0,  # of 3, 2, 5
        "ratio_quartiles": [2.5, 4.0],
        "ratio_without_decoding": 2.0,  # of 2, 2, 4
    }


def test_every_task_has_a_step_with_a_backbone_that_it_can_train():
    assert {name.partition("-")[0] for name in step_names()} == {"finetune", *task_specs()}
    for name in step_names():
        for wanted in FAMILIES:
            chosen = backbone_of(name, wanted)
            spec = task_specs().get(name.partition("-")[0])
            assert chosen == wanted or FAMILIES[wanted] not in spec.backbones
            assert spec is None or FAMILIES[chosen] in spec.backbones


def test_both_loops_see_the_same_frames(frames, without_chance):
    packed = Packed(frames.packed)
    sets = FrameSets(packed, offsets=[0, -1, 1], right=True, arrays=["depth", "lidar"])
    theirs = DecodedFrames(frames, SIZE, JITTER, [0, -1, 1], right=True, arrays=["depth", "lidar"])
    assert len(theirs) == len(sets) == 2
    ours, plain = sets[1], theirs[1]
    assert torch.allclose(ours["camera"], plain["camera"])
    assert ours["baseline"] == plain["baseline"]
    assert (ours["images"].permute(0, 3, 1, 2) / 255 - plain["images"]).abs().mean() < 0.02
    assert (ours["depth"] - plain["depth"]).abs().mean() < 1
    assert ours["lidar"].max() > 4 and plain["lidar"].max() > 4
    labelled, plain = FrameSets(packed, "train", arrays=["semantic"], labels=True)[2], None
    plain = DecodedFrames(frames, SIZE, JITTER, arrays=["semantic"])[2]
    assert (labelled["images"].permute(0, 3, 1, 2) / 255 - plain["images"]).abs().mean() < 0.02
    assert (labelled["semantic"] == plain["semantic"]).float().mean() > 0.99
    assert labelled["label"] == plain["label"] == 2


def test_flipped_samples_stay_aligned(frames, monkeypatch):
    monkeypatch.setattr("random.random", lambda: 0.9)
    kept = DecodedFrames(frames, SIZE, None, arrays=["semantic"], flip=True)[0]
    monkeypatch.setattr("random.random", lambda: 0.1)
    flipped = DecodedFrames(frames, SIZE, None, arrays=["semantic"], flip=True)[0]
    assert all(torch.equal(kept[name], flipped[name].flip(-1)) for name in ("images", "inputs", "semantic"))


def test_networks_of_the_plain_loop_compute_the_same(frames, without_chance):
    config = step_config("depth-stereo", Shape(2, SIZE, "resnet18", 1), frames, "float32")
    model = MODELS.build(config.model).eval()
    image = samples(config, Shape(2, SIZE, "resnet18", 1), frames)[0]["images"][:1]
    with torch.no_grad():
        before = model.disparities(image)
        with_torch_padding(model)
        after = model.disparities(image)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", step_names())
def test_the_plain_loop_trains_every_step(frames, name):
    shape = Shape(2, (64, 64), backbone_of(name, "resnet18"), 1)
    config = step_config(name, shape, frames, "float32")
    model = MODELS.build(config.model)
    before = [parameter.clone() for parameter in model.parameters()]
    steps = plain_steps(model, samples(config, shape, frames), shape.batch, 1e-3)
    assert next(steps) > 0
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    # Flow starts from output weights of zero, which alone move in the first step.
    assert not all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_a_small_benchmark_measures_what_it_is_asked_to(tmp_path):
    names = ["finetune", "masked"]
    results = benchmark(tmp_path, names, repeats=2, batch=2, size=(64, 64), backbone="resnet18", threads=1, large=False)
    assert json.loads(json.dumps(results)) == results
    printed = table(results)
    for name, backbone in zip(names, ("resnet18", "vit-small"), strict=True):
        row = results["tasks"][name]
        assert row["backbone"] == backbone and name in printed and backbone in printed
        assert row["ratio"] > 0 and row["peak_memory_mb"] > 100 and row["plain_memory_mb"] > 100
    assert results["machine"]["torch"] == torch.__version__ and results["tasks"].keys() == set(names)


def test_the_large_steps_memory_is_measured_besides(tmp_path, monkeypatch):
    monkeypatch.setattr("depth2seg.benchmark.measure.LARGE", ("depth-lidar", "resnet18"))
    results = benchmark(tmp_path, [], repeats=1, batch=2, size=(64, 64), backbone="resnet18", threads=1)
    assert results["memory"]["backbone"] == "resnet18" and results["memory"]["peak_memory_mb"] > 100
    assert "memory of a depth-lidar step of resnet18" in table(results)


def test_packing_is_measured_against_pillow_on_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "DISTINCT", 2)
    decoded = []
    monkeypatch.setattr(packing.packer, "pack", lambda index_path, root, *rest: decoded.append(index.read(index_path)))
    results = packing.benchmark_packing(tmp_path, frames=15, size=(96, 320), workers=1)
    assert results["frames"] == sum(map(len, decoded)) == 15
    assert all(frames["right_image"].notna().all() for frames in decoded)
    assert results["ratio"] > 0 and "15 stereo frames, 1 threads" in packing.table(results)
    assert not list(tmp_path.glob("drive*"))
