"""The benchmark: its arithmetic, and that both loops do the same work, run small."""

import json

import synthetic  # noqa: F401  one thread
import torch
from depth2seg.benchmark import packing
from depth2seg.benchmark.frames import write_frames
from depth2seg.benchmark.measure import JITTER, benchmark, summary, table
from depth2seg.benchmark.plain import LabelledImages, VideoTriplets
from depth2seg.data import index
from depth2seg.data.packing import Packed
from depth2seg.training.frames import FrameSets


def test_ratios_are_of_steps_that_followed_one_another():
    row = summary(ours=[1.0, 2.0, 4.0], theirs=[3.0, 4.0, 20.0], decoding=[1.0, 0.0, 4.0], batch=4)
    assert row == {
        "images_a_second": 2.0,
        "plain_images_a_second": 1.0,
        "ratio": 3.0,  # of 3, 2, 5
        "ratio_quartiles": [2.5, 4.0],
        "ratio_without_decoding": 2.0,  # of 2, 2, 4
    }


def test_both_loops_see_the_same_frames(tmp_path, monkeypatch):
    frames = write_frames(tmp_path, 4, (96, 320), 1)
    packed = Packed(frames.packed)
    monkeypatch.setattr("random.random", lambda: 0.9)  # no jitter, no flip
    triplets, sets = VideoTriplets(frames, (96, 320), JITTER), FrameSets(packed, offsets=[0, -1, 1])
    assert len(triplets) == len(sets) == 2
    ours, theirs = sets[1], triplets[1]
    assert torch.allclose(ours["camera"], theirs["camera"])
    assert (ours["images"].permute(0, 3, 1, 2) / 255 - theirs["images"]).abs().mean() < 0.02
    image, label = LabelledImages(frames, (96, 320), JITTER)[2]
    row = packed.rows("train")[2]
    assert (torch.tensor(packed.arrays["image"][row]).permute(2, 0, 1) / 255 - image).abs().mean() < 0.02
    assert (torch.tensor(packed.arrays["semantic"][row]) == label[0]).float().mean() > 0.99


def test_a_small_benchmark_measures_both_tasks(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    results = benchmark(tmp_path, ["finetune", "depth"], repeats=2, batch=2, size=(64, 64))
    assert json.loads(json.dumps(results)) == results
    for name in ("finetune", "depth"):
        assert results["tasks"][name]["ratio"] > 0 and name in table(results)


def test_packing_is_measured_against_pillow_on_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "DISTINCT", 2)
    decoded = []
    monkeypatch.setattr(packing.packer, "pack", lambda index_path, root, *rest: decoded.append(index.read(index_path)))
    results = packing.benchmark_packing(tmp_path, frames=15, size=(96, 320), workers=1)
    assert results["frames"] == sum(map(len, decoded)) == 15
    assert all(frames["right_image"].notna().all() for frames in decoded)
    assert results["ratio"] > 0 and "15 stereo frames, 1 threads" in packing.table(results)
    assert not list(tmp_path.glob("drive*"))
