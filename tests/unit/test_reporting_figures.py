"""Every figure is drawn from made-up cells and samples, as readable files that are the same bytes each time."""

import json
from pathlib import Path

import numpy as np
import pytest
from depth2seg.__main__ import main
from depth2seg.reporting.cells import write_cells as gather
from depth2seg.reporting.figures.depth_maps import inverse_depth
from depth2seg.reporting.figures.flow_maps import colour_flow
from depth2seg.reporting.samples import colour_labels
from depth2seg.reporting.style import looks
from depth2seg.reporting.table import write_table
from PIL import Image
from reporting_study import CLASSES, PALETTE, settings, write_cells

RECIPES = ["none", "objects", "depth-video", "flow"]


def assert_drawn(pdf: Path) -> None:
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.read_bytes().rstrip().endswith(b"%%EOF")
    with Image.open(pdf.with_suffix(".png")) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width == 1440
        assert np.asarray(image.convert("L")).std() > 5


def draw(out: Path, *arguments: object) -> None:
    assert main(["figure", "--out", str(out), *map(str, arguments)]) == 0
    assert_drawn(out)
    first = out.read_bytes(), out.with_suffix(".png").read_bytes()
    assert main(["figure", "--out", str(out), *map(str, arguments)]) == 0
    assert first == (out.read_bytes(), out.with_suffix(".png").read_bytes())


@pytest.mark.parametrize(
    "changed",
    [
        {"sizes": (16,)},
        {"sizes": (4, 8, 16)},
        {"sizes": (16,), "seeds": 1},
        {"sizes": (8, 16), "seeds": 1, "settings": ["full", "frozen"]},
        {"sizes": (16,), "settings": ["full", "frozen"]},
    ],
    ids=["rows", "lines", "one-seed", "lines-two-settings", "two-settings"],
)
def test_experiment(tmp_path: Path, changed: dict):
    block = settings("pretraining", RECIPES, **changed)
    gather(write_cells(tmp_path, block), tmp_path / "cells.csv")
    write_table(block, tmp_path / "cells.csv", tmp_path, tmp_path / "table.csv")
    inputs = ["--table", tmp_path / "table.csv", "--cells", tmp_path / "cells.csv"]
    draw(tmp_path / "f.pdf", "--name", "experiment", "--settings", json.dumps(block), *inputs)


def test_claims(tmp_path: Path):
    lines = [
        "claim,statement,experiment,effect,low,high,pairs,verdict,paper",
        'C1,A statement,pretraining,5.30,3.20,7.10,6,supported,"+5.8 mIoU, +5.2 pixel accuracy"',
        "C2,Another,pretraining,-1.00,-1.50,-0.20,6,contradicted,no figure known",
        "C3,One of one seed,other,1.00,,,1,not tested,no figure known",
        "C5,One without a test,,,,,0,not tested,no figure known",
    ]
    (tmp_path / "claims.csv").write_text("\n".join(lines) + "\n")
    draw(tmp_path / "f.pdf", "--name", "claims", "--table", tmp_path / "claims.csv")


@pytest.mark.parametrize("sizes", [(16,), (2, 4, 8, 16)])
def test_convergence(tmp_path: Path, sizes: tuple[int, ...]):
    block = settings("train-size", RECIPES, sizes)
    write_cells(tmp_path, block)
    draw(tmp_path / "f.pdf", "--name", "convergence", "--settings", json.dumps(block), "--results", tmp_path)
    measured = json.dumps(block | {"measures": ["convergence", "robustness"]})
    for name in ("convergence", "scales"):
        draw(tmp_path / f"{name}.pdf", "--name", name, "--settings", measured, "--results", tmp_path)


def test_predictions(tmp_path: Path, capsys: pytest.CaptureFixture):
    block, rng = settings("pretraining", RECIPES), np.random.default_rng(0)
    semantic = rng.choice(np.array([0, 1, 2, 10, 255], dtype=np.uint8), (4, 32, 64))
    image = rng.integers(0, 255, (4, 32, 64, 3), dtype=np.uint8)
    for recipe in RECIPES:
        folder = tmp_path / f"finetune/streets/{recipe}/resnet18/full/n16/seed0"
        folder.mkdir(parents=True)
        prediction = rng.integers(0, 19, semantic.shape, dtype=np.uint8)
        arrays = {"image": image, "semantic": semantic, "prediction": prediction}
        np.savez(folder / "samples.npz", **arrays, palette=PALETTE, classes=CLASSES)
    arguments = ["--name", "predictions", "--settings", json.dumps(block), "--results", tmp_path]
    draw(tmp_path / "f.pdf", *arguments)
    np.savez(folder / "samples.npz", **(arrays | {"semantic": semantic[::-1]}), palette=PALETTE, classes=CLASSES)
    assert main(["figure", "--out", str(tmp_path / "f.pdf"), *map(str, arguments)]) == 1
    assert "flow/resnet18/full/n16/seed0/samples.npz: shows other test images" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["depth", "flow"])
def test_maps_of_pretrained_networks(tmp_path: Path, kind: str):
    rng, paths = np.random.default_rng(0), []
    image = rng.integers(0, 255, (2, 32, 64, 3), dtype=np.uint8)
    for recipe in ("objects", "depth-video", "depth-lidar", "flow"):
        folder = tmp_path / recipe
        folder.mkdir()
        (folder / "metrics.json").write_text(json.dumps({"recipe": recipe}))
        arrays = {"image": image if recipe != "depth-lidar" else image[::-1]}
        if recipe.startswith("depth"):
            arrays |= {"depth": rng.uniform(1, 50, (2, 32, 64)), "truth": np.zeros((2, 32, 64))}
        if recipe == "flow":
            arrays |= {"flow": rng.normal(0, 3, (2, 32, 64, 2)), "truth": np.full((2, 32, 64, 2), np.nan)}
        np.savez(folder / "samples.npz", **arrays)
        paths.append(folder / "samples.npz")
    block = settings("pretraining", RECIPES)
    draw(tmp_path / "f.pdf", "--name", f"{kind}-maps", "--settings", json.dumps(block), *paths)


def test_a_figure_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture):
    assert main(["figure", "--name", "experiment", "--out", str(tmp_path / "f.pdf")]) == 1
    assert "needs --settings, --table, --cells" in capsys.readouterr().err
    assert main(["figure", "--name", "depth-maps", "--settings", "{}", "--out", str(tmp_path / "f.pdf")]) == 1
    assert "needs .npz files" in capsys.readouterr().err


def test_every_recipe_has_a_look_of_its_own():
    kinds = {f"depth-{i}": ("depth", "video") for i in range(4)} | {"none": ("none", "")}
    chosen = looks(kinds)
    assert len(set(chosen.values())) == 5
    assert chosen["none"] == looks({"none": ("none", "")})["none"]


def test_colours_of_maps():
    depth = np.array([[0.0, 1.0, 100.0]])
    near, far = inverse_depth(depth)[0, 1], inverse_depth(depth)[0, 2]
    assert near.sum() > far.sum()
    assert (inverse_depth(depth)[0, 0] == 0.85).all()
    still = colour_flow(np.zeros((1, 1, 2)), 1.0)
    assert (still == 1).all()
    right, left = colour_flow(np.array([[[2.0, 0], [-2.0, 0]]]), 2.0)[0]
    assert np.allclose(right, [1, 0, 0])
    assert np.allclose(left, [0, 1, 1])
    labels = colour_labels(np.array([[0, 255]], dtype=np.uint8), PALETTE)
    assert labels.tolist() == [[[128, 64, 128], [255, 255, 255]]]
