"""Rendered streets and objects as jobs: what they write, that they repeat, and that they differ."""

import argparse
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from depth2seg.commands import render
from depth2seg.data.sets import rendered_object
from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.scenes import layout
from depth2seg.scenes.drive import Drive
from depth2seg.scenes.sequence import number_within_class
from depth2seg.scenes.tracer import use_threads

STREET = {
    "source": "rendered-street", "classes": "cityscapes", "seed": 3, "size": [48, 160], "samples": 1, "fps": 10,
    "splits": {"video": {"sequences": 2, "frames": 2}, "train": {"sequences": 1, "frames": 2, "stride": 10}},
}  # fmt: skip
OBJECTS = {
    "source": "rendered-object", "seed": 1, "size": [32, 32], "samples": 4,
    "splits": {"train": {"images": 2}, "val": {"images": 1}},
}  # fmt: skip


def job(dataset, name, root, threads=1):
    render.run(argparse.Namespace(settings=json.dumps(dataset), sequence=name, root=root, threads=threads))
    return json.loads((root / "manifests" / f"{name}.json").read_text())["files"]


def test_the_same_bytes_twice_whatever_the_threads(tmp_path):
    first = job(STREET, "video-0000", tmp_path / "a")
    assert first == job(STREET, "video-0000", tmp_path / "b", threads=2)
    assert len(first) == 3 + 2 * 6 + 1  # calibration; left, right, depth, lidar, points and pose; flow but for the last
    assert job(OBJECTS, "train-bus", tmp_path / "c") == job(OBJECTS, "train-bus", tmp_path / "d")


def test_labelled_frames_have_image_label_ids_and_instances(tmp_path):
    files = job(STREET, "train-0000", tmp_path)
    folders = {"image_2", "semantic", "instance"}
    names = {f"semantics/training/{folder}/{k:06d}_10.png" for folder in folders for k in (0, 10)}
    assert set(files) == names
    label = cv2.imread(str(tmp_path / "semantics/training/semantic/000010_10.png"), cv2.IMREAD_UNCHANGED)
    instance = cv2.imread(str(tmp_path / "semantics/training/instance/000010_10.png"), cv2.IMREAD_UNCHANGED)
    assert label.shape == (48, 160)
    assert label.dtype == np.uint8
    assert instance.dtype == np.uint16
    np.testing.assert_array_equal(instance // 256, label)
    assert {7, 23} <= set(np.unique(label))  # road and sky, as label ids


def test_a_finished_job_is_left_alone_and_a_damaged_one_repaired(tmp_path):
    files = job(STREET, "train-0000", tmp_path)
    image = tmp_path / next(iter(files))
    before = image.stat().st_mtime_ns
    job(STREET, "train-0000", tmp_path)
    assert image.stat().st_mtime_ns == before
    image.write_bytes(b"torn")
    job(STREET, "train-0000", tmp_path)
    assert sha256(image) == files[next(iter(files))]["sha256"]


def test_other_settings_in_the_same_folder_are_refused(tmp_path):
    job(STREET, "train-0000", tmp_path)
    with pytest.raises(UserError, match=r"train-0000\.json.*seed 3, not 4"):
        job(STREET | {"seed": 4}, "train-0000", tmp_path)
    job(STREET, "video-0000", tmp_path)
    with pytest.raises(UserError, match=r"calib_cam_to_cam\.txt.*another data set"):
        job(STREET | {"size": [96, 320]}, "video-0001", tmp_path)


@pytest.mark.parametrize(("key", "value"), [("samples", 3), ("source", "rendered-boat")])
def test_settings_that_cannot_be_rendered(tmp_path, key, value):
    with pytest.raises(UserError, match=str(value)):
        job(STREET | {key: value}, "train-0000", tmp_path)


def test_a_few_sequences_show_ten_classes_and_no_two_are_alike():
    use_threads(1)
    dataset = STREET | {"size": [96, 320]}
    moments = [Drive(dataset, "train", i, 20).moment(0) for i in range(4)]
    counts = np.zeros(256, int)
    for moment in moments:
        counts += np.bincount(moment.labels().ravel(), minlength=256)
    named = set(range(7, 34)) - {9, 10, 14, 15, 16, 18, 29, 30}
    assert set(np.flatnonzero(counts)) <= named
    assert (counts > 50).sum() >= 10, np.flatnonzero(counts > 50)
    for i, a in enumerate(moments):
        for b in moments[:i]:
            assert np.abs(a.image() / 255 - b.image() / 255).mean() > 0.05
            assert (a.labels() != b.labels()).mean() > 0.1


def test_every_pixel_below_the_horizon_sees_something():
    use_threads(1)
    for i in range(3):
        moment = Drive(STREET, "video", i, 4).moment(1)
        assert (moment.depth()[-12:] > 0).all()
        assert (moment.depth() == 0).sum() == (moment.labels() == 23).sum()


def test_objects_are_one_folder_a_class(tmp_path):
    names = rendered_object.sequences(OBJECTS)
    assert len(names) == 2 * len(layout.OBJECT_CLASSES)
    files = [*job(OBJECTS, "train-car", tmp_path), *job(OBJECTS, "val-car", tmp_path)]
    assert files == ["train/car/00000.png", "train/car/00001.png", "val/car/00000.png"]
    images = [cv2.imread(str(tmp_path / f)) for f in files]
    assert all(image.shape == (32, 32, 3) for image in images)
    assert all(np.abs(images[0].astype(int) - other).mean() > 5 for other in images[1:])


def test_instances_are_numbered_within_their_class():
    labels = np.array([[26, 26, 24], [26, 24, 23]], np.uint8)
    instances = np.array([[7, 9, 3], [7, 8, 0]])
    expected = np.array([[26 * 256 + 1, 26 * 256 + 2, 24 * 256 + 1], [26 * 256 + 1, 24 * 256 + 2, 23 * 256]])
    np.testing.assert_array_equal(number_within_class(labels, instances), expected)


def test_jobs_are_named_without_heavy_imports():
    code = (
        "import sys; from depth2seg.data import sets; sets.modules(); "
        "print(sorted({'numpy', 'pandas', 'mitsuba', 'torch', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    assert done.stdout.strip() == "[]"


def _environment():
    import os
    from pathlib import Path

    import depth2seg

    return os.environ | {"PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
