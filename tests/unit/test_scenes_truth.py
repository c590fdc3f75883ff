"""Images, depth, flow, poses and stereo of rendered streets agree with each other."""

import cv2
import numpy as np
import pytest
from depth2seg.scenes import formats
from depth2seg.scenes.drive import BASELINE, Drive
from depth2seg.scenes.lidar import scan
from depth2seg.scenes.tracer import use_threads

SETTINGS = {"source": "rendered-street", "seed": 5, "size": [96, 320], "samples": 4, "fps": 10}
SEQUENCES = range(3)

# Stated errors of warping, as mean and median of |difference| of colours in 0..1, where the same surface is seen.
# What is left is bilinear interpolation at edges and fine texture, and shadows that move with what casts them.
MEAN, MEDIAN = 0.020, 0.008


@pytest.fixture(scope="module")
def pairs():
    """For some sequences two consecutive frames: images, truth, and cameras."""
    use_threads(1)
    return [[_frame(drive.moment(k)) for k in (2, 3)] for drive in (Drive(SETTINGS, "val", i, 6) for i in SEQUENCES)]


def _frame(moment):
    return {
        "image": moment.image(), "right": moment.image(right=True), "depth": moment.depth(), "flow": moment.flow(),
        "labels": moment.labels(), "instances": moment.instances(), "camera": moment.left,
        "moving": moment.instances() > moment.drive.street.static.instance.max(),
    }  # fmt: skip


def _sample(image, x, y, how=cv2.INTER_LINEAR):
    return cv2.remap(image.astype(np.float32), x.astype(np.float32), y.astype(np.float32), how, borderValue=-1)


def _grid(shape):
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    return u, v


def _error(target, source, x, y, same):
    inside = (x >= 0) & (x <= target.shape[1] - 1) & (y >= 0) & (y <= target.shape[0] - 1)
    keep = same & inside
    assert keep.mean() > 0.3, keep.mean()
    warped = np.stack([_sample(source[..., c], x, y) for c in range(3)], -1)
    difference = np.abs(target - warped)[keep] / 255
    assert difference.mean() < 0.5 * (np.abs(target / 255 - source / 255)[keep]).mean(), "no better than not warping"
    return difference.mean(), np.median(difference)


def _surroundings_agree(depth, x, y, expected, tolerance=0.03):
    """Every pixel around (x, y) has about the expected depth: neither hidden nor at an edge."""
    agree = np.ones(depth.shape, bool)
    for dx in (0, 1):
        for dy in (0, 1):
            z = _sample(depth, np.floor(x) + dx, np.floor(y) + dy, cv2.INTER_NEAREST)
            agree &= np.abs(z - expected) < tolerance * expected
    return agree


def _points(frame):
    camera, depth = frame["camera"], frame["depth"]
    return camera.pose[:3, 3] + depth[..., None] * camera.rays()


def test_warping_the_next_frame_by_flow_gives_this_frame_even_on_what_moves(pairs):
    moving_seen = 0
    for now, after in pairs:
        u, v = _grid(now["depth"].shape)
        flow = np.nan_to_num(now["flow"], nan=1e6)
        x, y = u + flow[..., 0], v + flow[..., 1]
        instance = _sample(after["instances"], np.rint(x), np.rint(y), cv2.INTER_NEAREST) == now["instances"]
        label = _sample(after["labels"], np.rint(x), np.rint(y), cv2.INTER_NEAREST) == now["labels"]
        points = now["camera"].project(_points(now))[..., 2]
        ahead = after["camera"].project(_points(now))[..., 2]
        still = _surroundings_agree(after["depth"], x, y, np.where(now["moving"], points, ahead), 0.08)
        mean, median = _error(now["image"], after["image"], x, y, instance & label & still)
        assert mean < MEAN, mean
        assert median < MEDIAN, median
        mine = instance & label & now["moving"]
        moving_seen += mine.sum()
        if mine.sum() > 100:
            warped = np.stack([_sample(after["image"][..., c], x, y) for c in range(3)], -1)
            unmoved = np.abs(now["image"] / 255 - after["image"] / 255)[mine].mean()
            assert np.abs(now["image"] - warped)[mine].mean() / 255 < max(0.6 * unmoved, 0.03)
    assert moving_seen > 300


