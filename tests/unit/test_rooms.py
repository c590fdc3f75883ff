"""Rendered rooms as jobs: what they write, that they repeat, that they differ, and that nothing stands in another."""

import argparse
import json

import cv2
import numpy as np
import pytest
from depth2seg.commands import render
from depth2seg.data.classes import class_table
from depth2seg.data.sets import rendered_room
from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.scenes.rooms.room import ALONG, make_room
from depth2seg.scenes.rooms.sequence import Visit, millimetres
from depth2seg.scenes.rooms.walk import CLEAR, Walk
from depth2seg.scenes.tracer import use_threads

ROOMS = {
    "source": "rendered-room", "classes": "nyu40", "seed": 3, "size": [48, 64], "samples": 1, "fps": 10.0,
    "splits": {"video": {"sequences": 2, "frames": 2}, "train": {"sequences": 1, "frames": 2, "stride": 15}},
}  # fmt: skip


def job(dataset, name, root, threads=1):
    render.run(argparse.Namespace(settings=json.dumps(dataset), sequence=name, root=root, threads=threads))
    return json.loads((root / "manifests" / f"{name}.json").read_text())["files"]


def test_the_same_bytes_twice_whatever_the_threads(tmp_path):
    first = job(ROOMS, "video-0000", tmp_path / "a")
    assert first == job(ROOMS, "video-0000", tmp_path / "b", threads=2)
    names = [f"video-0000/{kind}/{k:06d}" for kind in ("depth", "image", "pose") for k in (0, 1)]
    assert [name.rsplit(".")[0] for name in first] == ["video-0000/camera", *sorted(names, key=_folder_order)]


def _folder_order(name):
    return ["depth", "image", "pose"].index(name.split("/")[1]), name


def test_labelled_frames_have_labels_of_nyu(tmp_path):
    files = job(ROOMS, "train-0000", tmp_path)
    kinds = ("depth", "image", "label", "pose")
    stems = {f"train-0000/{kind}/{k:06d}.{'txt' if kind == 'pose' else 'png'}" for kind in kinds for k in (0, 15)}
    assert set(files) == {"train-0000/camera.json", *stems}
    label = cv2.imread(str(tmp_path / "train-0000/label/000015.png"), cv2.IMREAD_UNCHANGED)
    assert label.dtype == np.uint8
    assert label.shape == (48, 64)
    assert 1 <= label.min() <= label.max() <= 40


