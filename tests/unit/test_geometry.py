"""Cameras, motions and warping against cases computed by hand, against SciPy, and against an exact scene."""

import numpy as np
import pytest
import torch
from depth2seg.geometry import (
    back_project,
    disparity_to_depth,
    flow_warp,
    inverse_motion,
    motion_matrix,
    pixel_grid,
    project,
    reproject,
    sampling_grid,
    warp,
)
from scipy.spatial.transform import Rotation
from synthetic import BASELINE, STEP, Plane, camera_of

CAMERA = torch.tensor([[10.0, 20.0, 1.0, 0.5]])
IDENTITY = torch.eye(4)[None]


def error(made, image):
    return (made - image)[..., 4:-4, 4:-4].abs().mean()


def shift(x, y, z):
    motion = torch.eye(4)[None].clone()
    motion[0, :3, 3] = torch.tensor([x, y, z])
    return motion


def test_disparity_end_points_are_the_nearest_and_farthest_depth():
    depth = disparity_to_depth(torch.tensor([0.0, 1.0, 0.5]), 0.1, 100.0)
    assert depth.tolist() == pytest.approx([100.0, 0.1, 1 / ((0.01 + 10) / 2)], rel=1e-6)


def test_pixel_grid_goes_row_by_row_with_x_first():
    assert pixel_grid(2, 3).tolist() == [[0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1], [1] * 6]


def test_back_projection_by_hand():
    depth = torch.full((1, 1, 2, 4), 2.0)
    depth[0, 0, 1, 3] = 5.0
    points = back_project(depth, CAMERA).reshape(3, 2, 4)
    assert points[:, 0, 0].tolist() == pytest.approx([(0 - 1) / 10 * 2, (0 - 0.5) / 20 * 2, 2])
    assert points[:, 1, 3].tolist() == pytest.approx([(3 - 1) / 10 * 5, (1 - 0.5) / 20 * 5, 5])


def test_projection_by_hand():
    point = torch.tensor([[[2.0], [-1.0], [4.0]]])
    pixels, depth = project(point, CAMERA, IDENTITY)
    assert pixels.flatten().tolist() == pytest.approx([2 / 4 * 10 + 1, -1 / 4 * 20 + 0.5])
    pixels, depth = project(point, CAMERA, shift(1, 0, 4))
    assert pixels.flatten().tolist() == pytest.approx([3 / 8 * 10 + 1, -1 / 8 * 20 + 0.5])
    assert depth.item() == 8


def test_points_behind_the_camera_project_to_finite_pixels_and_keep_their_depth():
    pixels, depth = project(torch.tensor([[[1.0], [1.0], [-2.0]]]), CAMERA, IDENTITY)
    assert torch.isfinite(pixels).all() and depth.item() == -2


def test_projection_undoes_back_projection():
    depth = torch.rand(2, 1, 5, 7) + 1
    camera = torch.tensor([[10.0, 20.0, 1.0, 0.5], [30.0, 25.0, 3.0, 2.0]])
    pixels, z = project(back_project(depth, camera), camera, IDENTITY.repeat(2, 1, 1))
    assert torch.allclose(pixels, pixel_grid(5, 7)[:2].expand(2, -1, -1), atol=1e-5)
    assert torch.allclose(z.reshape(depth.shape), depth)


def test_sampling_grid_has_pixel_centres_at_plus_and_minus_one():
    grid = sampling_grid(torch.tensor([[[0.0, 3.0, 1.5, 0.0], [0.0, 1.0, 0.5, 1.0]]]), 2, 2)
    assert grid.reshape(-1, 2).tolist() == [[-1, -1], [5, 1], [2, 0], [-1, 1]]
    corners = sampling_grid(pixel_grid(3, 4)[None, :2], 3, 4)
    assert corners[0, 0, 0].tolist() == [-1, -1] and corners[0, 2, 3].tolist() == [1, 1]


