"""Packing: hand-computed cases of each kind of array, bad files, and what is left behind when it goes wrong."""

import errno
import json
import os
import pickle
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import depth2seg
import numpy as np
import pytest
from depth2seg.__main__ import main
from depth2seg.data import decode, index, packer, resize, work_folder
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError

HEIGHT, WIDTH = 4, 6
CAMERA = {"fx": 60.0, "fy": 40.0, "cx": 2.5, "cy": 1.5}


def save(path, pixels):
    """Write a PNG; three channels are RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(pixels)
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def picture(seed, height=HEIGHT, width=WIDTH):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def root(tmp_path):
    """Two sequences of three frames with everything, and a test frame with an image only."""
    root = tmp_path / "raw"
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


# Resizing, by hand


def test_image_is_the_mean_of_each_cell():
    stored = np.array([[0, 10, 100, 200], [20, 30, 100, 0]], np.uint8)[..., None].repeat(3, axis=2)
    assert resize.image(stored, (1, 2))[..., 0].tolist() == [[15, 100]]
    # Three pixels to two: each cell takes a pixel and a half.
    row = np.array([[0, 90, 30]], np.uint8)[..., None].repeat(3, axis=2)
    assert resize.image(row, (1, 2))[..., 0].tolist() == [[30, 50]]


def test_labels_take_the_pixel_at_the_cells_centre():
    stored = np.array([[1, 2, 3, 4, 5, 6]], np.uint8)
    assert resize.nearest(stored, (1, 2)).tolist() == [[2, 5]]
    assert resize.nearest(stored, (1, 3)).tolist() == [[2, 4, 6]]
    assert resize.nearest(stored[:, :2], (2, 4)).tolist() == [[1, 1, 2, 2]] * 2


@pytest.mark.parametrize("size", [(7, 11), (96, 320), (40, 50)])
def test_labels_are_never_invented(size):
    stored = np.random.default_rng(1).choice([0, 7, 255], (37, 53)).astype(np.uint8)
    result = resize.nearest(stored, size)
    assert result.shape == size
    assert set(np.unique(result)) <= {0, 7, 255}
    # Cell centres, in stored pixels, are never more than half a pixel from the pixel taken.
    where = resize.nearest(np.tile(np.arange(53), (37, 1)), size)[0]
    centres = (np.arange(size[1]) + 0.5) * 53 / size[1] - 0.5
    assert np.abs(where - centres).max() <= 0.5


def test_sparse_depth_keeps_a_value_in_each_cell_that_has_any():
    stored = np.array(
        [
            [0, 0, 0, 7, 0, 0],
            [0, 0, 5, 0, 0, 0],
            [9, 0, 0, 0, 0, 0],
        ],
        np.float32,
    )
    values, known = resize.nearest_valid(stored, stored > 0, (1, 2))
    # Left cell, centre (1, 1): 5 at distance 1, 9 at sqrt 2. Right cell: only the 7.
    assert values.tolist() == [[5, 7]]
    assert known.all()
    values, known = resize.nearest_valid(stored, stored > 0, (3, 2))
    assert values.tolist() == [[0, 7], [5, 0], [9, 0]]
    assert known.tolist() == [[False, True], [True, False], [True, False]]


def test_dense_depth_takes_the_centre():
    stored = np.arange(1, 28, dtype=np.float32).reshape(3, 9)
    values, _ = resize.nearest_valid(stored, stored > 0, (1, 3))
    assert values.tolist() == [[11, 14, 17]]
    assert (resize.nearest_valid(stored, stored > 0, (6, 18))[0] == stored.repeat(2, 0).repeat(2, 1)).all()


def test_intrinsics_keep_pointing_at_the_same_place():
    camera = np.array([600.0, 500.0, 239.5, 179.5])
    half = resize.intrinsics(camera, np.array([360, 480]), (180, 240))
    assert half.tolist() == [300, 250, 119.5, 89.5]  # the middle stays the middle: 239.5 / 2 would be 119.75
    uneven = resize.intrinsics(np.array([[60.0, 40.0, 0.0, 0.0]]), np.array([[4, 6]]), (8, 3))
    assert uneven.tolist() == [[30, 80, -0.25, 0.5]]


# Packed folders


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


# Bad input


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


# What is left behind


def command_line(root, settings):
    folder = root.parent
    files = ["--index", str(folder / "index.parquet"), "--root", str(root), "--out", str(folder / "packed")]
    return ["pack", "--settings", json.dumps(settings), *files, "--processes", "2"]


def left(root):
    return sorted(path.name for path in root.parent.iterdir())


def test_the_command_packs(root):
    index.write(index.table(rows()), root.parent / "index.parquet")
    assert main(command_line(root, {"size": [2, 3], "classes": "camvid", "dataset": "toys"})) == 0
    assert Packed(root.parent / "packed").info["dataset"] == "toys"
    assert left(root) == ["index.parquet", "packed", "raw"]


def test_a_disk_that_runs_full_leaves_the_older_folder_as_it_was(root, monkeypatch):
    before = packed(root).info
    write, calls = os.pwrite, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(UserError, match=r"cannot write .*packed: No space left on device. Nothing of it is left"):
        packed(root, size=(4, 6), workers=2)
    assert left(root) == ["index.parquet", "packed", "raw"]
    assert Packed(root.parent / "packed").info == before


def test_a_file_size_limit_is_told_like_a_full_disk(root):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    index.write(index.table(rows()), root.parent / "index.parquet")
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(UserError, match=r"cannot write .*File too large"):
            packer.pack(root.parent / "index.parquet", root, root.parent / "p", packer.Settings((96, 128), "camvid"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(root) == ["index.parquet", "raw"]


def test_too_little_room_is_noticed_before_the_first_frame(root, monkeypatch):
    monkeypatch.setattr(decode, "image", lambda path: pytest.fail("decoded"))
    with pytest.raises(UserError, match=r"[\d.]+ GB are needed and [\d.]+ GB are free"):
        packed(root, size=(400_000, 400_000))
    assert left(root) == ["index.parquet", "raw"]


def test_a_kill_leaves_no_folder_and_the_next_run_cleans_up(root):
    records = rows()
    for frame in range(3, 3000):
        records.append({**records[0], "sequence": "a", "frame": frame})
    index.write(index.table(records), root.parent / "index.parquet")
    line = command_line(root, {"size": [96, 320], "classes": "camvid"})
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-m", "depth2seg", *line], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not list(root.parent.glob(".packed.*/flow.npy")) and time.monotonic() < deadline:
        time.sleep(0.005)
    running = list(root.parent.glob(".packed.*"))
    work_folder.remove_abandoned(root.parent / "packed")
    assert running
    assert list(root.parent.glob(".packed.*")) == running, "a folder in work is nobody else's to remove"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (root.parent / "packed").exists()
    packed(root)
    assert left(root) == ["index.parquet", "packed", "raw"]


def test_memory_does_not_grow_with_the_number_of_frames(root):
    save(root / "image/a0.png", picture(0, 375, 1242))
    row = {"split": "train", "sequence": "s", "image": "image/a0.png"}
    index.write(index.table([{**row, "frame": i} for i in range(300)]), root.parent / "index.parquet")
    code = (
        "import sys; from depth2seg.__main__ import main; assert main(sys.argv[1:]) == 0\n"
        # Its own peak in kB: ru_maxrss would count what the test process held when it started this one.
        "print(next(int(line.split()[1]) // 1024 for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    line = [sys.executable, "-c", code, *command_line(root, {"size": [375, 1242]})]
    result = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert (root.parent / "packed/image.npy").stat().st_size > 400e6
    assert int(result.stdout) < 400  # MB, of which 150 are the libraries