def test_camera_file_and_depth_are_as_nyu_is_extracted(tmp_path):
    job(ROOMS, "video-0001", tmp_path)
    camera = json.loads((tmp_path / "video-0001/camera.json").read_text())
    assert camera == {"fx": 0.81 * 64, "fy": 0.81 * 64, "cx": 31.5, "cy": 23.5, "width": 64, "height": 48}
    depth = cv2.imread(str(tmp_path / "video-0001/depth/000001.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    exact = Visit(ROOMS, "video", 1, [0, 1]).view(1).depth()
    np.testing.assert_allclose(depth / 1000, exact, atol=0.0005001)
    image = cv2.imread(str(tmp_path / "video-0001/image/000001.png"), cv2.IMREAD_UNCHANGED)
    assert image.dtype == np.uint8
    assert image.shape == (48, 64, 3)
    pose = np.loadtxt(tmp_path / "video-0001/pose/000001.txt")
    np.testing.assert_array_equal(pose, Visit(ROOMS, "video", 1, [0, 1]).camera(1).pose)
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)


def test_depth_is_whole_millimetres_and_zero_for_what_they_cannot_hold():
    np.testing.assert_array_equal(millimetres(np.array([[0.0, 1.0, 2.3456], [65.535, 65.6, 1e5]])),
                                  [[0, 1000, 2346], [65535, 0, 0]])  # fmt: skip


def test_a_finished_job_is_left_alone_and_a_damaged_one_repaired(tmp_path):
    files = job(ROOMS, "video-0000", tmp_path)
    image = tmp_path / "video-0000/image/000000.png"
    before = image.stat().st_mtime_ns
    job(ROOMS, "video-0000", tmp_path)
    assert image.stat().st_mtime_ns == before
    image.write_bytes(b"torn")
    job(ROOMS, "video-0000", tmp_path)
    assert sha256(image) == files["video-0000/image/000000.png"]["sha256"]
    with pytest.raises(UserError, match=r"video-0000\.json.*seed 3, not 4"):
        job(ROOMS | {"seed": 4}, "video-0000", tmp_path)
    with pytest.raises(UserError, match=r"video-0000\.json.*fps 10\.0, not 5\.0"):
        job(ROOMS | {"fps": 5.0}, "video-0000", tmp_path)


def test_more_frames_of_a_sequence_are_rendered(tmp_path):
    short = job(ROOMS, "video-0000", tmp_path)
    longer = ROOMS["splits"] | {"video": {"sequences": 2, "frames": 3}}
    files = job(ROOMS | {"splits": longer}, "video-0000", tmp_path)
    assert set(files) - set(short) == {
        f"video-0000/{k}" for k in ("depth/000002.png", "image/000002.png", "pose/000002.txt")
    }


def test_jobs_are_sequences_and_more_of_them_leave_the_others_alone():
    assert rendered_room.sequences(ROOMS) == ["video-0000", "video-0001", "train-0000"]
    with pytest.raises(UserError, match="video-0002"):
        render.check(rendered_room, ROOMS, "video-0002")


def test_a_few_rooms_show_ten_classes_and_no_two_are_alike():
    use_threads(1)
    views = [Visit(ROOMS | {"size": [96, 128]}, "train", i, [0]).view(0) for i in range(6)]
    labels = [view.labels() for view in views]
    table = class_table("nyu40")
    counts = np.bincount(table.to_train_ids(np.stack(labels), "rendered").ravel(), minlength=40)
    seen = [table.names[i] for i in np.flatnonzero(counts[:40] > 50)]
    assert len(seen) >= 10, seen
    assert {"wall", "floor"} <= set(seen)
    images = [view.image() / 255 for view in views]
    for i in range(len(views)):
        assert 0.12 < images[i].mean() < 0.85, "too dark or too bright to see anything"
        for j in range(i):
            assert np.abs(images[i] - images[j]).mean() > 0.05
            assert (labels[i] != labels[j]).mean() > 0.1


def test_every_pixel_sees_something_of_a_room_that_is_closed():
    use_threads(1)
    for i in range(3):
        visit = Visit(ROOMS, "video", i, [0, 1])
        depth = visit.view(1).depth()
        assert (depth > 0.1).all()
        assert (depth < np.linalg.norm(visit.room.size)).all()


def test_furniture_of_many_rooms_stands_inside_and_in_nothing_else():
    rooms = [make_room(np.random.default_rng([9, i])) for i in range(12)]
    assert len({room.kind for room in rooms}) >= min(4, len(ALONG))
    for room in rooms:
        corners = room.world.corners.reshape(-1, 3)
        assert (corners > -0.1).all()
        assert (corners < room.size + 0.1).all()
        low, high = room.boxes[:, 0], room.boxes[:, 1]
        overlap = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
        together = np.triu((overlap > 0.01).all(-1), 1)
        chair = (high - low)[:, :2].max(1) < 0.7  # chairs reach under tables
        assert (chair[:, None] | chair[None])[together].all(), "one stands in another"


def test_a_hand_held_camera_moves_smoothly_shakes_and_hits_nothing():
    for i in range(6):
        rng = np.random.default_rng([4, i])
        room = make_room(rng)
        seconds = np.arange(60) / 10
        walk = Walk(room, seconds, rng)
        poses = np.stack([walk.pose(t) for t in seconds])
        places, forward = poses[:, :3, 3], poses[:, :3, 2]
        nearest = np.maximum(room.boxes[:, 0] - places[:, None], places[:, None] - room.boxes[:, 1]).clip(0)
        assert np.linalg.norm(nearest, axis=2).min() > CLEAR
        step = np.linalg.norm(np.diff(places, axis=0), axis=1)
        turn = np.degrees(np.arccos((forward[1:] * forward[:-1]).sum(1).clip(-1, 1)))
        assert 0.02 < np.median(step) < 0.12  # metres a frame: video that depth can be learnt from
        assert step.max() < 0.2
        assert 0.1 < np.median(turn) < 6  # degrees a frame
        assert turn.max() < 12
        assert np.ptp(np.degrees(np.arctan2(forward[:, 1], forward[:, 0]))) > 5, "looks one way only"
        jerk = np.linalg.norm(np.diff(places, n=2, axis=0), axis=1)
        assert 0 < jerk.max() < 0.08
