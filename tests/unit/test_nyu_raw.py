"""NYU-Depth-V2's recordings: synchronised, no scenes of the test split, damaged frames left out, indexed, checked."""

import json
import logging
import os
import subprocess
import sys

import cv2
import numpy as np
import publishers_data as data
import pytest
import studies
from depth2seg.__main__ import main
from depth2seg.data import index, kinect, nyu_raw, obtain, packer, registry
from depth2seg.data.packing import Packed
from depth2seg.data.sets import nyu as nyu_set
from depth2seg.errors import UserError

pytest.importorskip("h5py")

PART, SCENE = "basements", "basement_0001a"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return data.write_nyu(tmp_path_factory.mktemp("nyu"))


@pytest.fixture
def root(published, tmp_path):
    """A copy whose files may be spoilt: folders are real, files are links to the original."""
    for path in published.rglob("*"):
        if path.is_file():
            target = tmp_path / "nyu" / path.relative_to(published)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    return tmp_path / "nyu"


def block(**keys):
    keys = {"stride": 2, "raw_parts": list(data.NYU_RAW)} | keys
    return nyu_set.Dataset(source="nyu", raw=True, **keys).model_dump(mode="json")


def verb(name, root, out, *arguments, **keys):
    return main([name, "--settings", json.dumps(block(**keys)), "--root", str(root), "--out", str(out), *arguments])


def prepare(root, tmp_path, part=PART, **keys):
    """The record of a part."""
    assert verb("prepare", root, tmp_path / "record.json", "--sequence", part, **keys) == 0
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record.pop("source"), record.pop("sequence")) == ("nyu", part)
    return record


def indexed(root, tmp_path, **keys):
    for sequence in nyu_set.sequences(block(**keys)):
        prepare(root, tmp_path, sequence, **keys)
    return index.build(root, block(**keys))


def frame_files(root, kind, scene=SCENE):
    return sorted((root / "raw" / PART / scene).glob(f"{kind}-*"))


def spoil(path, content=b""):
    path.unlink()
    path.write_bytes(content)


def made(root, scene=SCENE, kind="image"):
    return sorted(int(path.stem) for path in (root / f"raw_frames/{PART}/{scene}/{kind}").glob("*.png"))


# Names and times


def test_each_depth_frame_has_the_colour_frame_nearest_in_time(tmp_path):
    depth = ["999.900000-1", "1000.000000-2", "1000.050000-3", "1001.000000-4"]
    colour = ["999.880000-1", "999.960000-2", "1000.030000-3", "1000.080000-4", "1000.850000-5"]
    for kind, names, suffix in (("d", depth, "pgm"), ("r", colour, "ppm")):
        for name in names:
            (tmp_path / f"{kind}-{name}.{suffix}").touch()
    (tmp_path / "a-999.9-1.dump").touch()
    pairs = nyu_raw.synchronised(tmp_path)
    assert [pair and (pair[0].name, pair[1].name) for pair in pairs] == [
        ("d-999.900000-1.pgm", "r-999.880000-1.ppm"),
        ("d-1000.000000-2.pgm", "r-1000.030000-3.ppm"),
        ("d-1000.050000-3.pgm", "r-1000.030000-3.ppm"),
        None,  # 0.15 s from any
    ]


@pytest.mark.parametrize("missing", ["d", "r"])
def test_a_scene_without_one_kind_of_frame_has_no_pairs(tmp_path, missing):
    for name in {"d-1.0-1.pgm", "r-1.0-1.ppm"} - {f"{missing}-1.0-1.{nyu_raw._KINDS[missing]}"}:
        (tmp_path / name).touch()
    assert not any(nyu_raw.synchronised(tmp_path))


