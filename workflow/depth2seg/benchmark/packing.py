"""Indexing and packing of stereo frames, against decoding the same files with Pillow in as many processes."""

import multiprocessing
import os
import shutil
import statistics
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from depth2seg.benchmark.frames import STORED
from depth2seg.data import index, kitti, packer
from depth2seg.scenes import formats
from depth2seg.scenes.layout import DATE, Drive, drive_name

PARTS = 5  # both take turns, so that whatever else the machine does meets both alike
DISTINCT = 40  # pictures that differ; the files of a drive are links to them, and decoded all the same


def benchmark_packing(folder: Path, frames: int, size: tuple[int, int], workers: int) -> dict:
    """Measure both on ``frames`` stereo frames of KITTI's size, in five drives.

    Args:
        folder: for the files; the caller removes it.
        frames: how many, each a left and a right image.
        size: packed height and width.
        workers: threads that pack, and processes that decode.

    Returns:
        ``frames_a_second`` of both; Pillow's seconds over ours, by drive: their median (``ratio``) and range.
    """
    pictures = write_pictures(folder / "pictures")
    ours, theirs, each = [], [], max(1, frames // PARTS)
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.map(decode_with_pillow, [str(path) for path in pictures[:workers]])  # imports before the clock
        for part in range(PARTS):
            root = folder / f"drive{part}"
            drive = write_drive(root, part, each, pictures)
            files = [str(path) for path in sorted(root.rglob("image_0?/data/*.png"))]
            begun = time.perf_counter()
            index.write(index.table(kitti.read_index(root, [drive], []).to_dict("records")), root / "index.parquet")
            packer.pack(root / "index.parquet", root, root / "packed", packer.Settings(size), workers)
            ended = time.perf_counter()
            pool.map(decode_with_pillow, files, chunksize=8)
            ours.append(ended - begun)
            theirs.append(time.perf_counter() - ended)
            shutil.rmtree(root)
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return {
        "frames": PARTS * each,
        "workers": workers,
        "frames_a_second": round(PARTS * each / sum(ours), 1),
        "pillow_frames_a_second": round(PARTS * each / sum(theirs), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
    }


def write_pictures(folder: Path) -> list[Path]:
    """Smooth shapes with a camera's noise, so that a PNG takes the time to decode of a photograph."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    shapes = cv2.resize(rng.uniform(0, 255, (13, 42, 3)), STORED[::-1], interpolation=cv2.INTER_CUBIC)
    paths = [folder / f"{number:03d}.png" for number in range(DISTINCT)]
    for number, path in enumerate(paths):
        picture = np.roll(shapes, 4 * number, axis=1) + rng.normal(0, 4, shapes.shape)
        formats.write_png(path, picture.clip(0, 255).astype(np.uint8))
    return paths


def write_drive(root: Path, number: int, frames: int, pictures: list[Path]) -> Drive:
    """A raw drive of KITTI's layout whose images are links to ``pictures``."""
    drive = Drive(drive_name(DATE, number), DATE, "video", number)
    day = root / "raw" / DATE
    for camera, shift in (("image_02", 0), ("image_03", 1)):
        folder = day / drive.name / camera / "data"
        folder.mkdir(parents=True)
        for frame in range(frames):
            os.link(pictures[(frame + shift) % len(pictures)], folder / f"{frame:010d}.png")
    calibration = formats.camera_calibration(721.5, 609.6, 172.9, *STORED[::-1])
    (day / "calib_cam_to_cam.txt").write_text(calibration)
    return drive


def decode_with_pillow(path: str) -> int:
    """Decode an image, and give its height back rather than its pixels, which would have to be copied."""
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB")).shape[0]


def table(results: dict) -> str:
    """The results as lines of text."""
    low, high = results["ratio_range"]
    threads = f"{results['workers']} threads"
    rates = f"{results['frames_a_second']} a second, Pillow in as many processes {results['pillow_frames_a_second']}"
    return (
        f"index and pack, {results['frames']} stereo frames, {threads}: {rates}; "
        f"ratio {results['ratio']:.2f} ({low:.2f} - {high:.2f})"
    )
