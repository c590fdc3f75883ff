"""Networks, geometry and losses against formulations of their own (tests/papers.py, from the formulas), to 1e-5."""

import numpy as np
import papers
import pytest
import torch
import torchvision
from depth2seg.geometry import (
    back_project,
    disparity_to_depth,
    inverse_motion,
    motion_matrix,
    project,
    reproject,
)
from depth2seg.models.backbones import encoder_channels
from depth2seg.models.decoders import build_decoder
from depth2seg.models.pose import PoseNetwork
from depth2seg.tasks import depth as depth_task
from depth2seg.tasks import task_class
from depth2seg.tasks.photometric import LocalStatistics, photometric_error, smoothness, ssim_distance
from recipes import recipe
from torch import nn

RESNETS = ["resnet18", "resnet50"]
CLOSE = {"atol": 1e-5, "rtol": 0}


def random(seed, *shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def depth_network(backbone, **changes):
    settings = recipe("depth", **{"supervision": "video", "depth_range": [0.1, 100.0]} | changes).model_dump()
    kind = task_class("depth")
    torch.manual_seed(0)
    model = kind(**kind.network(settings | {"backbone": backbone}))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):  # statistics as after training, not those of the start
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return model.eval()


def torchvisions(encoder, name, inputs=3):
    """torchvision's ResNet with the weights of ours, as a function from images to its five levels."""
    model = getattr(torchvision.models, name)(weights=None)
    model.conv1 = nn.Conv2d(inputs, 64, 7, stride=2, padding=3, bias=False)
    model.fc = nn.Identity()
    model.load_state_dict(encoder.state_dict())
    model.eval()

    def levels(image):
        found = [model.relu(model.bn1(model.conv1(image)))]
        x = model.maxpool(found[0])
        for layer in (model.layer1, model.layer2, model.layer3, model.layer4):
            x = layer(x)
            found.append(x)
        return found

    return levels


# Networks


@pytest.mark.parametrize("name", RESNETS)
def test_the_depth_network_is_the_papers(name):
    model, image = depth_network(name), random(1, 2, 3, 64, 96)
    decoder = papers.DepthDecoder(encoder_channels(name)).take(model.decoder, model.output)
    with torch.no_grad():
        expected = decoder(torchvisions(model.encoder, name)(image))
        found = model.disparities(image)
    assert len(found) == len(expected) == 4
    for ours, theirs in zip(found, expected, strict=True):
        assert theirs.std() > 1e-3  # it says something
        assert torch.allclose(ours, theirs, **CLOSE)


def test_depth_networks_have_the_published_number_of_parameters():
    """Of the layers in networks/resnet_encoder.py and depth_decoder.py of nianticlabs/monodepth2, without the unused
    classifier: torchvision's 11,689,512 and 25,557,032 less 513,000 and 2,049,000; the decoder by hand.

    A 3 x 3 convolution from a to b channels has 9ab + b: the five stages from 512 (2048) channels with skips of 256,
    128, 64, 64 (1024, 512, 256, 64) and the four outputs.
    """
    published = {
        "resnet18": 11_176_512 + (1_179_904 + 1_179_904) + (295_040 + 295_040) + (73_792 + 73_792)
        + (18_464 + 27_680) + (4_624 + 2_320) + (1_153 + 577 + 289 + 145),
        "resnet50": 23_508_032 + (4_718_848 + 2_949_376) + (295_040 + 737_408) + (73_792 + 184_384)
        + (18_464 + 27_680) + (4_624 + 2_320) + (1_153 + 577 + 289 + 145),
    }  # fmt: skip
    assert published == {"resnet18": 14_329_236, "resnet50": 32_522_132}
    for name, expected in published.items():
        model = depth_network(name, supervision="stereo")
        assert sum(p.numel() for p in model.parameters()) == expected
        paper = papers.DepthDecoder(encoder_channels(name))
        reference = getattr(torchvision.models, name)(weights=None)
        reference.fc = nn.Identity()
        assert sum(p.numel() for m in (paper, reference) for p in m.parameters()) == expected


