"""The flow task on a tiny set with exact truth."""

import numpy as np
import pytest
import torch
from depth2seg.data.packing import Packed
from synthetic import STEP, Plane, write_street
from task_networks import batch_of, build, total


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("street") / "packed"))


@pytest.mark.parametrize("seed", range(6))
def test_flow_follows_the_order_of_the_frames(street, seed):
    """Whichever frame comes first, the true flow between them explains it, and the opposite flow does not."""
    model, frames = build(street, "flow", smoothness=0.0)
    batch = batch_of(model, frames, count=1, training=False)
    plane = Plane(seed=0)
    forward, back = (plane.flow(at, step, street.size) for at, step in ((0 * STEP, STEP), (STEP, -STEP)))
    losses = []
    for sign in (1, -1):

        def flows(first, second, sign=sign):
            flow = forward if torch.equal(first, batch["inputs"][0]) else back
            return [sign * torch.tensor(flow / 64).float().permute(2, 0, 1)[None]] * 4

        model.flows = flows
        torch.manual_seed(seed)
        losses.append(total(model.loss(batch)))
    assert losses[0] < 0.4 * losses[1]


def test_flow_starts_from_zero_flow(street):
    model, frames = build(street, "flow")
    flows = model.flows(*batch_of(model, frames)["inputs"])
    assert len(flows) == 4 and all(torch.equal(flow, torch.zeros_like(flow)) for flow in flows)


def test_flow_swaps_half_of_the_pairs_each_by_itself(street):
    model, frames = build(street, "flow")
    batch, swapped = batch_of(model, frames, count=2, training=False), []

    def flows(first, second):
        pairs = zip(first, second, *batch["inputs"], strict=True)
        swapped.append([torch.equal(a, d) and torch.equal(b, c) for a, b, c, d in pairs])
        return [torch.zeros(2, 2, 64 // 2**s, 64 // 2**s) for s in range(4)]

    model.flows = flows
    for seed in range(40):
        torch.manual_seed(seed)
        model.loss(batch)
    one, other = zip(*swapped, strict=True)
    assert 10 < sum(one) < 30 and 10 < sum(other) < 30
    assert 10 < sum(a != b for a, b in swapped) < 30
    swapped.clear()
    model.swap = False
    model.loss(batch)
    assert swapped == [[False, False]]


@pytest.mark.parametrize("looks", [True, False])
def test_flow_is_assessed_in_both_orders(street, looks):
    """The truth has no error in either order; a network that always gives the forward flow has one in reverse."""
    model, _ = build(street, "flow")
    truths = torch.from_numpy(np.asarray(street.arrays["flow"]))
    images = torch.from_numpy(np.asarray(street.arrays["image"])).permute(0, 3, 1, 2).float() / 255

    def flows(first, second):
        found = []
        for one, other in zip(first, second, strict=True):
            rows = [int((images - frame).abs().amax((1, 2, 3)).argmin()) for frame in (one, other)]
            ahead = rows[0] < rows[1] or not looks
            flow = truths[min(rows)].nan_to_num().permute(2, 0, 1) / 64
            found.append(flow if ahead else -flow)
        return [torch.stack(found)]

    model.flows = flows
    errors, zero, _ = model.assess(street, 2)
    assert errors["epe"] < 0.05 * zero["epe"] and zero["epe_reversed"] > 0
    if looks:
        assert errors["epe_reversed"] < 0.5 * zero["epe_reversed"]
    else:
        assert errors["epe_reversed"] > 1.5 * zero["epe_reversed"]


def test_flow_reaches_a_fifth_of_the_image_each_way(street):
    model, _ = build(street, "flow")
    for bias, expected in ((-50.0, -0.2), (50.0, 0.2)):
        for convolution in model.output.convs:
            torch.nn.init.constant_(convolution.bias, bias)
        flows = model.flows(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))
        assert [tuple(flow.shape) for flow in flows] == [(1, 2, 64 // 2**s, 64 // 2**s) for s in range(4)]
        assert all(torch.allclose(flow, torch.tensor(expected)) for flow in flows)


def test_flow_is_assessed_in_pixels(street):
    model, _ = build(street, "flow")
    truth = np.nan_to_num(street.arrays["flow"][street.rows("val")])
    calls = iter(range(2 * len(truth)))

    def flows(first, second):
        start = 2 * (next(calls) // 2)  # each batch is asked for in both orders
        return [torch.tensor(truth[start : start + len(first)] / 64).permute(0, 3, 1, 2)]

    model.flows = flows
    errors, zero, shown = model.assess(street, 2)
    assert errors["epe"] == pytest.approx(0, abs=1e-5) and zero["epe"] > 0.5
    assert np.allclose(np.nan_to_num(shown["truth"]), shown["flow"], atol=1e-5)