def test_scenes_are_found_at_the_top_or_once_deeper(tmp_path):
    for name in ("office_0001/INDEX.txt", "part/office_0002/r-1.0-1.ppm", "part/notes/read.me", "other/a/b/INDEX.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [scene.name for scene in nyu_raw.scenes(tmp_path)] == ["office_0001", "office_0002"]


def test_pieces_of_a_scene_are_one_place():
    names = ("office_0002a", "office_0002b", "office_0002", "nyu_office_0", "cafe_0001c")
    assert [nyu_raw.place(name) for name in names] == ["office_0002"] * 3 + ["nyu_office_0", "cafe_0001"]


# Preparing


def test_frames_look_as_the_labelled_ones_do(root, tmp_path):
    assert prepare(root, tmp_path) == {"scenes": 1, "held_out": 1, "frames": 4, "apart": 0, "damaged": 0}
    assert prepare(root, tmp_path, "labelled")["frames"] == 6
    raw, labelled = root / f"raw_frames/{PART}/{SCENE}", root / "labelled/kitchen_0004"
    assert (raw / "camera.json").read_text() == (labelled / "camera.json").read_text()
    image, depth = (cv2.imread(str(raw / kind / "000002.png"), cv2.IMREAD_UNCHANGED) for kind in ("image", "depth"))
    assert (image.shape, depth.shape, depth.dtype) == ((427, 561, 3), (427, 561), np.uint16)
    colour = kinect.undistorted(kinect.read_colour(frame_files(root, "r")[2]))
    np.testing.assert_array_equal(image[..., ::-1], colour[44:471, 40:601])
    metres = kinect.seen_by_colour_camera(kinect.depth_of(kinect.read_disparity(frame_files(root, "d")[2])))
    np.testing.assert_array_equal(depth, np.rint(metres[44:471, 40:601] * 1000))
    assert (depth > 0).mean() > 0.8 and depth[depth > 0].min() > 1000 and depth.max() < 5000


def test_scenes_of_the_test_split_never_train(root, tmp_path):
    prepare(root, tmp_path)
    assert prepare(root, tmp_path, "kitchens_part1") == {
        "scenes": 1, "held_out": 1, "frames": 2, "apart": 0, "damaged": 0
    }  # fmt: skip
    there = {path.name for path in (root / "raw_frames").glob("*/*") if path.is_dir()}
    assert there == {SCENE, "kitchen_0004"}, "study_0001 is tested on, so study_0001b shows the same room"


def test_damaged_frames_are_left_out_and_counted(root, tmp_path, caplog):
    data.write_nyu_raw(root, {PART: {"basement_0002": 60}})
    depth, colour = (frame_files(root, kind, "basement_0002") for kind in "dr")
    spoil(depth[4])
    spoil(colour[8], data.kinect_colour(np.zeros((480, 640, 3), np.uint8))[:-1])
    spoil(depth[12], data.kinect_depth(np.full((480, 640), 2047)))
    for path in colour[18:25]:  # 0.32 s without colour
        path.unlink()
    with caplog.at_level(logging.INFO):
        record = prepare(root, tmp_path)
    assert record == {"scenes": 2, "held_out": 1, "frames": 4 + 30 - 3 - 2, "apart": 2, "damaged": 3}
    assert set(range(0, 60, 2)) - set(made(root, "basement_0002")) == {4, 8, 12, 20, 22}
    for told in (f"{depth[4]} is empty", f"{colour[8]} is cut off", f"{depth[12]} holds no depth"):
        assert f"left out: {told}" in caplog.text


def test_a_part_of_damaged_frames_is_refused(root, tmp_path, capsys):
    for path in frame_files(root, "d")[:3]:
        spoil(path)
    assert verb("prepare", root, tmp_path / "record.json", "--sequence", PART) == 1
    message = capsys.readouterr().err
    assert f"raw/{PART}: 2 of 4 frames are damaged" in message and "is empty), where few are" in message
    assert not (tmp_path / "record.json").exists()


def test_preparing_goes_on_where_it_was(root, tmp_path):
    prepare(root, tmp_path)
    kept, lost, half = (root / f"raw_frames/{PART}/{SCENE}/image/{number:06d}.png" for number in (0, 2, 4))
    before = kept.stat().st_mtime_ns
    lost.unlink()
    half.unlink()
    (half.parents[1] / "depth" / half.name).unlink()
    assert prepare(root, tmp_path)["frames"] == 4
    assert kept.stat().st_mtime_ns == before
    assert made(root) == made(root, kind="depth") == [0, 2, 4, 6]


def test_another_stride_uses_what_is_there(root, tmp_path):
    prepare(root, tmp_path)
    before = (root / f"raw_frames/{PART}/{SCENE}/image/000006.png").stat().st_mtime_ns
    assert prepare(root, tmp_path, stride=3)["frames"] == 3
    assert made(root) == [0, 2, 3, 4, 6]
    assert (root / f"raw_frames/{PART}/{SCENE}/image/000006.png").stat().st_mtime_ns == before


def test_an_archive_becomes_the_folder_that_is_read(published, tmp_path):
    part, root = registry.part("nyu", PART), tmp_path / "nyu"
    (tmp_path / "archives").mkdir()
    for name, content in data.archives(published, [part]).items():
        (tmp_path / "archives" / name).write_bytes(content)
    obtain.obtain(part, root, archives=tmp_path / "archives")
    assert [scene.name for scene in nyu_raw.scenes(root / "raw" / PART)] == [SCENE, "bedroom_0010"]
    assert {path.suffix for path in (root / "raw").rglob("*.*")} == {".pgm", ".ppm", ".txt"}, "no accelerometer dumps"
    assert len(nyu_raw.synchronised(root / "raw" / PART / SCENE)) == 7


def test_archives_folders_are_not_written_to(root, tmp_path):
    before = sorted((root / "raw").rglob("*"))
    prepare(root, tmp_path)
    assert sorted((root / "raw").rglob("*")) == before


def test_memory_does_not_grow_with_the_recording(root, tmp_path):
    data.write_nyu_raw(root, {PART: {"basement_0002": 60}})
    path = os.environ | {"PYTHONPATH": str(studies.REPO / "workflow")}
    code = (
        "import re, sys; from pathlib import Path; from depth2seg.__main__ import main; done = main(sys.argv[1:]);"
        "print(done, *re.findall(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()))"
    )
    line = [sys.executable, "-c", code, "prepare", "--settings", json.dumps(block(stride=1)), "--root", root]
    done = subprocess.run(
        [*line, "--sequence", PART, "--out", tmp_path / "record.json"], stdout=subprocess.PIPE, text=True, env=path
    )
    status, kilobytes = map(int, done.stdout.split()[-2:])
    assert status == 0 and len(made(root, "basement_0002")) == 60
    assert kilobytes < 250_000, "60 frames are 90 MB, and three times that as arrays"


# Index


def test_neighbours_in_the_index_are_a_stride_apart(root, tmp_path):
    frames = indexed(root, tmp_path)
    video = frames[frames["split"] == "video"]
    assert [(row.sequence, row.frame) for row in video.itertuples()] == [
        *((f"{PART}/{SCENE}", frame) for frame in range(4)),
        *(("kitchens_part1/kitchen_0004", frame) for frame in range(2)),
    ]
    assert video["image"].iloc[1] == f"raw_frames/{PART}/{SCENE}/image/000002.png"
    assert video["depth"].notna().all() and set(video["depth_unit"]) == {0.001} and video["semantic"].isna().all()
    assert video["cx"].iloc[0] == pytest.approx(325.5824 - 1 - 40, abs=1e-3)
    assert frames["split"].value_counts().to_dict() == {"video": 6, "train": 3, "test": 3, "val": 3}


def test_without_raw_there_is_no_video(root, tmp_path):
    prepare(root, tmp_path)  # by another study
    settings = nyu_set.Dataset(source="nyu").model_dump(mode="json")
    assert nyu_set.sequences(settings) == ["labelled"]
    prepare(root, tmp_path, "labelled")
    assert set(index.build(root, settings)["split"]) == {"train", "test", "val"}


def test_recordings_of_tested_rooms_alone_are_refused(root, tmp_path):
    (root / "raw" / PART / SCENE).rename(root / "raw" / PART / "bedroom_0010b")
    prepare(root, tmp_path, "labelled")
    assert prepare(root, tmp_path) == {"scenes": 0, "held_out": 2, "frames": 0, "apart": 0, "damaged": 0}
    with pytest.raises(UserError, match="not one frame of the recordings may train"):
        index.build(root, block(raw_parts=[PART]))


def test_a_frame_left_out_leaves_a_gap(root, tmp_path):
    data.write_nyu_raw(root, {PART: {"basement_0002": 22}})
    spoil(frame_files(root, "d", "basement_0002")[4])
    frames = indexed(root, tmp_path)
    numbers = frames.loc[frames["sequence"] == f"{PART}/basement_0002", "frame"].tolist()
    assert numbers == [0, 1, *range(3, 11)]


def test_an_index_before_a_part_is_prepared_is_refused(root, tmp_path):
    prepare(root, tmp_path, "labelled")
    prepare(root, tmp_path)
    with pytest.raises(UserError, match=r"kitchens_part1/stride-2\.json is missing"):
        index.build(root, block())
    (root / f"raw_frames/{PART}/{SCENE}/image/000002.png").unlink()
    with pytest.raises(UserError, match=r"lists frame 2 of basement_0001a, which is not there"):
        index.build(root, block(raw_parts=[PART]))


def test_packed_frames_keep_metres_and_holes(root, tmp_path):
    index.write(indexed(root, tmp_path), tmp_path / "index.parquet")
    packer.pack(tmp_path / "index.parquet", root, tmp_path / "packed", packer.Settings((427, 561), "nyu40", ("depth",)))
    packed = Packed(tmp_path / "packed")
    row = packed.index.query(f"sequence == '{PART}/{SCENE}' and frame == 1")["row"].item()
    metres = kinect.seen_by_colour_camera(kinect.depth_of(kinect.read_disparity(frame_files(root, "d")[2])))
    assert np.abs(packed.arrays["depth"][row] - metres[44:471, 40:601]).max() <= 0.0005 + 1e-6


# Preflight


def test_preflight_counts_what_is_there(root, tmp_path):
    assert verb("preflight", root, tmp_path / "report.json") == 0
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "source": "nyu", "frames": 6, "scenes": 4, "train": 3, "test": 3,
        "raw_scenes": 4, "raw_depth_frames": 14, "raw_colour_frames": 14, "raw_scenes_without_frames": 0,
    }  # fmt: skip


