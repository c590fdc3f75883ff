"""Bad files and settings: each is named, and nothing is packed."""

import re

import numpy as np
import pytest
from depth2seg.__main__ import main
from depth2seg.data import decode, index
from depth2seg.errors import UserError
from raw_frames import HEIGHT, WIDTH, command_line, packed, picture, rows, save, write_raw


@pytest.fixture
def root(tmp_path):
    return write_raw(tmp_path / "raw")


def spoil(path, change):
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize("kind", ["image", "right", "semantic", "depth", "flow"])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-20],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-14] + bytes([data[-14] ^ 1]) + data[-13:],
        lambda data: b"",
        lambda data: b"<html>",
    ],
)
def test_a_damaged_file_is_named(root, kind, change):
    spoil(root / kind / "b1.png", change)
    with pytest.raises(UserError, match=rf"cannot decode .*{kind}/b1\.png"):
        packed(root, workers=2)
    assert sorted(path.name for path in root.parent.iterdir()) == ["index.parquet", "raw"]


def test_a_missing_file_is_named(root):
    (root / "semantic/b1.png").unlink()
    with pytest.raises(UserError, match=r"semantic/b1\.png is missing"):
        packed(root)


def test_a_label_that_cannot_be_names_file_and_value(root):
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[1, 2] = 12  # a single pixel, which the packed size leaves out
    save(root / "semantic/b1.png", labels)
    with pytest.raises(UserError, match=r"semantic/b1\.png holds 12 \(1 pixels\)"):
        packed(root, size=(1, 1))
    assert not (root.parent / "packed").exists()


def test_a_coloured_label_image_is_refused(root):
    save(root / "semantic/b1.png", picture(0))
    with pytest.raises(UserError, match=r"semantic/b1\.png is no label image"):
        packed(root)


def test_a_palette_image_is_read_by_its_indices(root):
    from PIL import Image

    labels = np.full((HEIGHT, WIDTH), 4, np.uint8)
    opened = Image.fromarray(labels).convert("P")
    opened.putdata(labels.reshape(-1).tolist())
    opened.putpalette([value for i in range(256) for value in (255 - i, i, 0)])
    opened.save(root / "semantic/b1.png")
    assert (decode.labels(root / "semantic/b1.png") == 4).all()


@pytest.mark.parametrize(("kind", "what"), [("depth", "depth"), ("flow", "flow")])
def test_eight_bits_are_no_depth_and_no_flow(root, kind, what):
    save(root / kind / "b1.png", picture(0)[..., 0] if kind == "depth" else picture(0))
    with pytest.raises(UserError, match=rf"{kind}/b1\.png is no {what} image: expected 16 bits.*got uint8"):
        packed(root)


def test_an_image_of_another_size_than_its_sequence(root):
    for kind, dtype in (("image", np.uint8), ("right", np.uint8), ("flow", np.uint16)):
        save(root / kind / "b1.png", np.ones((5, 6, 3), dtype))
    for kind, dtype in (("semantic", np.uint8), ("depth", np.uint16), ("lidar", np.uint16)):
        save(root / kind / "b1.png", np.ones((5, 6), dtype))
    with pytest.raises(UserError, match=r"image/b1\.png is 6 x 5 .*image/b0\.png\) is 6 x 4"):
        packed(root)


def test_a_label_of_another_size_than_its_image(root):
    save(root / "semantic/b1.png", np.zeros((HEIGHT, WIDTH + 1), np.uint8))
    with pytest.raises(UserError, match=r"semantic/b1\.png is 7 x 4 .* are 6 x 4"):
        packed(root)


def test_pictures_without_a_camera_may_differ_in_size(root):
    save(root / "image/a1.png", picture(0, 9, 9))
    records = [{"split": "train", "sequence": "cube", "frame": i, "image": f"image/a{i}.png"} for i in range(3)]
    assert packed(root, records=records).arrays["image"].shape == (3, 2, 3, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": "camvid"}, "size is None"),
        ({"size": [0, 3]}, r"size is \[0, 3\]"),
        ({"size": [2.5, 3]}, "expected .height, width."),
        ({"size": [2, 3], "colums": []}, "unknown keys colums"),
        ({"size": [2, 3], "columns": ["depht"]}, "columns depht"),
        ({"size": [2, 3], "classes": "camvit"}, "unknown classes 'camvit'"),
        ({"size": [2, 3]}, "`classes` must name"),
    ],
)
def test_bad_settings_end_the_command_with_a_message(root, capsys, settings, message):
    index.write(index.table(rows()), root.parent / "index.parquet")
    assert main(command_line(root, settings)) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (root.parent / "packed").exists()
