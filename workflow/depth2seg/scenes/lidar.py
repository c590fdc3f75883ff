"""A 64-beam laser scanner, sampled from the exact depth of the left camera."""

import numpy as np

from depth2seg.scenes.camera import Camera
from depth2seg.scenes.formats import CAMERA_OFFSETS, VELO_TO_CAM

ELEVATIONS = np.radians(np.linspace(2.0, -24.8, 64))  # Velodyne HDL-64E, from its data sheet
AZIMUTH_STEP = np.radians(0.35)  # coarser than the device's 0.09 to 0.35, as are our images
REACH = 80.0  # metres
LOST = 0.08  # share of returns that do not come back


def scan(
    depth: np.ndarray, image: np.ndarray, camera: Camera, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points N,4 (x, y, z in the laser's frame, reflectance) float32, and their sparse depth H,W in metres.

    Each beam takes the depth of the pixel it passes through, so that a point is exact at its pixel's centre.
    """
    height, width = depth.shape
    cx, cy = camera.centre
    half = np.arctan(width / 2 / camera.f)
    azimuth = np.arange(-half, half, AZIMUTH_STEP)
    right, down = np.tan(azimuth)[None], -np.tan(ELEVATIONS)[:, None] / np.cos(azimuth)[None]
    u = np.rint(camera.f * np.broadcast_to(right, down.shape) + cx).astype(int)
    v = np.rint(camera.f * down + cy).astype(int)
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    hit = np.unique(v[inside] * width + u[inside])
    hit = hit[rng.random(len(hit)) >= LOST]
    v, u = np.divmod(hit, width)
    z = depth[v, u]
    keep = (z > 0) & (z < REACH)
    u, v, z = u[keep], v[keep], z[keep]
    local = np.stack([(u - cx) * z / camera.f + CAMERA_OFFSETS["02"], (v - cy) * z / camera.f, z], 1)
    points = (local - VELO_TO_CAM[:3, 3]) @ VELO_TO_CAM[:3, :3]
    sparse = np.zeros_like(depth)
    sparse[v, u] = z
    reflectance = image[v, u].mean(1, keepdims=True) / 255
    return np.concatenate([points, reflectance], 1).astype("<f4"), sparse