def test_flow_of_still_things_is_depth_and_pose(pairs):
    for now, after in pairs:
        u, v = _grid(now["depth"].shape)
        there = after["camera"].project(_points(now))
        still = (now["depth"] > 0) & ~now["moving"] & (there[..., 2] > 0.1)
        expected = there[..., :2] - np.stack([u, v], -1)
        np.testing.assert_allclose(now["flow"][still], expected[still], atol=1e-6)
        assert np.isnan(now["flow"][now["depth"] == 0]).all()


def test_warping_the_next_frame_by_written_depth_and_poses_gives_this_frame(pairs):
    """Depth through its PNG code, poses through oxts, intrinsics as in the calibration file."""
    for now, after in pairs:
        depth = formats.encode_depth(now["depth"]) / 256
        poses = [
            formats.camera_pose(formats.read_oxts(formats.oxts_line(formats.imu_pose(f["camera"].pose), 10.0)))
            for f in (now, after)
        ]
        height, width = depth.shape
        text = formats.camera_calibration(now["camera"].f, *now["camera"].centre, width, height)
        k = formats.read_calibration(text)["P_rect_02"].reshape(3, 4)[:, :3]
        u, v = _grid(depth.shape)
        rays = np.linalg.inv(k) @ np.stack([u, v, np.ones_like(u)]).reshape(3, -1)
        step = np.linalg.inv(poses[1]) @ poses[0]
        x, y, z = k @ (step[:3, :3] @ (rays * depth.ravel()) + step[:3, 3:])
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = np.nan_to_num((x / z).reshape(u.shape), nan=-1), np.nan_to_num((y / z).reshape(u.shape), nan=-1)
        same = (depth > 0) & ~now["moving"] & _surroundings_agree(after["depth"], x, y, z.reshape(u.shape))
        mean, median = _error(now["image"], after["image"], x, y, same)
        assert mean < MEAN, mean
        assert median < MEDIAN, median


def test_left_and_right_agree_through_the_disparity(pairs):
    for now, _ in pairs:
        depth = now["depth"]
        u, v = _grid(depth.shape)
        x = u - now["camera"].f * BASELINE / np.maximum(depth, 1e-3)
        disparity = u - x
        # Seen by both where no nearer surface of the same row lands on the same pixel of the right image.
        nearest = np.zeros(depth.shape)
        row, column = np.nonzero((depth > 0) & (x >= 0))
        for shift in (0, 1):
            np.maximum.at(nearest, (row, np.floor(x[row, column]).astype(int) + shift), disparity[row, column])
        covered = np.maximum(_sample(nearest, np.floor(x), v), _sample(nearest, np.floor(x) + 1, v))
        flat = np.abs(np.gradient(disparity)[1]) + np.abs(np.gradient(disparity)[0]) < 1
        same = (depth > 0) & (covered < disparity + 0.5) & flat
        mean, median = _error(now["image"], now["right"], x, v, same)
        assert mean < MEAN, mean
        assert median < MEDIAN, median


def test_laser_points_lie_on_the_exact_depth(pairs):
    now = pairs[0][0]
    points, sparse = scan(now["depth"], now["image"], now["camera"], np.random.default_rng(0))
    hit = sparse > 0
    assert points.shape == (hit.sum(), 4)
    assert points.dtype == np.float32
    assert 0.05 < hit.mean() < 0.6
    np.testing.assert_array_equal(sparse[hit], now["depth"][hit])
    camera = formats.VELO_TO_CAM @ np.c_[points[:, :3], np.ones(len(points))].T
    x, y, z = camera[0] - formats.CAMERA_OFFSETS["02"], camera[1], camera[2]
    f, (cx, cy) = now["camera"].f, now["camera"].centre
    u, v = f * x / z + cx, f * y / z + cy
    np.testing.assert_allclose(sparse[np.rint(v).astype(int), np.rint(u).astype(int)], z, rtol=1e-5)
    np.testing.assert_allclose(u, np.rint(u), atol=1e-3)
