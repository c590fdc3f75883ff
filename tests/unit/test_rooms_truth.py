"""Images, depth and poses of rendered rooms agree with each other, as written and read back."""

import argparse
import json

import cv2
import numpy as np
import pytest
from depth2seg.commands import render

SETTINGS = {
    "source": "rendered-room", "seed": 5, "size": [96, 128], "samples": 4, "fps": 10.0,
    "splits": {"val": {"sequences": 4, "frames": 2}},
}  # fmt: skip
# Stated errors of warping: mean and median of |difference| of colours in 0..1 where both frames see the same surface.
# What is left is bilinear interpolation at edges of texture and of shadows, and of what mixes in an edge's pixels.
MEAN, MEDIAN = 0.015, 0.006


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Two consecutive frames of some rooms as their files have them: image 0..1, depth, pose, and the camera."""
    root = tmp_path_factory.mktemp("rooms")
    found = []
    for i in range(SETTINGS["splits"]["val"]["sequences"]):
        name = f"val-{i:04d}"
        render.run(argparse.Namespace(settings=json.dumps(SETTINGS), sequence=name, root=root, threads=1))
        camera = json.loads((root / name / "camera.json").read_text())
        found.append((camera, *(_frame(root / name, f"{k:06d}") for k in (0, 1))))
    return found


def _frame(folder, stem):
    return {
        "image": cv2.imread(str(folder / f"image/{stem}.png")).astype(np.float32) / 255,
        "depth": cv2.imread(str(folder / f"depth/{stem}.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000,
        "pose": np.loadtxt(folder / f"pose/{stem}.txt"),
    }


def _where(camera, now, after):
    """Where in the next frame each pixel of this one is, x and y, and how far: H,W each."""
    height, width = now["depth"].shape
    v, u = np.mgrid[:height, :width]
    rays = np.stack([(u - camera["cx"]) / camera["fx"], (v - camera["cy"]) / camera["fy"], np.ones(u.shape)])
    step = np.linalg.inv(after["pose"]) @ now["pose"]
    x, y, z = np.einsum("ij,jhw->ihw", step[:3, :3], rays * now["depth"]) + step[:3, 3, None, None]
    return camera["fx"] * x / z + camera["cx"], camera["fy"] * y / z + camera["cy"], z


def _look_up(image, x, y, how=cv2.INTER_LINEAR):
    return cv2.remap(image, x.astype(np.float32), y.astype(np.float32), how, borderValue=-1)


def _seen_by_both(after, x, y, z):
    """Within the next frame, and neither hidden nor at an edge there: all four pixels around are about as far."""
    both = (x >= 0) & (y >= 0) & (x <= x.shape[1] - 1) & (y <= x.shape[0] - 1)
    for dx in (0, 1):
        for dy in (0, 1):
            there = _look_up(after["depth"], np.floor(x) + dx, np.floor(y) + dy, cv2.INTER_NEAREST)
            both &= np.abs(there - z) < 0.03 * z
    return both


def test_warping_the_next_frame_by_depth_and_pose_gives_this_frame(pairs):
    for camera, now, after in pairs:
        x, y, z = _where(camera, now, after)
        keep = _seen_by_both(after, x, y, z)
        assert keep.mean() > 0.5, keep.mean()
        error = np.abs(_look_up(after["image"], x, y) - now["image"])[keep]
        unmoved = np.abs(after["image"] - now["image"])[keep]
        assert error.mean() < MEAN, error.mean()
        assert np.median(error) < MEDIAN, np.median(error)
        assert error.mean() < 0.6 * unmoved.mean(), "no better than not warping"


def test_a_wrong_depth_or_pose_warps_worse(pairs):
    """The test above can fail: what it measures grows with a depth that is a fifth off, and with no motion."""
    right, far, still = [], [], []
    for camera, now, after in pairs:
        for kept, frame in (
            (right, now),
            (far, now | {"depth": 1.2 * now["depth"]}),
            (still, now | {"pose": after["pose"]}),
        ):
            x, y, _z = _where(camera, frame, after)
            inside = (x >= 0) & (y >= 0) & (x <= x.shape[1] - 1) & (y <= x.shape[0] - 1)
            kept.append(np.abs(_look_up(after["image"], x, y) - now["image"])[inside].mean())
    assert np.mean(right) < 0.8 * np.mean(far)
    assert np.mean(right) < 0.5 * np.mean(still)


def test_the_camera_moves_enough_between_frames_for_depth_to_show(pairs):
    """Median parallax (motion of pixels that rotation does not explain) between half a pixel and a dozen."""
    for camera, now, after in pairs:
        x, y, _ = _where(camera, now, after)
        turned = {**after, "pose": after["pose"].copy()}
        turned["pose"][:3, 3] = now["pose"][:3, 3]
        u, v, _ = _where(camera, now, turned)
        assert 0.5 < np.median(np.hypot(x - u, y - v)) < 12
