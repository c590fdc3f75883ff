"""The reader of NYU's extracted form, on folders made by hand, and packing of what it finds."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from depth2seg.data import index, nyu, packer
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from depth2seg.training.frames import FrameSets

# Intrinsics of NYU's labelled frames, from its toolbox's camera_params.m, here of a twentieth of their size.
CAMERA = {"fx": 25.9, "fy": 26.0, "cx": 15.3, "cy": 11.7, "width": 32, "height": 24}
ROOMS = {
    "source": "rendered-room", "classes": "nyu13", "seed": 0, "size": [24, 32], "samples": 1,
    "splits": {"video": {"sequences": 1, "frames": 3}, "train": {"sequences": 1, "frames": 2, "stride": 5}},
}  # fmt: skip


def write_scene(folder, frames, labelled):
    rng = np.random.default_rng(0)
    for kind in ("image", "depth", *(["label"] if labelled else [])):
        (folder / kind).mkdir(parents=True)
    (folder / "camera.json").write_text(json.dumps(CAMERA))
    for k in frames:
        name = f"{k:06d}.png"
        cv2.imwrite(str(folder / "image" / name), rng.integers(0, 255, (24, 32, 3), np.uint8))
        depth = np.full((24, 32), 2345, np.uint16)
        depth[:4], depth[4:8] = 0, 10_000
        cv2.imwrite(str(folder / "depth" / name), depth)
        if labelled:
            label = np.full((24, 32), 4, np.uint8)  # bed
            label[:, 16:], label[:4] = 40, 0  # other prop, unlabelled
            cv2.imwrite(str(folder / "label" / name), label)


@pytest.fixture
def root(tmp_path):
    write_scene(tmp_path / "video-0000", [0, 1, 2], labelled=False)
    write_scene(tmp_path / "train-0000", [0, 5], labelled=True)
    return tmp_path


def test_rows_of_a_scene(root):
    rows = nyu.scene_rows(root, "train-0000", "test")
    assert [row["frame"] for row in rows] == [0, 5]
    assert rows[1] == {
        "split": "test", "sequence": "train-0000", "frame": 5, "image": "train-0000/image/000005.png",
        "depth": "train-0000/depth/000005.png", "semantic": "train-0000/label/000005.png",
        "fx": 25.9, "fy": 26.0, "cx": 15.3, "cy": 11.7, "depth_unit": 0.001,
    }  # fmt: skip
    assert "semantic" not in nyu.scene_rows(root, "video-0000", "video")[0]


def test_index_of_rooms_leaves_out_frames_that_the_config_does_not_ask_for(root):
    shutil.copy(root / "video-0000/image/000000.png", root / "video-0000/image/000003.png")
    shutil.copy(root / "video-0000/depth/000000.png", root / "video-0000/depth/000003.png")
    frames = index.build(root, ROOMS)
    assert frames[["split", "frame"]].to_numpy().tolist() == [
        ["train", 0], ["train", 5], ["video", 0], ["video", 1], ["video", 2],
    ]  # fmt: skip
    assert frames["right_image"].isna().all()
    assert (frames["depth_unit"] == 0.001).all()


def test_packed_depth_is_metres_and_labels_are_the_13_classes(root, tmp_path):
    index.write(index.build(root, ROOMS), tmp_path / "index.parquet")
    columns = ("image", "right_image", "semantic", "depth", "lidar", "flow")
    packer.pack(tmp_path / "index.parquet", root, tmp_path / "packed", packer.Settings((24, 32), "nyu13", columns))
    packed = Packed(tmp_path / "packed")
    assert set(packed.arrays) == {"image", "semantic", "depth"}
    depth = packed.arrays["depth"][packed.rows("video")[0]]
    np.testing.assert_allclose(np.unique(depth), [0, 2.345, 10.0], rtol=1e-6)
    label = packed.arrays["semantic"][packed.rows("train")[0]]
    assert packed.classes.names[label[20, 0]] == "bed"
    assert packed.classes.names[label[20, 31]] == "objects"
    assert (label[:4] == 255).all()
    sample = FrameSets(packed, offsets=[0, -1, 1], arrays=["depth"])[0]
    assert sample["images"].shape == (3, 24, 32, 3)
    assert sample["depth"].max() == 10.0


def test_an_index_without_units_is_kittis(tmp_path):
    cv2.imwrite(str(tmp_path / "i.png"), np.zeros((4, 4, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "d.png"), np.full((4, 4), 512, np.uint16))
    row = {"split": "video", "sequence": "s", "frame": 0, "image": "i.png", "depth": "d.png"}
    frames = index.table([row, row | {"frame": 1, "depth_unit": 0.001}, row | {"frame": 2, "depth_unit": None}])
    index.write(frames, tmp_path / "index.parquet")
    packer.pack(tmp_path / "index.parquet", tmp_path, tmp_path / "packed", packer.Settings((4, 4)))
    np.testing.assert_allclose(Packed(tmp_path / "packed").arrays["depth"][:, 0, 0], [2.0, 0.512, 2.0], rtol=1e-6)
    assert "depth_unit" not in index.table([row])
    with pytest.raises(UserError, match="depth_unit is not positive in 1 rows"):
        index.table([row | {"depth_unit": 0.0}])


def half(root, name):
    (root / name).unlink()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("train-0000/camera.json", r"train-0000/camera\.json: missing"),
        ("train-0000/depth/000005.png", r"train-0000/depth/000005\.png: missing"),
        ("train-0000/label/000000.png", r"train-0000/label/000000\.png: missing"),
        ("video-0000/image/000001.png", r"video-0000/image: lacks 1 of 3 images, the first is 000001\.png"),
    ],
)
def test_a_half_there_folder_is_refused_by_the_file_it_lacks(root, name, told):
    half(root, name)
    with pytest.raises(UserError, match=told):
        index.build(root, ROOMS)


def test_a_missing_scene_or_folder(root):
    shutil.rmtree(root / "video-0000/image")
    with pytest.raises(UserError, match=r"video-0000/image: has no images"):
        index.build(root, ROOMS)
    shutil.rmtree(root / "video-0000")
    with pytest.raises(UserError, match=r"video-0000/camera\.json: missing"):
        index.build(root, ROOMS)
    with pytest.raises(UserError, match="nowhere is missing"):
        index.build(root / "nowhere", ROOMS)


@pytest.mark.parametrize("kind", ["image", "depth", "label"])
def test_a_file_of_another_size_is_refused(root, kind):
    path = root / f"train-0000/{kind}/000005.png"
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(path), stored[:, :-2])
    with pytest.raises(UserError, match=rf"{kind}/000005\.png: is 30 x 24 .*camera\.json says 32 x 24"):
        index.build(root, ROOMS)


def test_rooms_of_another_size_are_another_data_set(root):
    with pytest.raises(UserError, match="another data set: images of 32 x 24"):
        index.build(root, ROOMS | {"size": [48, 64]})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no valid fx"),
        (json.dumps({k: v for k, v in CAMERA.items() if k != "cy"}), "no valid fx.*'cy'"),
        (json.dumps(CAMERA | {"fx": "wide"}), "no valid fx.*'wide'"),
        (json.dumps(CAMERA | {"fx": -25.9}), "is no camera"),
        (json.dumps(CAMERA | {"cx": 320}), "is no camera"),
    ],
)
def test_a_broken_camera_file(root, text, told):
    (root / "train-0000/camera.json").write_text(text)
    with pytest.raises(UserError, match=rf"camera\.json: .*{told}"):
        index.build(root, ROOMS)


def test_files_that_are_no_frames(root):
    (root / "train-0000/depth/000000.png").write_text("<html>")
    with pytest.raises(UserError, match=r"depth/000000\.png: is no image"):
        index.build(root, ROOMS)
    shutil.copy(root / "video-0000/image/000000.png", root / "video-0000/image/copy.png")
    shutil.copy(root / "video-0000/depth/000000.png", root / "video-0000/depth/copy.png")
    with pytest.raises(UserError, match=r"copy\.png: its name is no frame number"):
        index.build(root, {**ROOMS, "splits": {"video": ROOMS["splits"]["video"]}})


def test_the_index_is_read_back_with_its_units(root, tmp_path):
    index.write(index.build(root, ROOMS), tmp_path / "index.parquet")
    frames = index.read(tmp_path / "index.parquet")
    pd.testing.assert_frame_equal(frames, index.build(root, ROOMS))
    assert Path(frames["depth"][0]).parts[1] == "depth"
