"""A small raw data set with every kind of file, its frame index, and packing it."""

import json

import cv2
import numpy as np
from depth2seg.data import index, packer
from depth2seg.data.packing import Packed

HEIGHT, WIDTH = 4, 6
CAMERA = {"fx": 60.0, "fy": 40.0, "cx": 2.5, "cy": 1.5}


def save(path, pixels):
    """Write a PNG; three channels are RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(pixels)
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def picture(seed, height=HEIGHT, width=WIDTH):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write_raw(root):
    """Two sequences of three frames with everything, and a test frame with an image only."""
    rng = np.random.default_rng(0)
    for sequence in "ab":
        for frame in range(3):
            name = f"{sequence}{frame}.png"
            save(root / "image" / name, picture(frame))
            save(root / "right" / name, picture(frame + 9))
            save(root / "semantic" / name, rng.integers(0, 12, (HEIGHT, WIDTH), np.uint8))
            save(root / "depth" / name, rng.integers(1, 9999, (HEIGHT, WIDTH), np.uint16))
            save(root / "lidar" / name, rng.integers(0, 2, (HEIGHT, WIDTH)).astype(np.uint16) * 512)
            save(root / "flow" / name, rng.integers(1, 65535, (HEIGHT, WIDTH, 3)).astype(np.uint16))
    save(root / "image" / "t.png", picture(3))
    return root


def rows():
    full = [
        {
            "split": "train",
            "sequence": sequence,
            "frame": frame,
            "image": f"image/{sequence}{frame}.png",
            "right_image": f"right/{sequence}{frame}.png",
            **{kind: f"{kind}/{sequence}{frame}.png" for kind in ("semantic", "depth", "lidar", "flow")},
            **CAMERA,
            "baseline": 0.5,
        }
        for sequence in "ab"
        for frame in range(3)
    ]
    return [*full, {"split": "test", "sequence": "t", "frame": 0, "image": "image/t.png", **CAMERA}]


def packed(root, size=(2, 3), records=None, workers=1, **settings):
    out = root.parent / "packed"
    index.write(index.table(records or rows()), root.parent / "index.parquet")
    packer.pack(root.parent / "index.parquet", root, out, packer.Settings(size, "camvid", **settings), workers)
    return Packed(out)


def command_line(root, settings):
    folder = root.parent
    files = ["--index", str(folder / "index.parquet"), "--root", str(root), "--out", str(folder / "packed")]
    return ["pack", "--settings", json.dumps(settings), *files, "--processes", "2"]


def left(root):
    return sorted(path.name for path in root.parent.iterdir())
