"""Packing: hand-computed cases of each kind of array, and the reader of packed frames."""

import pickle

import cv2
import numpy as np
import pytest
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from raw_frames import CAMERA, HEIGHT, WIDTH, packed, picture, rows, save, write_raw


@pytest.fixture
def root(tmp_path):
    return write_raw(tmp_path / "raw")


def test_arrays_hold_what_was_stored(root):
    data = packed(root, size=(HEIGHT, WIDTH))
    assert len(data) == 7
    assert data.index["split"].tolist() == ["test"] + ["train"] * 6
    row = int(data.index.query("sequence == 'b' and frame == 1")["row"].iloc[0])
    np.testing.assert_array_equal(data.arrays["image"][row], picture(1))
    np.testing.assert_array_equal(data.arrays["right_image"][row], picture(10))
    stored = cv2.imread(str(root / "semantic/b1.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(data.arrays["semantic"][row], np.where(stored == 11, 255, stored))
    stored = cv2.imread(str(root / "depth/b1.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(data.arrays["depth"][row], stored / np.float32(256))
    assert data.arrays["lidar"].dtype == np.float32
    assert set(np.unique(data.arrays["lidar"])) == {0, 2}


def test_rows_without_a_value(root):
    data = packed(root)
    (row,) = data.rows("test")
    assert (data.arrays["semantic"][row] == 255).all()
    assert np.isnan(data.arrays["flow"][row]).all()
    for name in ("right_image", "depth", "lidar"):
        assert not data.arrays[name][row].any()
    assert data.rows("test", "semantic").size == 0
    assert data.rows("train", "semantic", "depth").tolist() == [1, 2, 3, 4, 5, 6]


def test_rows_of_zeros_take_no_disk(root):
    data = packed(root, size=(256, 384))
    (row,) = data.rows("test")
    for name, sparse in {"depth": True, "right_image": True, "semantic": False, "image": False}.items():
        file = data.folder / f"{name}.npy"
        saved = file.stat().st_size - 512 * file.stat().st_blocks
        assert (saved > 0.9 * data.arrays[name][row].nbytes) == sparse, name


def test_flow_is_in_packed_pixels_and_nan_where_unknown(root):
    stored = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    stored[...] = (2**15 + 64 * 6, 2**15 - 64 * 4, 1)  # 6 pixels right, 4 up
    stored[:2, :2] = (0, 0, 0)
    save(root / "flow/a0.png", stored)
    data = packed(root, size=(2, 3))
    flow = data.arrays["flow"][data.index.query("sequence == 'a' and frame == 0")["row"].iloc[0]]
    assert np.isnan(flow[0, 0]).all()
    assert flow[1, 2].tolist() == [3, -2]
    assert np.isnan(flow).sum() == 2
    uneven = packed(root, size=(4, 3)).arrays["flow"][1]
    assert uneven[3, 2].tolist() == [3, -4]


def test_cameras_are_those_of_the_packed_size(root):
    data = packed(root, size=(2, 3))
    assert data.index.loc[0, ["fx", "fy", "cx", "cy"]].tolist() == [30, 20, 1, 0.5]
    assert data.index["baseline"].tolist()[1:] == [0.5] * 6


def test_labels_are_counted_by_class_and_split(root):
    for path in (root / "semantic").iterdir():
        save(path, np.full((HEIGHT, WIDTH), 3 if path.name.startswith("a") else 11, np.uint8))
    data = packed(root)
    counts = data.info["label_counts"]
    assert set(counts) == {"train"}
    assert {name: count for name, count in counts["train"].items() if count} == {"road": 18, "ignored": 18}
    assert data.info["splits"] == {"test": 1, "train": 6}


def test_only_what_the_data_set_has_and_the_settings_ask_for(root):
    data = packed(root, columns=("depth",))
    assert list(data.arrays) == ["image", "depth"]
    with pytest.raises(UserError, match="have no 'lidar', only image, depth"):
        data.arrays["lidar"]
    records = [{"split": "train", "sequence": "cube", "frame": i, "image": f"image/a{i}.png"} for i in range(3)]
    data = packed(root, records=records)
    assert list(data.arrays) == ["image"]
    assert data.index["fx"].isna().all()


def test_the_number_of_workers_changes_nothing(root):
    contents = []
    for workers in (1, 3):
        folder = packed(root, workers=workers).folder
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]


def test_an_older_folder_is_replaced(root):
    packed(root)
    assert packed(root, size=(1, 1)).arrays["image"].shape == (7, 1, 1, 3)
    assert sorted(path.name for path in root.parent.iterdir()) == ["index.parquet", "packed", "raw"]


def test_neighbours_stay_inside_a_sequence_and_skip_no_frame(root):
    for frame in (5, 6):
        save(root / f"image/a{frame}.png", picture(frame))
    extra = [
        {"split": "train", "sequence": "a", "frame": frame, "image": f"image/a{frame}.png", **CAMERA}
        for frame in (5, 6)
    ]
    data = packed(root, records=[*rows(), *extra])
    # Rows: t; a0 a1 a2 a5 a6; b0 b1 b2
    assert data.triplets("train").tolist() == [[1, 2, 3], [6, 7, 8]]
    assert data.pairs("train").tolist() == [[1, 2], [2, 3], [4, 5], [6, 7], [7, 8]]
    assert data.pairs("train", stride=3).tolist() == [[3, 4]]
    assert data.neighbours("train", [0, -1, 1]).tolist() == [[2, 1, 3], [7, 6, 8]]
    assert data.triplets("test").shape == (0, 3)


def test_a_reader_travels_light_and_maps_anew(root):
    data = packed(root)
    before = data.arrays["image"][:].copy()
    copied = pickle.loads(pickle.dumps(data))
    assert len(pickle.dumps(data)) < 20_000
    np.testing.assert_array_equal(copied.arrays["image"], before)
    assert isinstance(copied.arrays["image"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        copied.arrays["image"][0] = 0
    with pytest.raises(UserError, match="holds no packed frames"):
        Packed(root)
