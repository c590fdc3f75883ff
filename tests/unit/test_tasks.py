"""Each pre-training task on a tiny set with exact truth: losses, gradients, and what they say of right and wrong."""

import numpy as np
import pytest
import torch
from depth2seg.data.packing import Packed
from depth2seg.geometry import disparity_to_depth, inverse_motion
from depth2seg.study.task_specs import task_specs
from depth2seg.tasks import task_class
from depth2seg.training.frames import FrameSets
from depth2seg.training.pretrain import training_split
from recipes import recipe
from synthetic import STEP, Plane, write_classes, write_street
from torch.utils.data import default_collate

JITTER = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}
RANGE = [2.0, 80.0]
MOTION = torch.eye(4)
MOTION[:3, 3] = torch.tensor(-STEP)  # of points in the camera's frame, when the camera moves by STEP
SUPERVISIONS = ["video", "stereo", "video+stereo", "lidar", "dense"]


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("street") / "packed"))


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return Packed(write_classes(tmp_path_factory.mktemp("classes") / "packed"))


def build(packed, task="depth", **changes):
    """A task and its training samples, from a recipe's settings."""
    depth = {"depth_range": RANGE} if task == "depth" else {}
    settings = recipe(task, **depth, **changes).model_dump() | {
        "backbone": "resnet18",
        "classes": packed.index["sequence"].nunique(),
    }
    kind = task_class(task)
    torch.manual_seed(0)
    model = kind(**kind.network(settings))
    model.init_weights()
    return model, FrameSets(packed, training_split(packed), **kind.frames(settings))


def batch_of(model, frames, count=2, training=True):
    return model.data_preprocessor(default_collate([frames[i] for i in range(count)]), training)


def total(losses):
    return sum(losses.values()).item()


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        *(("depth", {"supervision": name}) for name in SUPERVISIONS),
        ("flow", {}),
        ("classification", {}),
        ("inpainting", {}),
        ("contrastive", {"queue": 8}),
    ],
)
def test_losses_are_finite_and_reach_every_weight(street, classes, task, changes):
    model, frames = build(classes if task == "classification" else street, task, jitter=JITTER, **changes)
    if task == "flow":  # it starts from zero flow, by output weights of zero that stop the first step's gradient
        for conv in model.output.convs:
            torch.nn.init.normal_(conv.weight, std=0.01)
    losses = model(**batch_of(model, frames), mode="loss")
    assert losses and all(loss.ndim == 0 and torch.isfinite(loss) and "loss" in name for name, loss in losses.items())
    sum(losses.values()).backward()
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    without = [name for name, p in trained.items() if p.grad is None or not p.grad.abs().max() > 0]
    # The pose network has outputs for a second motion, which is not used; they are rows of one weight.
    assert not without
    handed = model.handed_on()
    assert handed["encoder"].keys() == model.encoder.state_dict().keys()
    assert [part for part, weights in handed.items() if weights] == task_specs()[task].hands_on


def test_preprocessing_jitters_inputs_and_not_what_losses_compare(street):
    model, frames = build(street, supervision="video", jitter={**JITTER, "brightness": 0.5})
    raw = default_collate([frames[0], frames[1]])["images"]
    torch.manual_seed(4)
    batch = model.data_preprocessor({"images": raw}, True)
    assert len(batch["images"]) == 3 and batch["images"][0].shape == (2, 3, *street.size)
    assert torch.allclose(batch["images"][1], raw[:, 1].permute(0, 3, 1, 2) / 255)
    assert any(not torch.equal(a, b) for a, b in zip(batch["images"], batch["inputs"], strict=True))
    batch = model.data_preprocessor({"images": raw}, False)
    assert all(torch.equal(a, b) for a, b in zip(batch["images"], batch["inputs"], strict=True))


def test_imagenet_normalisation():
    from depth2seg.tasks.base import Normalise

    image = torch.rand(2, 3, 4, 4)
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
    expected = (image - mean) / deviation
    assert torch.allclose(Normalise("imagenet")(image), expected, atol=1e-6)
    assert torch.equal(Normalise("none")(image), image)


class Scene:
    """A network's outputs, made of the truth: disparities of a plane, which are linear and survive any resizing."""

    def __init__(self, packed, rows, supervision):
        truth = torch.from_numpy(packed.arrays["depth"][rows])[:, None]
        self.inverse, self.supervision = 1 / truth, supervision

    def disparities(self, factor):
        nearest, farthest = RANGE
        disparity = (self.inverse / factor - 1 / farthest) / (1 / nearest - 1 / farthest)
        pooled = torch.nn.functional.avg_pool2d
        return [disparity if scale == 0 else pooled(disparity, 2**scale) for scale in range(4)]


@pytest.mark.parametrize("supervision", ["video", "stereo", "video+stereo"])
def test_self_supervised_loss_is_least_at_the_true_depth(street, supervision):
    model, frames = build(street, supervision=supervision, automask=False, smoothness=0.0)
    scene = Scene(street, frames.sets[:2, 0], supervision)
    batch = batch_of(model, frames, training=False)
    if "video" in supervision:
        del model.pose
        model.pose = lambda first, second: MOTION.repeat(len(first), 1, 1)
    losses = {}
    for factor in (0.7, 0.85, 0.95, 1.0, 1.05, 1.2, 1.4):
        model.disparities = lambda image, factor=factor: scene.disparities(factor)
        losses[factor] = total(model.loss(batch))
    assert min(losses, key=losses.get) == 1.0
    assert losses[0.7] > 1.5 * losses[1.0] < losses[1.4] / 1.2
    assert losses[0.7] > losses[0.85] > losses[1.0] < losses[1.2] < losses[1.4]


