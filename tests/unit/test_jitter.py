"""Colour jitter: what it leaves alone, what it changes, and by how much."""

import pytest
import torch
from depth2seg.tasks.jitter import LUMA, ColourJitter

OFF = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}


def jitter(**spread):
    return ColourJitter(**OFF | spread, probability=1.0)


def images(frames=2, samples=4):
    return torch.rand(frames, samples, 3, 6, 8, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25


def luma(image):
    return (image * torch.tensor(LUMA).view(3, 1, 1)).sum(-3)


def test_factors_of_one_change_nothing():
    assert torch.allclose(jitter()(images()), images(), atol=1e-6)


def test_samples_that_are_not_drawn_stay_as_they_are():
    never = ColourJitter(0.5, 0.5, 0.5, 0.5, probability=0.0)
    assert torch.allclose(never(images()), images(), atol=1e-6)
    torch.manual_seed(1)
    half = ColourJitter(0.5, 0.5, 0.5, 0.5, probability=0.5)
    many = images(1, 400)
    unchanged = ((half(many) - many).abs().amax((0, 2, 3, 4)) < 1e-5).float().mean()
    assert 0.4 < unchanged < 0.6


def test_the_input_is_not_written_to():
    given = images()
    jitter(brightness=0.5)(given)
    assert torch.equal(given, images())


def test_a_samples_frames_share_their_factors_and_samples_do_not():
    torch.manual_seed(2)
    same = images(1, 1).expand(3, 4, -1, -1, -1)
    changed = jitter(brightness=0.4, saturation=0.4, hue=0.1)(same)
    assert torch.allclose(changed[0], changed[1]) and torch.allclose(changed[0], changed[2])
    assert (changed[0, 0] - changed[0, 1]).abs().max() > 0.01


def test_the_same_seed_gives_the_same_images():
    both = []
    for _ in range(2):
        torch.manual_seed(3)
        both.append(jitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.1)(images()))
    assert torch.equal(*both)


def test_brightness_multiplies_within_its_range():
    torch.manual_seed(4)
    ratio = jitter(brightness=0.3)(images(1, 200)) / images(1, 200)
    factors = ratio.amax((0, 2, 3, 4))
    assert torch.allclose(ratio.amin((0, 2, 3, 4)), factors, atol=1e-5)  # one factor an image
    assert 0.7 <= factors.min() < 0.75 and 1.25 < factors.max() <= 1.3


def test_contrast_keeps_the_mean_luma_and_scales_the_distance_from_it():
    torch.manual_seed(5)
    before, after = images(1, 4)[0], jitter(contrast=0.4)(images(1, 4))[0]
    means = luma(before).mean((1, 2))
    assert torch.allclose(luma(after).mean((1, 2)), means, atol=1e-5)
    ratio = (after - means.view(-1, 1, 1, 1)) / (before - means.view(-1, 1, 1, 1))
    assert torch.allclose(ratio.flatten(1).quantile(0.1, dim=1), ratio.flatten(1).quantile(0.9, dim=1), atol=1e-3)
    assert ratio.flatten(1).median(1).values.std() > 0.05


@pytest.mark.parametrize("spread", [{"saturation": 0.9}, {"hue": 0.5}])
def test_saturation_and_hue_leave_grey_alone_and_keep_the_luma(spread):
    torch.manual_seed(6)
    grey = torch.rand(1, 4, 1, 6, 8).expand(-1, -1, 3, -1, -1)
    assert torch.allclose(jitter(**spread)(grey), grey, atol=1e-3)
    soft = 0.5 + 0.1 * (images() - 0.5)  # far from clipping
    changed = jitter(**spread)(soft)
    assert torch.allclose(luma(changed), luma(soft), atol=1e-3)
    assert (changed - soft).abs().max() > 1e-3


def test_saturation_scales_the_distance_from_the_luma():
    torch.manual_seed(7)
    before = images(1, 4)
    after = jitter(saturation=0.5)(before)
    ratio = ((after - luma(after).unsqueeze(2)) / (before - luma(before).unsqueeze(2))).flatten(3)[0].median(-1).values
    assert torch.allclose(ratio, ratio[:, :1].expand(-1, 3), atol=1e-2) and ratio.std() > 0.05


def test_a_full_turn_of_hue_is_no_change():
    colours = ColourJitter._colour_matrices(torch.ones(2), torch.tensor([1.0, 0.0]))
    assert torch.allclose(colours, torch.eye(3).expand(2, 3, 3), atol=1e-4)


def test_results_stay_in_range():
    torch.manual_seed(8)
    changed = jitter(brightness=1.0, contrast=1.0, saturation=1.0, hue=0.5)(torch.rand(2, 8, 3, 6, 8))
    assert changed.min() >= 0 and changed.max() <= 1
