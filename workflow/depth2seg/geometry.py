"""Pinhole cameras: depth and disparity, back-projection, rigid motion, projection, warping.

Conventions: x right, y down, z forward, metres. Pixel centres lie at integer coordinates, so (0, 0) is the centre of
the top-left pixel. A camera is four numbers: fx, fy, cx, cy in pixels. ``align_corners`` is written out everywhere:
its default changed between PyTorch versions, and Monodepth2 relied on it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def disparity_to_depth(disparity: Tensor, nearest: float, farthest: float) -> Tensor:
    """Depth of a sigmoid output: 1 / depth goes linearly from 1/farthest (at 0) to 1/nearest (at 1).

    Godard et al., Digging into Self-Supervised Monocular Depth Estimation (2019), section 3.3.
    """
    return 1.0 / (1.0 / farthest + (1.0 / nearest - 1.0 / farthest) * disparity)


def pixel_grid(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Homogeneous pixel coordinates (x, y, 1): float32, 3 x (height * width), row by row."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float32, device=device),
        torch.arange(width, dtype=torch.float32, device=device),
        indexing="ij",
    )
    return torch.stack([x, y, torch.ones_like(x)]).reshape(3, -1)


def back_project(depth: Tensor, camera: Tensor) -> Tensor:
    """Points of a depth map: B x 1 x H x W (z, metres) and cameras B x 4 to B x 3 x (H * W)."""
    batch, _, height, width = depth.shape
    x, y, one = pixel_grid(height, width, depth.device)
    fx, fy, cx, cy = camera.unsqueeze(-1).unbind(1)
    rays = torch.stack([(x - cx) / fx, (y - cy) / fy, one.expand(batch, -1)], dim=1)
    return rays * depth.reshape(batch, 1, -1)


def project(points: Tensor, camera: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels of points seen after a rigid motion.

    Args:
        points: B x 3 x N, metres, in the first camera's frame.
        camera: B x 4, the second camera.
        motion: B x 4 x 4, from the first camera's frame to the second's.

    Returns:
        B x 2 x N pixel coordinates (x, y), and B x 1 x N depth in the second camera.
    """
    moved = torch.baddbmm(motion[:, :3, 3:], motion[:, :3, :3], points)
    z = moved[:, 2:].clamp(min=1e-6)
    pixels = moved[:, :2] / z * camera[:, :2, None] + camera[:, 2:, None]
    return pixels, moved[:, 2:]


def sampling_grid(pixels: Tensor, height: int, width: int) -> Tensor:
    """B x 2 x (H * W) pixel coordinates to the B x H x W x 2 grid of ``warp`` (-1 and 1 are pixel centres)."""
    scale = pixels.new_tensor([2.0 / (width - 1), 2.0 / (height - 1)])
    return (pixels.transpose(1, 2) * scale - 1.0).reshape(-1, height, width, 2)


def warp(image: Tensor, grid: Tensor) -> Tensor:
    """Sample B x C x H x W bilinearly at a ``sampling_grid``; outside, the border's value."""
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=True)


def reproject(image: Tensor, depth: Tensor, camera: Tensor, motion: Tensor) -> Tensor:
    """The first view, made of the second's image: each pixel back-projected by its depth, moved, and looked up."""
    height, width = depth.shape[-2:]
    pixels, _ = project(back_project(depth, camera), camera, motion)
    return warp(image, sampling_grid(pixels, height, width))


def flow_warp(image: Tensor, flow: Tensor) -> Tensor:
    """The first view, made of the second's image by optical flow B x 2 x H x W, in pixels."""
    height, width = flow.shape[-2:]
    pixels = pixel_grid(height, width, flow.device)[:2] + flow.flatten(2)
    return warp(image, sampling_grid(pixels, height, width))


def motion_matrix(rotation: Tensor, translation: Tensor) -> Tensor:
    """B x 4 x 4 rigid motions of axis-angle vectors (B x 3, radians) and translations (B x 3, metres).

    Rodrigues' formula: R = I + sin(a) K + (1 - cos(a)) K^2, K the cross-product matrix of the unit axis.
    """
    angle = rotation.square().sum(1, keepdim=True).add(1e-14).sqrt()
    x, y, z = (rotation / angle).unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).reshape(-1, 3, 3)
    angle = angle.unsqueeze(-1)
    turn = torch.eye(3, device=rotation.device) + angle.sin() * cross + (1 - angle.cos()) * cross @ cross
    last = rotation.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(len(rotation), 1, 4)
    return torch.cat([torch.cat([turn, translation.unsqueeze(-1)], dim=2), last], dim=1)


def inverse_motion(motion: Tensor) -> Tensor:
    """The motion back: B x 4 x 4, by transposing the rotation."""
    back = motion[:, :3, :3].transpose(1, 2)
    return torch.cat([torch.cat([back, -back @ motion[:, :3, 3:]], dim=2), motion[:, 3:]], dim=1)
