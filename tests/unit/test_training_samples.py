"""What training sees: the order of samples, frames with their neighbours, labelled subsets."""

import itertools

import numpy as np
import pytest
import torch
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from depth2seg.training.frames import EndlessSampler, FrameSets
from depth2seg.training.loop import step_seed
from depth2seg.training.subsets import label_subset
from synthetic import write_street


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("training") / "packed", labelled=10))


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
