"""Weight files: the same bytes for the same values, and bad ones refused without running anything in them."""

import os
import pickle

import pytest
import recipes
import torch
from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.models.backbones import ResNetEncoder
from depth2seg.training import pretrain
from depth2seg.training.state import load_tensors, save_tensors
from depth2seg.training.weights import imported_encoder


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_the_same_tensors_are_the_same_bytes(tmp_path):
    value = {"a": torch.arange(5), "b": [{"c": 1.5}, None, "text"]}
    for name in ("one.pth", "another.pth"):
        save_tensors(tmp_path / name, value)
    assert (tmp_path / "one.pth").read_bytes() == (tmp_path / "another.pth").read_bytes()
    # Equal texts may be one object or two; pickle would tell them apart.
    names = {"recipe": "flow", "task": "flow"}, {"recipe": "flow", "task": "".join(["fl", "ow"])}
    for name, texts in zip(("two.pth", "three.pth"), names, strict=True):
        save_tensors(tmp_path / name, texts)
    assert (tmp_path / "two.pth").read_bytes() == (tmp_path / "three.pth").read_bytes()
    loaded = load_tensors(tmp_path / "one.pth")
    assert torch.equal(loaded["a"], value["a"]) and loaded["b"] == value["b"]


@pytest.mark.parametrize("keep", [0, 1, 100, 2000, 5000])
def test_a_truncated_state_is_an_error_that_names_the_file(tmp_path, keep):
    path = tmp_path / "state.pth"
    save_tensors(path, {"a": torch.zeros(3_000_000)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"state\.pth: .*"):
        load_tensors(path)


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match="there is no such weight file"):
        load_tensors(tmp_path / "encoder.pth")


class Code:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("plain", [True, False])
def test_code_in_a_weight_file_is_refused_and_does_not_run(tmp_path, plain):
    path, trace = tmp_path / "weights.pth", tmp_path / "trace"
    value = {"conv1.weight": torch.zeros(3), "code": Code(f"touch {trace}")}
    if plain:
        path.write_bytes(pickle.dumps({"code": Code(f"touch {trace}")}))
    else:
        torch.save(value, path)
    expected = ResNetEncoder("resnet18").state_dict()
    for load in (lambda: load_tensors(path), lambda: imported_encoder(str(path), None, expected)):
        with pytest.raises(UserError, match=r"weights\.pth"):
            load()
    assert not trace.exists()


def test_imported_weights_are_checked(tmp_path):
    expected, path = ResNetEncoder("resnet18").state_dict(), tmp_path / "resnet18.pth"
    published = {name: torch.full_like(value, 2) for name, value in expected.items()}
    save_tensors(path, published | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)})
    loaded = imported_encoder(str(path), sha256(path), expected)
    assert loaded.keys() == expected.keys() and all((value == 2).all() for value in loaded.values())
    with pytest.raises(UserError, match=r"its sha256 is .*, the recipe expects 0000"):
        imported_encoder(str(path), "0" * 64, expected)
    with pytest.raises(UserError, match="there is no such weight file"):
        imported_encoder(str(tmp_path / "none.pth"), None, expected)
    with pytest.raises(UserError, match=r"conv1\.weight: \(64, 3, 7, 7\) instead of \(64, 6, 7, 7\)"):
        imported_encoder(str(path), None, ResNetEncoder("resnet18", in_channels=6).state_dict())
    with pytest.raises(UserError, match=r"layer1\.0\.conv3\.weight: lacking"):
        imported_encoder(str(path), None, ResNetEncoder("resnet50").state_dict())


def test_imported_weights_become_the_recipes(tmp_path):
    encoder = ResNetEncoder("resnet18")
    save_tensors(tmp_path / "resnet18.pth", encoder.state_dict())
    settings = recipes.recipe("imported", weights=str(tmp_path / "resnet18.pth")).model_dump()
    settings |= {"recipe": "imagenet", "backbone": "resnet18", "seed": 0}
    pretrain.pretrain(settings, None, None, tmp_path / "out", tmp_path, 1)
    written = load_tensors(tmp_path / "out" / "encoder.pth")
    assert written["recipe"] == "imagenet" and written["decoder"] is None
    assert all(torch.equal(written["encoder"][name], value) for name, value in encoder.state_dict().items())