def test_video_loss_is_least_at_the_true_motion(street):
    model, frames = build(street, supervision="video", automask=False, smoothness=0.0)
    scene = Scene(street, frames.sets[:2, 0], "video")
    batch = batch_of(model, frames, training=False)
    model.disparities = lambda image: scene.disparities(1.0)
    del model.pose
    losses = {}
    for name, motion in {"true": MOTION, "none": torch.eye(4), "back": inverse_motion(MOTION[None])[0]}.items():
        model.pose = lambda first, second, motion=motion: motion.repeat(len(first), 1, 1)
        losses[name] = total(model.loss(batch))
    assert losses["true"] < 0.5 * losses["none"] and losses["none"] < losses["back"]


def test_the_pose_network_sees_the_earlier_image_first(street):
    model, frames = build(street, supervision="video")
    batch, seen = batch_of(model, frames, training=False), []
    del model.pose
    model.pose = lambda first, second: seen.append((first, second)) or torch.eye(4).repeat(len(first), 1, 1)
    model.loss(batch)
    target, before, after = batch["images"]
    assert torch.equal(seen[0][0], torch.cat([before, target])) and torch.equal(seen[0][1], torch.cat([target, after]))


@pytest.mark.parametrize("automask", [True, False])
def test_automasking_leaves_out_what_does_not_move(street, automask):
    model, frames = build(street, supervision="video", smoothness=0.0, automask=automask)
    batch = batch_of(model, frames, training=False)
    batch["images"] = (batch["images"][0],) * 3  # a car ahead at our own speed: the unmoved source explains everything
    del model.pose
    model.pose = lambda first, second: MOTION.repeat(len(first), 1, 1)
    loss = model.loss(batch)["loss_photometric"]
    loss.backward()
    gradient = model.output.convs[0].weight.grad.abs().max()
    assert loss < 1e-4 and gradient < 1e-6 if automask else loss > 1e-2 and gradient > 1e-5


def test_supervised_depth_is_l1_over_valid_pixels_weighted_by_scale(street):
    model, frames = build(street, supervision="lidar")
    batch = batch_of(model, frames)
    half = [torch.full((2, 1, 64 // 2**s, 64 // 2**s), 0.5, requires_grad=True) for s in range(4)]
    model.disparities = lambda image: half
    depth = disparity_to_depth(torch.tensor(0.5), *RANGE)
    truth = torch.zeros(2, 64, 64)
    truth[0, 3, 5], truth[1, 8, 8], truth[1, 9, 9] = depth + 4, depth - 1, 81.0  # the last is out of range
    loss = model.loss({**batch, "lidar": truth})["loss_depth"]
    assert loss.item() == pytest.approx((4 + 1) / 2 * (1 + 1 / 2 + 1 / 4 + 1 / 8), rel=1e-5)
    loss.backward()
    touched = torch.zeros(2, 64, 64, dtype=torch.bool)
    touched[0, 3, 5] = touched[1, 8, 8] = True
    assert torch.equal(half[0].grad[:, 0] != 0, touched)
    assert model.loss({**batch, "lidar": torch.zeros_like(truth)})["loss_depth"].item() == 0


def test_supervised_loss_is_zero_at_the_truth(street):
    model, frames = build(street, supervision="lidar")
    scene = Scene(street, frames.sets[:2, 0], "lidar")
    losses = []
    for factor in (1.0, 1.2):
        model.disparities = lambda image, factor=factor: scene.disparities(factor)
        losses.append(total(model.loss(batch_of(model, frames))))
    assert losses[0] < 0.1 < 1 < losses[1]


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


def test_classification_learns_two_plain_classes(classes):
    model, frames = build(classes, "classification")
    assert frames.class_names == ["dark", "light"]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model.train()
    for step in range(8):
        torch.manual_seed(step)
        loss = sum(model.loss(batch_of(model, frames, count=12)).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    errors, chance, shown = model.assess(classes, 3)
    assert errors == {"top1": 1.0} and chance == {"top1": 0.5}
    assert shown["classes"].tolist() == ["dark", "light"] and (shown["prediction"] == shown["truth"]).all()


@pytest.mark.parametrize(("supervision", "scaled"), [("video", True), ("stereo", False), ("lidar", False)])
def test_depth_is_assessed_on_held_out_frames(street, supervision, scaled):
    model, _ = build(street, supervision=supervision)
    truth = street.arrays["depth"][street.rows("val")]
    offset = iter(range(0, len(truth), 3))

    def depth(image):
        first = next(offset)
        return 3 * torch.tensor(truth[first : first + len(image)])[:, None]

    model.depth = depth
    errors, constant, shown = model.assess(street, 3)
    assert errors["abs_rel"] == pytest.approx(0 if scaled else 2, abs=1e-5)
    assert errors["unscaled_abs_rel" if scaled else "scaled_abs_rel"] == pytest.approx(2 if scaled else 0, abs=1e-5)
    assert constant["abs_rel"] > 0.05
    assert np.allclose(shown["depth"], 3 * shown["truth"]) and shown["image"].dtype == np.uint8
    assert shown["image"].shape == (4, 64, 64, 3) and not model.training


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
