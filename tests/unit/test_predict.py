"""Predictions of test images at any scale, and evaluation along the way, which changes nothing."""

import json

import numpy as np
import pytest
import recipes
import torch
from depth2seg.data.packing import Packed
from depth2seg.study.schema import Setting
from depth2seg.training import finetune, pretrain
from depth2seg.training.predict import predict
from synthetic import write_street

SCHEDULE = {"iterations": 3, "batch": 2, "lr": 1e-3}


class Brightness(torch.nn.Module):
    """Calls a pixel bright or dark; remembers the sizes that it saw."""

    def __init__(self):
        super().__init__()
        self.threshold, self.seen = torch.nn.Parameter(torch.tensor(100.0)), []

    def scores(self, batch):
        image = batch["images"][:, 0].permute(0, 3, 1, 2).float().mean(1)
        self.seen.append(tuple(image.shape[1:]))
        return torch.stack([self.threshold - image, image - self.threshold], dim=1)


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("street") / "packed"))


def test_predictions_at_any_scale_have_the_frames_size(street):
    rows = street.rows("test", "semantic")
    height, width = street.arrays["image"].shape[1:3]
    whole = predict(Brightness(), street, rows, "float32")
    assert np.array_equal(whole, street.arrays["image"][rows].astype(float).mean(-1) > 100)
    for scale in (0.5, 0.75, 1.5, 2.0):
        model = Brightness()
        found = predict(model, street, rows, "float32", scale)
        assert found.shape == (len(rows), height, width)
        [seen] = set(model.seen)
        assert seen == tuple(max(-(-round(side * scale) // 32) * 32, 64) for side in (height, width))
        image = torch.from_numpy(street.arrays["image"][rows].copy()).permute(0, 3, 1, 2).float()
        shape = (round(height * scale), round(width * scale))
        small = torch.nn.functional.interpolate(image, shape, mode="bilinear", antialias=True).round().mean(1)
        scores = torch.stack([100 - small, small - 100], dim=1)
        scores = torch.nn.functional.interpolate(scores, (height, width), mode="bilinear", align_corners=False)
        assert (found == scores.argmax(1).numpy()).mean() > 0.999


def cell(**changes):
    block = Setting(label="", size=[64, 64], schedule=SCHEDULE, **changes)
    names = {"dataset": "street", "recipe": "none", "backbone": "resnet18", "setting": "unet", "source": None}
    names |= {"task": "none", "supervision": None, "init": "random", "train_size": 4, "seed": 3}
    return block.model_dump() | names


@pytest.fixture(scope="module")
def runs(tmp_path_factory, street):
    """The same cell, evaluated at its end alone, and along the way and at two scales."""
    folder = tmp_path_factory.mktemp("runs")
    settings = recipes.recipe("none").model_dump() | {"recipe": "none", "backbone": "resnet18", "seed": 0}
    pretrain.pretrain(settings, None, None, folder / "none", folder, 1)
    for name, changes in (("plain", {}), ("evaluated", {"evaluate_every": 1, "scales": [0.5, 2.0]})):
        finetune.finetune(cell(**changes), street.folder, folder / "none" / "encoder.pth", folder / name, folder, 1)
    return folder


def test_evaluation_changes_no_weight(runs):
    assert (runs / "plain" / "model.pth").read_bytes() == (runs / "evaluated" / "model.pth").read_bytes()
    plain, evaluated = (json.loads((runs / name / "metrics.json").read_text()) for name in ("plain", "evaluated"))
    assert plain["miou"] == evaluated["miou"]
    assert plain["miou_along"] == plain["miou_scaled"] == {}
    assert not list((runs / "work").iterdir())


def test_what_was_found_is_written_with_its_iteration_and_scale(runs):
    metrics = json.loads((runs / "evaluated" / "metrics.json").read_text())
    assert list(metrics["miou_along"]) == ["1", "2"] and list(metrics["miou_scaled"]) == ["0.5", "2.0"]
    with np.load(runs / "evaluated" / "confusion.npz") as file:
        arrays = dict(file)
    assert arrays["iterations"].tolist() == [1, 2] and arrays["scales"].tolist() == [0.5, 2.0]
    assert arrays["along"].shape == arrays["scaled"].shape == (2, *arrays["confusion"].shape)
    labelled = arrays["confusion"].sum((1, 2))
    for name in ("along", "scaled"):
        assert np.array_equal(arrays[name].sum((2, 3)), np.stack([labelled, labelled]))
    assert not np.array_equal(arrays["along"][0], arrays["along"][1])
