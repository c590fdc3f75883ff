"""Each pre-training task on a tiny set with exact truth: losses, gradients, and what they say of right and wrong."""

import numpy as np
import pytest
import torch
from depth2seg.data.packing import Packed
from depth2seg.geometry import disparity_to_depth, inverse_motion
from depth2seg.study.task_specs import task_specs
from synthetic import STEP, write_classes, write_street
from task_networks import RANGE, batch_of, build, total
from torch.utils.data import default_collate

JITTER = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}
MOTION = torch.eye(4)
MOTION[:3, 3] = torch.tensor(-STEP)  # of points in the camera's frame, when the camera moves by STEP
SUPERVISIONS = ["video", "stereo", "video+stereo", "lidar", "dense"]


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("street") / "packed"))


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return Packed(write_classes(tmp_path_factory.mktemp("classes") / "packed"))


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
