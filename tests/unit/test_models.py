"""Networks against the published ones: parameter counts, torchvision's features, strides; what freezing freezes."""

import pytest
import torch
import torchvision
from depth2seg.models.backbones import ResNetEncoder, encoder_channels
from depth2seg.models.decoder import MultiScaleOutput, UNetDecoder
from depth2seg.models.openmmlab import MODELS
from depth2seg.models.pose import PoseNetwork
from depth2seg.training.finetune import segmentor
from depth2seg.training.precision import StudyOptimWrapper
from synthetic import write_street

SETTINGS = {
    "backbone": "resnet18",
    "head": "depth-decoder",
    "protocol": "corrected",
    "frozen": False,
    "jitter": None,
    "flip": False,
    "crop": None,
    "output_stride": 32,
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    from depth2seg.data.packing import Packed

    return Packed(write_street(tmp_path_factory.mktemp("models") / "packed", videos=1, frames=1, labelled=3))


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def build(packed, **changes):
    torch.manual_seed(0)
    model = MODELS.build(segmentor(SETTINGS | changes, "none", packed))
    model.init_weights()
    return model.train()


def labelled_batch(packed, rows=(0, 1)):
    images, labels = packed.arrays["image"], packed.arrays["semantic"]
    return {
        "images": torch.stack([torch.tensor(images[row])[None] for row in rows]),
        "semantic": torch.stack([torch.tensor(labels[row]) for row in rows]),
    }


def test_encoders_have_the_published_number_of_parameters():
    assert parameters(ResNetEncoder("resnet18")) == 11_176_512
    assert parameters(ResNetEncoder("resnet50")) == 23_508_032


def test_depth_decoder_has_monodepth2s_number_of_parameters():
    channels = (16, 32, 64, 128, 256)
    expected = 0
    for scale, out in enumerate(channels):
        below = channels[scale + 1] if scale < 4 else 512
        skip = encoder_channels("resnet18")[scale - 1] if scale else 0
        expected += 9 * below * out + out + 9 * (out + skip) * out + out
    decoder, output = UNetDecoder(encoder_channels("resnet18")), MultiScaleOutput(1)
    assert parameters(decoder) == expected
    assert parameters(decoder) + parameters(output) == 3_152_724  # as published


def test_pose_network_has_monodepth2s_number_of_parameters():
    encoder = 11_176_512 + 3 * 64 * 7 * 7
    head = (512 * 256 + 256) + 2 * (9 * 256 * 256 + 256) + (256 * 12 + 12)
    assert parameters(PoseNetwork()) == encoder + head == 12_500_492


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@pytest.mark.parametrize("training", [False, True])
def test_torchvisions_weights_give_torchvisions_features(name, training):
    torch.manual_seed(0)
    reference = getattr(torchvision.models, name)(weights=None)
    for module in reference.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    encoder = ResNetEncoder(name)
    encoder.load_state_dict({n: v for n, v in reference.state_dict().items() if not n.startswith("fc.")})
    encoder.train(training), reference.train(training)
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        levels = encoder(image)
        x = reference.relu(reference.bn1(reference.conv1(image)))
        expected = [x]
        x = reference.maxpool(x)
        for layer in (reference.layer1, reference.layer2, reference.layer3, reference.layer4):
            x = layer(x)
            expected.append(x)
    for level, features in zip(levels, expected, strict=True):
        assert torch.allclose(level, features, atol=1e-5 * features.abs().max().item())


@pytest.mark.parametrize(
    ("stride", "strides"), [(32, (2, 4, 8, 16, 32)), (16, (2, 4, 8, 16, 16)), (8, (2, 4, 8, 8, 8))]
)
def test_levels_have_their_strides_and_channels(stride, strides):
    for name in ("resnet18", "resnet50"):
        levels = ResNetEncoder(name, output_stride=stride)(torch.rand(1, 3, 64, 96))
        shapes = [(1, c, 64 // s, 96 // s) for c, s in zip(encoder_channels(name), strides, strict=True)]
        assert [tuple(level.shape) for level in levels] == shapes


def test_decoder_gives_features_and_outputs_at_each_scale():
    levels = ResNetEncoder("resnet18")(torch.rand(2, 3, 64, 96))
    features = UNetDecoder(encoder_channels("resnet18"))(levels)
    assert [tuple(f.shape[1:]) for f in features] == [
        (16, 64, 96),
        (32, 32, 48),
        (64, 16, 24),
        (128, 8, 12),
        (256, 4, 6),
    ]
    outputs = MultiScaleOutput(2)(features)
    assert [tuple(o.shape) for o in outputs] == [(2, 2, 64 // s, 96 // s) for s in (1, 2, 4, 8)]
    assert all(o.min() > 0 and o.max() < 1 and o.dtype == torch.float32 for o in outputs)


def test_pose_is_a_rigid_motion_near_none_at_first():
    motion = PoseNetwork()(torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64))
    assert motion.shape == (2, 4, 4)
    assert torch.allclose(
        motion[:, :3, :3] @ motion[:, :3, :3].transpose(1, 2), torch.eye(3).expand(2, 3, 3), atol=1e-5
    )
    assert (motion - torch.eye(4)).abs().max() < 0.05


def test_same_seed_same_weights(packed):
    first, second = build(packed).state_dict(), build(packed).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("head", "stride"), [("depth-decoder", 32), ("deeplabv3", 16)])
def test_segmentors_score_every_class_at_full_size_and_learn(packed, head, stride):
    model = build(packed, head=head, output_stride=stride)
    optimizer = StudyOptimWrapper(optimizer=torch.optim.Adam(model.parameters(), lr=1e-3))
    losses = [model.train_step(labelled_batch(packed), optimizer)["loss"].item() for _ in range(6)]
    assert losses[-1] < 0.7 * losses[0]
    with torch.no_grad():
        scores = model.eval().scores({"images": labelled_batch(packed)["images"]})
    assert scores.shape == (2, len(packed.classes), *packed.size)


def test_unlabelled_pixels_do_not_train(packed):
    model, batch = build(packed), labelled_batch(packed)
    batch["semantic"][:, 10:] = 255
    data = model.data_preprocessor(batch, True)
    scores = model.encode_decode(data["inputs"], [{"img_shape": packed.size}] * 2).detach().requires_grad_()
    model.decode_head.loss_by_feat(scores, data["data_samples"])["loss_ce"].backward()
    assert scores.grad[:, :, 10:].abs().max() == 0 and scores.grad[:, :, :10].abs().max() > 0


def steps_of(model, packed, count=2, **options):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = StudyOptimWrapper(optimizer=torch.optim.Adam(parameters, lr=1e-3), **options)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(count):
        model.train()
        model.train_step(labelled_batch(packed), optimizer)
    after = model.state_dict()
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_a_frozen_encoder_changes_neither_weights_nor_statistics(packed):
    changed = steps_of(build(packed, frozen=True), packed)
    assert changed and not {name for name in changed if name.startswith("backbone.")}


def test_the_released_codes_frozen_encoder_keeps_statistics_but_trains_weights(packed):
    changed = steps_of(build(packed, frozen=True, protocol="released"), packed)
    assert {"backbone.conv1.weight", "backbone.layer4.1.bn2.weight"} <= changed
    assert not {name for name in changed if "running_" in name or "num_batches" in name}


def test_an_encoder_that_is_not_frozen_changes_both(packed):
    changed = steps_of(build(packed), packed)
    assert {"backbone.conv1.weight", "backbone.bn1.running_mean"} <= changed


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, x):
        return (self.weight * torch.tensor(x)).sum()


@pytest.mark.parametrize(
    ("reset", "expected"),
    # Gradients are x itself: with resets w - 0.1 (x1 + x2); without, the second step takes x1 + x2 again.
    [(True, [1 - 0.1 * 4, 2 - 0.1 * 6]), (False, [1 - 0.1 * (1 + 4), 2 - 0.1 * (2 + 6)])],
)
def test_released_gradients_accumulate_and_corrected_ones_are_reset(reset, expected):
    model = Line()
    wrapper = StudyOptimWrapper(reset_gradients=reset, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    for x in ([1.0, 2.0], [3.0, 4.0]):
        wrapper.update_params(model(x))
    assert model.weight.tolist() == pytest.approx(expected)


def test_bfloat16_is_used_in_the_forward_pass_alone(packed):
    model = build(packed)
    optimizer = torch.optim.Adam(model.parameters())
    wrapper = StudyOptimWrapper(precision="bfloat16", reset_gradients=False, optimizer=optimizer)
    seen = []
    model.backbone.register_forward_hook(lambda module, inputs, levels: seen.extend(level.dtype for level in levels))
    model.train_step(labelled_batch(packed), wrapper)
    assert set(seen) == {torch.bfloat16}
    assert {p.dtype for p in model.parameters()} == {p.grad.dtype for p in model.parameters()} == {torch.float32}