def test_the_pose_network_is_the_papers():
    """Godard et al. 2019, supplementary: ResNet-18 on both images, 1 x 1 and three convolutions, mean, times 0.01."""
    torch.manual_seed(0)
    pose = PoseNetwork().eval()
    for module in pose.head:
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=0.1)  # so that it turns by more than rounding
    first, second = random(2, 2, 3, 64, 96), random(3, 2, 3, 64, 96)
    with torch.no_grad():
        x = torchvisions(pose.encoder, "resnet18", inputs=6)(torch.cat([first, second], 1))[-1]
        convs = [module for module in pose.head if isinstance(module, nn.Conv2d)]
        for number, conv in enumerate(convs):
            x = nn.functional.conv2d(x, conv.weight, conv.bias, padding=1 if conv.kernel_size == (3, 3) else 0)
            x = x.relu() if number < 3 else x
        vectors = 0.01 * x.mean((2, 3)).double().numpy()
        found = pose(first, second)
    assert np.abs(vectors[:, :3]).max() > 1e-3
    for motion, vector in zip(found.numpy(), vectors, strict=True):
        assert np.allclose(motion[:3, :3], papers.rodrigues(vector[:3]), **CLOSE)
        assert np.allclose(motion[:3, 3], vector[3:6], **CLOSE)


def test_deeplabv3s_pyramid_is_the_papers():
    """Chen et al. 2017, section 3.3: image pooling, 1 x 1, 3 x 3 at rates 6, 12, 18; joined and convolved."""
    torch.manual_seed(0)
    decoder = build_decoder("deeplabv3", "resnet18").eval()
    level = random(4, 2, 512, 20, 24)

    def normalised(x, block):
        norm = block.norm
        nn.init.uniform_(norm.running_mean, -0.2, 0.2), nn.init.uniform_(norm.weight, 0.5, 1.5)
        mean, scale = norm.running_mean, norm.weight / (norm.running_var + norm.eps).sqrt()
        return ((x - mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None]).relu()

    with torch.no_grad():
        pooled = level.mean((2, 3), keepdim=True)
        pool, bottleneck = decoder.image_pool[1], decoder.bottleneck
        parts = [normalised(nn.functional.conv2d(pooled, pool.conv.weight), pool).expand(-1, -1, 20, 24)]
        for rate, block in zip((1, 6, 12, 18), decoder.aspp_modules, strict=True):
            padding = 0 if rate == 1 else rate
            convolved = nn.functional.conv2d(level, block.conv.weight, padding=padding, dilation=rate)
            parts.append(normalised(convolved, block))
        expected = normalised(nn.functional.conv2d(torch.cat(parts, 1), bottleneck.conv.weight, padding=1), bottleneck)
        [found] = decoder((None, None, None, None, level))
    assert found.shape == (2, 256, 20, 24) and expected.std() > 1e-2
    assert torch.allclose(found, expected, **CLOSE)


# Geometry

HEIGHT, WIDTH = 9, 12
CAMERAS = np.array([[14.0, 11.0, 5.2, 4.1], [10.0, 12.0, 6.0, 3.7]])


def motions_of(seed):
    rng = np.random.default_rng(seed)
    motions = np.tile(np.eye(4), (2, 1, 1))
    for motion in motions:
        motion[:3, :3], motion[:3, 3] = papers.rodrigues(rng.normal(0, 0.05, 3)), rng.normal(0, 0.3, 3)
    return motions


@pytest.mark.parametrize("length", [0.0, 1e-4, 0.02, 1.0, 3.1])
def test_pose_matrices_are_rodrigues_and_the_exponential(length):
    vectors = np.random.default_rng(0).normal(size=(5, 3))
    vectors *= length / np.linalg.norm(vectors, axis=1, keepdims=True)
    translations = np.random.default_rng(1).normal(size=(5, 3))
    motions = motion_matrix(torch.tensor(vectors).float(), torch.tensor(translations).float())
    back = inverse_motion(motions)
    for motion, inverse, vector, translation in zip(motions, back, vectors, translations, strict=True):
        x, y, z = vector
        twist = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
        expected = np.eye(4)
        expected[:3, :3], expected[:3, 3] = torch.linalg.matrix_exp(twist).numpy(), translation
        assert np.allclose(expected[:3, :3], papers.rodrigues(vector), atol=1e-12)
        assert np.allclose(motion.numpy(), expected, **CLOSE)
        assert np.allclose(inverse.numpy(), np.linalg.inv(expected), **CLOSE)