def test_warp_interpolates_between_pixels_and_repeats_the_border():
    image = torch.tensor([[[[0.0, 10.0, 20.0], [30.0, 40.0, 50.0]]]])
    flow = torch.zeros(1, 2, 2, 3)
    flow[0, 0] = 1.0
    assert flow_warp(image, flow)[0, 0].tolist() == [[10, 20, 20], [40, 50, 50]]
    flow[0, 0], flow[0, 1] = 0.5, 0.5
    assert flow_warp(image, flow)[0, 0, 0, :2].tolist() == pytest.approx([20, 30], abs=1e-4)
    assert warp(image, sampling_grid(torch.tensor([[[1.0] * 6, [0.0] * 6]]), 2, 3)).unique().tolist() == [10]


def test_reprojection_without_motion_gives_the_image_back():
    image, depth = torch.rand(2, 3, 8, 10), torch.rand(2, 1, 8, 10) * 50 + 0.1
    camera = torch.tensor([[9.0, 9.0, 4.5, 3.5]]).repeat(2, 1)
    assert torch.allclose(reproject(image, depth, camera, IDENTITY.repeat(2, 1, 1)), image, atol=1e-4)


def test_a_point_lies_further_left_in_the_right_image_by_its_disparity():
    # fx b / Z = 40 * 0.5 / 5 = 4 pixels
    left = torch.zeros(1, 1, 6, 20)
    right = left.clone()
    left[0, 0, 2, 11] = right[0, 0, 2, 7] = 1
    depth, camera = torch.full((1, 1, 6, 20), 5.0), torch.tensor([[40.0, 40.0, 9.5, 2.5]])
    assert torch.allclose(reproject(right, depth, camera, shift(-0.5, 0, 0)), left, atol=1e-4)


def test_reprojection_through_exact_depth_and_motion_reproduces_the_view():
    size, plane = (48, 64), Plane(seed=1)
    first, second = (torch.tensor(plane.image(at, size)).permute(2, 0, 1)[None].float() for at in (0 * STEP, STEP))
    depth = torch.tensor(plane.depth(0 * STEP, size))[None, None].float()
    camera = torch.tensor(camera_of(size))[None].float()
    made = reproject(second, depth, camera, shift(*-STEP))
    assert error(made, first) < 0.01 < 0.05 < error(second, first)
    assert error(reproject(second, depth, camera, shift(*STEP)), first) > 0.05
    flow = torch.tensor(plane.flow(0 * STEP, STEP, size)).permute(2, 0, 1)[None].float()
    assert torch.allclose(flow_warp(second, flow), made, atol=1e-3)
    right = torch.tensor(plane.image([BASELINE, 0, 0], size)).permute(2, 0, 1)[None].float()
    made = reproject(right, depth, camera, shift(-BASELINE, 0, 0))
    assert error(made, first) < 0.01


@pytest.mark.parametrize("length", [0.0, 1e-6, 1e-3, 0.5, 3.0, 6.0])
def test_motion_matrix_agrees_with_scipy(length):
    vector = np.random.default_rng(0).normal(size=(4, 3))
    vector *= length / np.linalg.norm(vector, axis=1, keepdims=True)
    translation = torch.rand(4, 3)
    motion = motion_matrix(torch.tensor(vector).float(), translation)
    assert np.allclose(motion[:, :3, :3], Rotation.from_rotvec(vector).as_matrix(), atol=2e-6)
    assert torch.equal(motion[:, :3, 3], translation)
    assert torch.equal(motion[:, 3], torch.tensor([[0.0, 0, 0, 1]]).expand(4, 4))


def test_motion_matrix_has_the_right_gradient_even_without_any_rotation():
    for start in (torch.zeros(1, 3), torch.tensor([[0.3, -0.2, 0.9]])):
        jacobian = torch.autograd.functional.jacobian(lambda v: motion_matrix(v, torch.zeros(1, 3))[0, :3, :3], start)
        for axis in range(3):
            step = np.eye(3)[axis] * 1e-5
            ahead, back = (Rotation.from_rotvec(start[0].numpy() + s).as_matrix() for s in (step, -step))
            assert np.allclose(jacobian[:, :, 0, axis], (ahead - back) / 2e-5, atol=1e-4)


def test_inverse_motion_is_the_motion_back():
    motion = motion_matrix(torch.randn(5, 3), torch.randn(5, 3))
    assert torch.allclose(inverse_motion(motion) @ motion, torch.eye(4).expand(5, 4, 4), atol=1e-5)
    assert torch.allclose(inverse_motion(motion), torch.linalg.inv(motion), atol=1e-5)
