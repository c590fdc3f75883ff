"""Tiny packed folders with exact truth: textured slanted planes that a camera drives towards, and two plain classes."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from depth2seg.data.index import COLUMNS, PATHS

torch.set_num_threads(1)  # tiny networks; and results do not depend on how many cores a machine has

BASELINE = 0.5
STEP = np.array([0.08, 0.02, 0.35])  # metres a frame, in the camera's axes
PATCHES = 3  # classes of the label images


def camera_of(size):
    """fx, fy, cx, cy of a square-pixelled camera with a right angle of view."""
    height, width = size
    return np.array([width * 0.8, width * 0.8, (width - 1) / 2, (height - 1) / 2])


@dataclass
class Plane:
    """The plane z = distance + x slope_x + y slope_y, painted with sine waves of metres' length."""

    seed: int = 0
    distance: float = 9.0
    slope: tuple[float, float] = (0.25, -0.4)
    waves: np.ndarray = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        direction, length = rng.uniform(0, 2 * np.pi, 8), rng.uniform(1.2, 6.0, 8)
        across = 2 * np.pi / length * np.stack([np.cos(direction), np.sin(direction)])
        self.waves = np.concatenate([across, rng.uniform(0, 2 * np.pi, (3, 8))])

    def depth(self, position, size):
        """Exact z of each pixel of a camera at ``position``, H x W metres."""
        fx, fy, cx, cy = camera_of(size)
        y, x = np.mgrid[: size[0], : size[1]]
        slope_x, slope_y = self.slope
        height = self.distance + slope_x * position[0] + slope_y * position[1] - position[2]
        return height / (1 - slope_x * (x - cx) / fx - slope_y * (y - cy) / fy)

    def points(self, position, size):
        """World points that the pixels see, H x W x 3."""
        fx, fy, cx, cy = camera_of(size)
        y, x = np.mgrid[: size[0], : size[1]]
        rays = np.stack([(x - cx) / fx, (y - cy) / fy, np.ones(size)], axis=-1)
        return position + rays * self.depth(position, size)[..., None]

    def image(self, position, size):
        """What the camera sees, H x W x 3 in 0..1."""
        phase = self.points(position, size)[..., :2] @ self.waves[:2]
        return 0.5 + np.stack([np.sin(phase + shift).mean(-1) for shift in self.waves[2:]], axis=-1)

    def flow(self, position, step, size):
        """Motion of the pixels when the camera moves by ``step``, H x W x 2 pixels."""
        fx, fy, cx, cy = camera_of(size)
        seen = self.points(position, size) - position - step
        y, x = np.mgrid[: size[0], : size[1]]
        return np.stack([seen[..., 0] / seen[..., 2] * fx + cx - x, seen[..., 1] / seen[..., 2] * fy + cy - y], axis=-1)

    def labels(self, position, size):
        """Stripes of three classes across the plane, with an unlabelled column, H x W."""
        stripes = np.floor(self.points(position, size)[..., 0] / 2).astype(int) % PATCHES
        stripes[:, 0] = 255
        return stripes.astype(np.uint8)


def write_street(folder, size=(64, 64), videos=2, frames=4, labelled=6, classes="camvid"):
    """A packed folder with every array: video, val, train, test. Returns its path."""
    rows, arrays = [], {}
    names = {"video": (videos, frames), "val": (1, frames), "train": (labelled, 1), "test": (labelled - 2, 1)}
    for number, (split, (sequences, count)) in enumerate(names.items()):
        for sequence in range(sequences):
            plane = Plane(seed=100 * number + sequence)
            for frame in range(count):
                at = frame * STEP
                depth = plane.depth(at, size)
                lidar = np.where(np.arange(size[0])[:, None] % 2, depth, 0)
                flow = plane.flow(at, STEP, size)
                target = flow + np.stack(np.mgrid[: size[0], : size[1]][::-1], axis=-1)
                flow[((target < 0) | (target > np.array(size[::-1]) - 1)).any(-1)] = np.nan
                values = {
                    "image": _bytes(plane.image(at, size)),
                    "right_image": _bytes(plane.image(np.add(at, [BASELINE, 0, 0]), size)),
                    "semantic": plane.labels(at, size),
                    "semantic_filtered": plane.labels(at, size),
                    "depth": depth.astype(np.float32),
                    "lidar": lidar.astype(np.float32),
                    "flow": flow.astype(np.float32),
                }
                for name, value in values.items():
                    arrays.setdefault(name, []).append(value)
                row = {"split": split, "sequence": f"{split}{sequence}", "frame": frame, "baseline": BASELINE}
                camera = zip(("fx", "fy", "cx", "cy"), camera_of(size), strict=True)
                rows.append(row | dict.fromkeys(PATHS, "-") | dict(camera))
    return write_packed(folder, rows, arrays, size, classes)


def write_classes(folder, size=(64, 64), images=6):
    """A packed folder of two classes, dark and light noise, each with ``images`` for training and two held out."""
    rng, rows, arrays = np.random.default_rng(5), [], {"image": []}
    for split, count in (("train", images), ("val", 2)):
        for name, level in (("dark", 0.25), ("light", 0.75)):
            for frame in range(count):
                arrays["image"].append(_bytes(level + 0.2 * rng.uniform(-1, 1, (*size, 3))))
                rows.append({"split": split, "sequence": name, "frame": frame, "image": "-"})
    return write_packed(folder, rows, arrays, size, None)


def write_packed(folder, rows, arrays, size, classes):
    """Write a packed folder from rows of its index and one list of values an array."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    frames = pd.DataFrame(rows, columns=list(COLUMNS))
    order = frames.sort_values(["split", "sequence", "frame"]).index.to_numpy()
    frames = frames.loc[order].reset_index(drop=True)
    frames["row"] = np.arange(len(frames))
    for column in ("fx", "fy", "cx", "cy", "baseline"):
        frames[column] = frames[column].astype("float64")
    frames.to_parquet(folder / "index.parquet", index=False)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", np.stack(values)[order])
    info = {"dataset": "synthetic", "size": list(size), "rows": len(frames), "classes": classes, "arrays": list(arrays)}
    (folder / "packed.json").write_text(json.dumps(info))
    return folder


def _bytes(image):
    return (image * 255).round().clip(0, 255).astype(np.uint8)
