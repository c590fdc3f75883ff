"""Photometric error, local means and smoothness against loops, hand-computed values and numerical gradients."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from depth2seg.models.decoder import Conv3x3, _ReflectionPad
from depth2seg.tasks.photometric import LocalStatistics, local_mean, photometric_error, smoothness, ssim_distance


def images(seed, *shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def ssim_by_loops(first, second):
    """(1 - SSIM) / 2 of two H x W arrays, pixel by pixel over reflected 3 x 3 windows."""
    first, second = np.pad(first, 1, mode="reflect"), np.pad(second, 1, mode="reflect")
    height, width = first.shape[0] - 2, first.shape[1] - 2
    result = np.empty((height, width))
    for y in range(height):
        for x in range(width):
            a, b = first[y : y + 3, x : x + 3], second[y : y + 3, x : x + 3]
            covariance = ((a - a.mean()) * (b - b.mean())).mean()
            numerator = (2 * a.mean() * b.mean() + 0.01**2) * (2 * covariance + 0.03**2)
            denominator = (a.mean() ** 2 + b.mean() ** 2 + 0.01**2) * (a.var() + b.var() + 0.03**2)
            result[y, x] = (1 - numerator / denominator) / 2
    return result.clip(0, 1)


def test_ssim_agrees_with_its_definition():
    first, second = images(0, 2, 3, 6, 7).double(), images(1, 2, 3, 6, 7).double()
    distance = ssim_distance(first, LocalStatistics.of(second))
    for b in range(2):
        for c in range(3):
            assert np.allclose(distance[b, c], ssim_by_loops(first[b, c].numpy(), second[b, c].numpy()), atol=1e-9)


def test_local_statistics_are_window_means_and_variances():
    image = images(2, 1, 1, 5, 6).double()
    statistics = LocalStatistics.of(image)
    windows = F.pad(image, (1, 1, 1, 1), mode="reflect").unfold(2, 3, 1).unfold(3, 3, 1).flatten(-2)
    assert torch.allclose(statistics.mean, windows.mean(-1))
    assert torch.allclose(statistics.variance, windows.var(-1, unbiased=False))


def test_photometric_error_of_flat_images_by_hand():
    target = LocalStatistics.of(torch.full((1, 3, 4, 4), 0.5, dtype=torch.float64))
    ssim = (2 * 0.2 * 0.5 + 1e-4) / (0.2**2 + 0.5**2 + 1e-4)
    error = photometric_error(torch.full((1, 3, 4, 4), 0.2, dtype=torch.float64), target)
    assert error.shape == (1, 1, 4, 4)
    assert error.unique().item() == pytest.approx(0.85 * (1 - ssim) / 2 + 0.15 * 0.3)


def test_photometric_error_is_zero_for_equal_images_and_grows_with_the_difference():
    image = images(3, 2, 3, 8, 8)
    target = LocalStatistics.of(image)
    assert photometric_error(image, target).max() < 1e-5
    errors = [photometric_error(image + e * images(4, 2, 3, 8, 8), target).mean() for e in (0.05, 0.2, 0.5)]
    assert errors == sorted(errors)


def test_channels_count_alike():
    target = LocalStatistics.of(torch.zeros(1, 3, 4, 4))
    image = torch.zeros(1, 3, 4, 4)
    image[:, 1] = 0.3
    one = photometric_error(image, target)
    assert torch.allclose(3 * one, photometric_error(torch.full((1, 3, 4, 4), 0.3), target), atol=1e-6)


@pytest.mark.parametrize("size", [(2, 2), (2, 5), (3, 3), (6, 4)])
def test_local_mean_is_padded_average_pooling_with_its_gradient(size):
    image = images(5, 1, 2, *size).double().requires_grad_()
    assert torch.allclose(local_mean(image), F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), 3, 1))
    assert torch.autograd.gradcheck(local_mean, image)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(2, 2), (2, 5), (3, 3), (6, 4)])
def test_reflection_padding_is_pytorchs_with_its_gradient(size, memory_format):
    x = images(6, 2, 4, *size).double().contiguous(memory_format=memory_format).requires_grad_()
    assert torch.equal(_ReflectionPad.apply(x), F.pad(x, (1, 1, 1, 1), mode="reflect"))
    assert torch.autograd.gradcheck(_ReflectionPad.apply, x)


def test_reflection_padding_does_not_change_the_gradient_it_is_given():
    x = images(7, 1, 2, 4, 4).requires_grad_()
    gradient = images(8, 1, 2, 6, 6)
    kept = gradient.clone()
    _ReflectionPad.apply(x).backward(gradient)
    assert torch.equal(gradient, kept)


def test_convolution_pads_by_reflection():
    convolution, x = Conv3x3(3, 5), images(9, 2, 3, 6, 7)
    reference = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), convolution.weight, convolution.bias)
    assert torch.allclose(convolution(x), reference, atol=1e-6)


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (1, 1)])
def test_what_cannot_be_reflected_is_refused(size):
    with pytest.raises(ValueError, match="too small"):
        _ReflectionPad.apply(images(0, 1, 2, *size))


def test_smoothness_of_a_ramp_is_its_slope_where_the_image_is_flat():
    ramp = torch.arange(6.0).expand(1, 1, 4, 6)
    assert smoothness(ramp, torch.full((1, 3, 4, 6), 0.5)).item() == pytest.approx(1)
    assert smoothness(ramp + 2 * torch.arange(4.0).view(1, 1, 4, 1), torch.zeros(1, 3, 4, 6)).item() == pytest.approx(3)
    assert smoothness(torch.full((1, 1, 4, 6), 7.0), images(0, 1, 3, 4, 6)).item() == 0


def test_smoothness_forgives_changes_at_image_edges():
    values, image = torch.zeros(1, 1, 2, 4), torch.zeros(1, 3, 2, 4)
    values[..., 2:] = 1.0  # one step, in one of three places
    assert smoothness(values, image).item() == pytest.approx(1 / 3)
    image[..., 2:] = 0.9
    assert smoothness(values, image).item() == pytest.approx(math.exp(-0.9) / 3)
    image.zero_()[:, 0, :, 2:] = 0.9  # in one of three channels
    assert smoothness(values, image).item() == pytest.approx(math.exp(-0.3) / 3)


def test_smoothness_averages_the_image_down_to_a_coarser_map():
    values, image = torch.zeros(1, 2, 2, 2), torch.zeros(1, 3, 4, 4)
    values[..., 1] = 1.0
    image[..., 2:] = 0.4
    assert smoothness(values, image).item() == pytest.approx(math.exp(-0.4))