def test_disparity_to_depth_is_the_papers_line_in_inverse_depth():
    """Godard et al. 2019, section 3.3: D = 1 / (a sigma + b), with a and b chosen for 0.1 to 100 units."""
    sigma = np.linspace(0, 1, 101)
    b = 1 / 100.0
    a = 1 / 0.1 - b
    depth = disparity_to_depth(torch.tensor(sigma).float(), 0.1, 100.0)
    assert np.allclose(depth.numpy(), 1 / (a * sigma + b), rtol=1e-5)


def test_reprojection_is_homogeneous_matrices_and_interpolation():
    depth, image, motions = random(5, 2, 1, HEIGHT, WIDTH) * 4 + 2, random(6, 2, 3, HEIGHT, WIDTH), motions_of(7)
    cameras, moved = torch.tensor(CAMERAS).float(), torch.tensor(motions).float()
    pixels, z = project(back_project(depth, cameras), cameras, moved)
    made = reproject(image, depth, cameras, moved)
    for b in range(2):
        places, depths = papers.projected(depth[b, 0].double().numpy(), CAMERAS[b], motions[b])
        assert np.allclose(pixels[b].T.reshape(HEIGHT, WIDTH, 2), places, **CLOSE)
        assert np.allclose(z[b].reshape(HEIGHT, WIDTH), depths, **CLOSE)
        assert np.allclose(made[b], papers.looked_up(image[b].double().numpy(), places), **CLOSE)


# Losses


@pytest.mark.parametrize("spread", [1.0, 0.05])
def test_ssim_and_photometric_error(spread):
    first = random(8, 2, 3, 12, 17)
    second = (first + spread * (random(9, 2, 3, 12, 17) - 0.5)).clamp(0, 1)
    target = LocalStatistics.of(second)
    assert np.allclose(ssim_distance(first, target), ((1 - papers.ssim_of(first, second)) / 2).clip(0, 1), **CLOSE)
    assert np.allclose(photometric_error(first, target)[:, 0], papers.error_of(first, second), **CLOSE)


def test_smoothness_is_a_sum_over_neighbours():
    values, image = random(10, 2, 1, 8, 11), random(11, 2, 3, 8, 11)
    pairs = zip(values[:, 0].numpy(), image.numpy(), strict=True)
    expected = np.mean([papers.smoothness_of(one, other) for one, other in pairs])
    assert smoothness(values, image).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("automask", [True, False])
def test_the_video_loss_is_the_papers(monkeypatch, automask):
    """Godard et al. 2019, eqs. 1 to 5: least error over sources at each pixel, auto-masking, every scale at full size.

    On one scale; sizes of the others are test_tasks' subject. Depth, motions and images are given.
    """
    monkeypatch.setattr(depth_task, "TIE", 0.0)
    model = depth_network("resnet18", automask=automask, smoothness=1e-3, depth_range=[1.0, 20.0])
    disparity = random(12, 2, 1, HEIGHT, WIDTH) * 0.2 + 0.1
    target, before, after = (random(seed, 2, 3, HEIGHT, WIDTH) for seed in (13, 14, 15))
    to_before, to_after = motions_of(16), motions_of(17)
    batch = {"images": (target, before, after), "camera": torch.tensor(CAMERAS).float()}
    motions = [torch.tensor(motion).float() for motion in (to_before, to_after)]
    losses = model._self_supervised([disparity], motions, batch)
    photometric, smooth = [], []
    for b in range(2):
        depth = 1 / (1 / 20 + (1 / 1 - 1 / 20) * disparity[b, 0].double().numpy())
        errors = []
        for source, motion in ((before[b], to_before[b]), (after[b], to_after[b])):
            made = papers.looked_up(source.double().numpy(), papers.projected(depth, CAMERAS[b], motion)[0])
            errors.append(papers.error_of(made, target[b].numpy()))
        if automask:  # eq. 5: pixels that the unmoved source explains better do not train, but their error counts
            errors += [papers.error_of(source.numpy(), target[b].numpy()) for source in (before[b], after[b])]
        photometric.append(np.min(errors, axis=0))
        normalised = disparity[b, 0].double().numpy() / disparity[b, 0].double().numpy().mean()
        smooth.append(papers.smoothness_of(normalised, target[b].double().numpy()))
    assert losses["loss_photometric"].item() == pytest.approx(np.mean(photometric), abs=1e-5)
    assert losses["loss_smoothness"].item() == pytest.approx(1e-3 * np.mean(smooth), abs=1e-5)
