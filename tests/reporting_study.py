"""A small study whose cells are made up, with numbers of a realistic size: no training, no images."""

import csv
import json
from pathlib import Path

import numpy as np
from depth2seg.evaluation.confusion import metrics
from depth2seg.reporting.cells import write_cells as gather
from depth2seg.study import Cell

CLASSES = (
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation"),
    *("terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
)
PALETTE = np.array(
    [
        *((128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153)),
        *((250, 170, 30), (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60)),
        *((255, 0, 0), (0, 0, 142), (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32)),
    ],
    dtype=np.uint8,
)
# label, task, supervision, source, how far the recipe lifts the share of right pixels
RECIPES = {
    "none": ("Random weights", "none", None, None, 0.0),
    "objects": ("Classification (rendered objects)", "classification", None, "objects", 0.02),
    "depth-video": ("Depth (monocular video)", "depth", "video", "streets", 0.06),
    "depth-stereo": ("Depth (stereo)", "depth", "stereo", "streets", 0.065),
    "depth-lidar": ("Depth (lidar)", "depth", "lidar", "streets", 0.09),
    "flow": ("Optical flow", "flow", None, "streets", 0.01),
}


def settings(
    experiment: str, recipes: list[str], sizes: tuple[int, ...] = (16,), seeds: int = 3, **changed: object
) -> dict:
    """An experiment's settings, as Study.experiment_settings gives them."""
    block = {
        "experiment": experiment,
        "title": experiment,
        "dataset": "streets",
        "recipes": recipes,
        "backbones": ["resnet18"],
        "settings": ["full"],
        "train_sizes": list(sizes),
        "seeds": seeds,
        "baseline": "none",
        "recipe_labels": {name: RECIPES[name][0] for name in recipes},
        "setting_labels": {"full": "Whole network", "frozen": "Frozen encoder"},
    }
    return block | changed


def write_cell(results: Path, cell: Cell, images: int = 24, classes: int = 12, noise: float = 0.02) -> Path:
    """Write a made-up cell's files below ``results``; returns its metrics.json."""
    folder = results / cell.path
    folder.mkdir(parents=True)
    _, task, supervision, source, lift = RECIPES[cell.recipe]
    scene = np.random.default_rng(7)  # the test images are the same for every cell
    truth = scene.multinomial(3000, scene.dirichlet(np.full(classes, 0.6), size=images))
    hardness = scene.normal(0, 0.25, (images, 1)) + scene.normal(0, 0.8, classes)
    own = np.random.default_rng([*cell.path.encode()])
    shared = np.random.default_rng([cell.seed, cell.train_size])  # the labelled images that a seed draws
    share = lift * (16 / cell.train_size) ** 0.3 + 0.06 * np.log2(cell.train_size / 16)
    share += own.normal(0, noise) + shared.normal(0, noise)
    right = 1 / (1 + np.exp(-(hardness + 0.3 + 5 * share + own.normal(0, 0.05, (images, classes)))))
    confusion = np.zeros((images, len(CLASSES), len(CLASSES)), dtype=np.int64)
    for image in range(images):
        for true in range(classes):
            p = np.full(classes, (1 - right[image, true]) / (classes - 1))
            p[true] = right[image, true]
            confusion[image, true, :classes] = own.multinomial(truth[image, true], p)
    # Early predictions, and those at other scales, are the final ones with a share of the right pixels moved.
    along, scaled = (np.stack([_worse(confusion, part) for part in parts]) for parts in ((0.6 - 3 * lift, 0.3), (0.2,)))
    extra = {"iterations": [50, 100], "along": along, "scales": [0.5], "scaled": scaled}
    rows = np.arange(100, 100 + images)
    np.savez(folder / "confusion.npz", confusion=confusion, rows=rows, classes=CLASSES, **extra)
    values = vars(cell) | metrics(confusion, CLASSES)
    values |= {"miou_along": {str(i): metrics(c, CLASSES)["miou"] for i, c in zip((50, 100), along, strict=True)}}
    values |= {"miou_scaled": {"0.5": metrics(scaled[0], CLASSES)["miou"]}}
    values |= {"cell": cell.path, "source": source, "task": task, "supervision": supervision, "init": "random"}
    values |= {"head": "depth-decoder", "transfer": "encoder", "frozen": cell.setting == "frozen"}
    values |= {"height": 96, "width": 320, "protocol": "corrected", "iterations": 200, "train_seconds": 31.4159}
    values |= {"peak_memory_mb": 912.5, "image": None, "commit": "0123abc"}
    (folder / "metrics.json").write_text(json.dumps(values))
    steps = np.arange(1, 201)
    loss = 0.4 + (2.2 - 4 * lift) * np.exp(-steps / (60 - 250 * lift)) + own.normal(0, 0.06, 200) ** 2
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["iteration", "loss", "lr", "seconds"])
        writer.writerows([step, f"{value:.5f}", 1e-4, 0.1] for step, value in zip(steps, loss, strict=True))
    return folder / "metrics.json"


def _worse(confusion: np.ndarray, part: float) -> np.ndarray:
    """``part`` of the right pixels of each class predicted as the next class instead."""
    worse, classes = confusion.copy(), np.arange(confusion.shape[1])
    moved = (part * confusion[:, classes, classes]).astype(np.int64)
    worse[:, classes, classes] -= moved
    worse[:, classes, (classes + 1) % len(classes)] += moved
    return worse


def write_cells(results: Path, *experiments: dict, **options: float) -> list[Path]:
    """Write every cell that the experiments' settings ask for; returns their metrics.json."""
    cells = {
        Cell(block["dataset"], recipe, backbone, setting, size, seed)
        for block in experiments
        for recipe in block["recipes"]
        for backbone in block["backbones"]
        for setting in block["settings"]
        for size in block["train_sizes"]
        for seed in range(block["seeds"])
    }
    return [write_cell(results, cell, **options) for cell in sorted(cells)]


PRETRAINING = settings("pretraining", ["none", "objects", "depth-video", "flow"])
SUPERVISION = settings("supervision", ["none", "depth-video", "depth-stereo", "depth-lidar"])
SIZES = settings("train-size", ["none", "depth-video"], (8, 16))


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def gathered(results: Path) -> Path:
    """Write the cells of the three experiments and their cells.csv; returns the folder."""
    gather(write_cells(results, PRETRAINING, SUPERVISION, SIZES), results / "cells.csv")
    return results
