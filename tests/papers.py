"""Formulas of the papers, written out plainly in NumPy and PyTorch's own layers: what ours are held against."""

import numpy as np
import torch
from torch import nn


class DepthDecoder(nn.Module):
    """Godard et al. 2019, supplementary material, table 5: layers in its order, each padded by reflection."""

    def __init__(self, encoder):
        super().__init__()
        stages, self.layers = {5: encoder[4], 4: 256, 3: 128, 2: 64, 1: 32, 0: 16}, nn.ModuleDict()
        skips = {5: encoder[3], 4: encoder[2], 3: encoder[1], 2: encoder[0], 1: 0}
        for stage in (5, 4, 3, 2, 1):  # the upconv5 to upconv1 of the table
            out = stages[stage - 1]
            self.layers[f"upconv{stage}"] = self.conv(stages[stage], out, nn.ELU())
            self.layers[f"iconv{stage}"] = self.conv(out + skips[stage], out, nn.ELU())
        for stage in (4, 3, 2, 1):
            self.layers[f"disp{stage}"] = self.conv(stages[stage - 1], 1, nn.Sigmoid())

    @staticmethod
    def conv(inputs, outputs, activation):
        return nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3), activation)

    def forward(self, levels):
        econv1, econv2, econv3, econv4, x = levels
        skips, disparities = {5: [econv4], 4: [econv3], 3: [econv2], 2: [econv1], 1: []}, []
        for stage in (5, 4, 3, 2, 1):
            x = self.layers[f"upconv{stage}"](x).repeat_interleave(2, -2).repeat_interleave(2, -1)
            x = self.layers[f"iconv{stage}"](torch.cat([x, *skips[stage]], 1))
            if stage < 5:
                disparities.append(self.layers[f"disp{stage}"](x))
        return disparities[::-1]

    def take(self, decoder, output):
        """The weights of our modules."""
        pairs = {f"upconv{5 - i}": conv for i, conv in enumerate(decoder.before)}
        pairs |= {f"iconv{5 - i}": conv for i, conv in enumerate(decoder.after)}
        pairs |= {f"disp{i + 1}": conv for i, conv in enumerate(output.convs)}
        assert pairs.keys() == self.layers.keys()
        for name, conv in pairs.items():
            self.layers[name][1].load_state_dict(conv.state_dict())
        return self


def rodrigues(vector):
    """Rotation of three unit vectors: v cos a + (k x v) sin a + k (k . v) (1 - cos a), column by column."""
    angle = np.linalg.norm(vector)
    axis = vector / angle if angle else np.array([1.0, 0.0, 0.0])
    turned = [
        v * np.cos(angle) + np.cross(axis, v) * np.sin(angle) + axis * (axis @ v) * (1 - np.cos(angle))
        for v in np.eye(3)
    ]
    return np.stack(turned, axis=1)


def intrinsic_matrix(camera):
    fx, fy, cx, cy = camera
    return np.array([[fx, 0, cx, 0], [0, fy, cy, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def projected(depth, camera, motion):
    """Homogeneous matrices pixel by pixel: K T D K^-1 p (Zhou et al. 2017, eq. 2); H x W x 2 places and H x W z."""
    matrix, (height, width) = intrinsic_matrix(camera), depth.shape
    places, depths = np.empty((*depth.shape, 2)), np.empty(depth.shape)
    for y in range(height):
        for x in range(width):
            ray = np.linalg.inv(matrix)[:3, :3] @ np.array([x, y, 1.0])
            point = matrix @ motion @ np.append(depth[y, x] * ray, 1.0)
            places[y, x], depths[y, x] = point[:2] / point[2], point[2]
    return places, depths


def looked_up(image, places):
    """Bilinear interpolation of C x H x W at places (x, y), the border repeated, pixel by pixel."""
    found, (height, width) = np.empty(image.shape), image.shape[1:]
    for y in range(height):
        for x in range(width):
            u, v = places[y, x, 0].clip(0, width - 1), places[y, x, 1].clip(0, height - 1)
            left, top = min(int(u), width - 2), min(int(v), height - 2)
            across, down = u - left, v - top
            above = image[:, top, left] * (1 - across) + image[:, top, left + 1] * across
            below = image[:, top + 1, left] * (1 - across) + image[:, top + 1, left + 1] * across
            found[:, y, x] = above * (1 - down) + below * down
    return found


def windows(values):
    """The 3 x 3 windows of ... x H x W, mirrored at the border: ... x H x W x 9, float64."""
    edges = [(0, 0)] * (values.ndim - 2) + [(1, 1), (1, 1)]
    padded = np.pad(np.asarray(values, np.float64), edges, mode="reflect")
    view = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(-2, -1))
    return view.reshape(*view.shape[:-2], 9)


def ssim_of(first, second):
    """Wang et al. 2004, eq. 13, for a range of 1."""
    x, y = windows(first), windows(second)
    mean_x, mean_y = x.mean(-1), y.mean(-1)
    covariance = ((x - mean_x[..., None]) * (y - mean_y[..., None])).mean(-1)
    above = (2 * mean_x * mean_y + 0.01**2) * (2 * covariance + 0.03**2)
    return above / ((mean_x**2 + mean_y**2 + 0.01**2) * (x.var(-1) + y.var(-1) + 0.03**2))


def error_of(first, second):
    """Godard et al. 2019, eq. 2 with alpha = 0.85: ... x C x H x W to ... x H x W."""
    ssim = ((1 - ssim_of(first, second)) / 2).clip(0, 1)
    return (0.85 * ssim + 0.15 * np.abs(np.asarray(first, np.float64) - np.asarray(second))).mean(-3)


def smoothness_of(values, image):
    """Godard et al. 2019, eq. 3 of one map H x W and its image C x H x W, neighbour by neighbour."""
    total, (height, width) = 0.0, values.shape
    for down, across in ((0, 1), (1, 0)):
        terms = []
        for y in range(height - down):
            for x in range(width - across):
                change = abs(values[y + down, x + across] - values[y, x])
                edge = np.abs(image[:, y + down, x + across] - image[:, y, x]).mean()
                terms.append(change * np.exp(-edge))
        total += np.mean(terms)
    return total