def test_preflight_says_all_that_is_wrong_in_one_message(root, tmp_path, capsys):
    (root / "splits.mat").unlink()
    scene = root / "raw" / PART / SCENE
    (scene / "d-copy of 1294886362.pgm").touch()
    spoil(frame_files(root, "r")[0], data.kinect_colour(np.zeros((48, 64, 3), np.uint8)))
    for path in (root / "raw/kitchens_part1").rglob("*.ppm"):
        path.unlink()
    for path in (root / "raw/kitchens_part1").rglob("*.pgm"):
        spoil(path)
    assert verb("preflight", root, tmp_path / "report.json", raw_parts=[*data.NYU_RAW, "cafe"]) == 1
    message = capsys.readouterr().err
    for part in (
        "splits.mat is missing",
        f"1 of 3 raw parts are missing (cafe): extract their archives into {root}/raw/{{part}}",
        f"1 files of {root}/raw/basements have no seconds in their names (first raw/basements/{SCENE}/d-copy of",
        ".ppm is 64 x 48 (width x height), 640 x 480 (width x height) is expected",
        "kitchens_part1 holds no colour images",
        "frames of " + str(root / "raw/kitchens_part1") + " that were looked at are damaged",
    ):
        assert part in message, (part, message)


def test_a_few_damaged_files_pass_the_preflight(root, tmp_path):
    spoil(frame_files(root, "d")[0])
    assert verb("preflight", root, tmp_path / "report.json") == 0
