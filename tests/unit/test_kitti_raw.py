"""KITTI as published: calibration and scans by hand, static frames, splits, the index from its folders."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import publishers_data as data
import pytest
from depth2seg.__main__ import main
from depth2seg.data import decode, index, kitti_splits, oxts, velodyne
from depth2seg.data.sets import kitti as kitti_set
from depth2seg.errors import UserError

# The calibration of 2011_09_26 as published, where projecting needs it.
CAM_TO_CAM = """calib_time: 09-Jan-2012 13:57:47
corner_dist: 9.950000e-02
R_rect_00: 9.999239e-01 9.837760e-03 -7.445048e-03 -9.869795e-03 9.999421e-01 -4.278459e-03 7.402527e-03 4.351614e-03 9.999631e-01
S_rect_02: 1.242000e+03 3.750000e+02
P_rect_02: 7.215377e+02 0.000000e+00 6.095593e+02 4.485728e+01 0.000000e+00 7.215377e+02 1.728540e+02 2.163791e-01 0.000000e+00 0.000000e+00 1.000000e+00 2.745884e-03
P_rect_03: 7.215377e+02 0.000000e+00 6.095593e+02 -3.395242e+02 0.000000e+00 7.215377e+02 1.728540e+02 2.199936e+00 0.000000e+00 0.000000e+00 1.000000e+00 2.729905e-03
"""  # noqa: E501
VELO_TO_CAM = """calib_time: 15-Mar-2012 11:37:16
R: 7.533745e-03 -9.999714e-01 -6.166020e-04 1.480249e-02 7.280733e-04 -9.998902e-01 9.998621e-01 7.523790e-03 1.480755e-02
T: -4.069766e-03 -7.631618e-02 -2.717806e-01
delta_f: 0.000000e+00 0.000000e+00
delta_c: 0.000000e+00 0.000000e+00
"""  # noqa: E501
# A record of 30 numbers: latitude, longitude, altitude, angles; velocities, accelerations, turns; accuracies, states.
OXTS = (
    "49.015003823272 8.4342971002335 116.43032836914 0.035752 0.00903 -2.6087069803847 -6.811441479104 "
    "-11.275641809511 13.172716663769 -0.12475264293164 -0.032919903047354 -0.44519814607457 0.042957369847256 "
    "10.209865300506 -0.68720594613935 0.014096916572454 10.17967069 -0.19211772 -0.001042 0.002345 0.003 "
    "-0.001 0.0024 0.0031 0.49 0.06 4 11 6 6 6\n"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return data.write_kitti(tmp_path_factory.mktemp("kitti"))


@pytest.fixture
def root(published, tmp_path):
    """A copy whose files may be spoilt: folders are real, files are links to the original."""
    for path in published.rglob("*"):
        target = tmp_path / "kitti" / path.relative_to(published)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif "proj_depth" not in path.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    return tmp_path / "kitti"


def block(**keys):
    return kitti_set.Dataset(source="kitti", drives=list(data.KITTI_DRIVES), **keys).model_dump(mode="json")


def verb(name, root, out, *arguments, settings=None):
    line = [name, "--settings", json.dumps(settings or block()), "--root", str(root), "--out", str(out), *arguments]
    return main(line)


def prepared(root, tmp_path, **keys):
    for drive in kitti_set.sequences(block(**keys)):
        assert verb("prepare", root, tmp_path / f"{drive}.json", "--sequence", drive, settings=block(**keys)) == 0
    return index.build(root, block(**keys))


# Formats, by hand


def test_a_scan_is_four_little_endian_floats_a_point(tmp_path):
    path = tmp_path / "scan.bin"
    path.write_bytes(bytes.fromhex("0000803f 00000040 00004040 0000003f"))
    assert velodyne.read_scan(path).tolist() == [[1, 2, 3, 0.5]]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"scan\.bin is no laser scan"):
        velodyne.read_scan(path)


def test_a_point_lands_where_the_published_calibration_says(tmp_path):
    (tmp_path / "calib_cam_to_cam.txt").write_text(CAM_TO_CAM)
    (tmp_path / "calib_velo_to_cam.txt").write_text(VELO_TO_CAM)
    matrix = velodyne.projection(tmp_path)
    # By hand, step by step: a point 10 m ahead, 1 m to the left and 1 m below the laser.
    x, y, z = 10.0, 1.0, -1.0
    seen = [
        7.533745e-03 * x - 9.999714e-01 * y - 6.166020e-04 * z - 4.069766e-03,
        1.480249e-02 * x + 7.280733e-04 * y - 9.998902e-01 * z - 7.631618e-02,
        9.998621e-01 * x + 7.523790e-03 * y + 1.480755e-02 * z - 2.717806e-01,
    ]
    straight = [
        9.999239e-01 * seen[0] + 9.837760e-03 * seen[1] - 7.445048e-03 * seen[2],
        -9.869795e-03 * seen[0] + 9.999421e-01 * seen[1] - 4.278459e-03 * seen[2],
        7.402527e-03 * seen[0] + 4.351614e-03 * seen[1] + 9.999631e-01 * seen[2],
    ]
    depth = straight[2] + 2.745884e-03
    column = (7.215377e02 * straight[0] + 6.095593e02 * straight[2] + 4.485728e01) / depth
    row = (7.215377e02 * straight[1] + 1.728540e02 * straight[2] + 2.163791e-01) / depth
    assert 9.7 < depth < 9.75 and 530 < column < 545 and 245 < row < 258
    image = velodyne.sparse_depth(np.array([[x, y, z, 0.3]], np.float32), matrix, (375, 1242))
    assert np.count_nonzero(image) == 1
    assert image[round(row), round(column)] == pytest.approx(depth, abs=1e-4)


def test_the_nearest_point_counts_and_what_is_behind_does_not():
    matrix = np.array([[50, -100, 0, 0], [20, 0, -100, 0], [1.0, 0, 0, 0]])  # f = 100, axis at column 50, row 20
    points = np.array([[10, 0, 0, 0], [5, 0, 0, 0], [20, 0, 0, 0], [-5, 0, 0, 0], [4, 9, 0, 0]], np.float32)
    image = velodyne.sparse_depth(points, matrix, (40, 100))
    assert image[20, 50] == 5
    assert np.count_nonzero(image) == 1


def test_standing_still_is_seen_in_oxts(tmp_path):
    for frame, north in enumerate([0, 0, 1e-6, 1e-5]):  # degrees: 0, 0.11 m, 1 m
        values = OXTS.split()
        values[0] = str(49.015 + north)
        (tmp_path / f"{frame:010d}.txt").write_text(" ".join(values))
    places = oxts.positions(tmp_path)
    steps = [np.linalg.norm(places[i + 1] - places[i]) for i in range(3)]
    assert steps == pytest.approx([0, 0.1113, 1.0018], rel=2e-3)
    assert oxts.static_frames(places, 0.1) == {0}
    assert oxts.static_frames(places, 0.5) == {0, 1}
    (tmp_path / "0000000002.txt").write_text("49.0 8.4 <html>")
    with pytest.raises(UserError, match=r"0000000002\.txt: no oxts record"):
        oxts.positions(tmp_path)


# Splits


def test_the_eigen_split_is_as_published():
    splits = list(kitti_splits.drive_splits().values())
    assert (len(splits), splits.count("test"), splits.count("validation")) == (61, 28, 3)
    tested = kitti_splits.eigen_test_frames()
    assert sum(map(len, tested.values())) == 697
    assert set(tested) == {drive for drive, split in kitti_splits.drive_splits().items() if split == "test"}


def test_one_test_set_of_labelled_images_for_ever():
    images = kitti_splits.labelled_images()
    test = [image.number for image in images if image.split == "test"]
    assert (len(images), len(test)) == (200, 72)
    assert test[:6] == [3, 4, 13, 15, 16, 18]


# From the folders to the index


def test_the_index_of_published_folders(root, tmp_path):
    frames = prepared(root, tmp_path)
    video, val = frames[frames["split"] == "video"], frames[frames["split"] == "val"]
    assert set(video["sequence"]) == {data.TRAINED}
    assert video["frame"].tolist() == [f for f in range(12) if f not in data.STANDING]
    assert video["lidar"].notna().all() and video["right_image"].notna().all() and video["depth"].isna().all()
    assert set(val["sequence"]) == {data.TESTED}
    assert val["frame"].tolist() == list(range(23)), "22 tested frames, and the one after the last"
    assert val["depth"].notna().tolist() == [True] * 22 + [False]
    assert frames["split"].value_counts().loc[["train", "test"]].tolist() == [128, 72]
    assert video["baseline"].iloc[0] == pytest.approx(0.54)
    assert frames.loc[frames["split"] == "train", "fx"].isna().all()


def test_validation_drives_can_be_what_networks_are_measured_on(root, tmp_path):
    frames = prepared(root, tmp_path, held_out="validation")
    val = frames[frames["split"] == "val"]
    assert set(val["sequence"]) == {data.VALIDATED}
    assert val["depth"].notna().all() and len(val) == 3


def test_projected_scans_are_what_the_camera_would_see(root, tmp_path):
    frames = prepared(root, tmp_path)
    row = frames[frames["split"] == "video"].iloc[0]
    points = np.fromfile(root / "raw" / data.TRAINED[:10] / data.TRAINED / "velodyne_points/data/0000000000.bin", "<f4")
    x, y, z = points.reshape(-1, 4)[:, :3].T
    # Of the ideal calibration: camera 2 is 0.06 m left of camera 0, which is 0.27 m behind and 0.08 m above the laser.
    depth = x - 0.27
    column = row["fx"] * (-y + 0.06) / depth + row["cx"]
    line = row["fy"] * (-z - 0.08) / depth + row["cy"]
    inside = (depth > 0.1) & (column > -0.5) & (column < 319.5) & (line > -0.5) & (line < 95.5)
    sparse = decode.depth(root / row["lidar"])
    assert 0 < np.count_nonzero(sparse) <= inside.sum()
    assert set(np.unique(sparse[sparse > 0])) <= set(np.rint(depth[inside] * 256).astype(np.float32) / 256)


def test_preparing_goes_on_where_it_was(root, tmp_path):
    prepared(root, tmp_path)
    lidar = sorted((root / "depth").rglob(f"{data.TRAINED}/**/*.png"))
    before = lidar[0].stat().st_mtime_ns
    lidar[1].unlink()
    prepared(root, tmp_path)
    assert lidar[1].is_file() and lidar[0].stat().st_mtime_ns == before
    assert json.loads((tmp_path / f"{data.TRAINED}.json").read_text())["projected"] == len(lidar) == 9


def test_a_frame_without_a_scan_has_no_lidar(root, tmp_path):
    (root / "raw" / data.TRAINED[:10] / data.TRAINED / "velodyne_points/data/0000000001.bin").unlink()
    frames = prepared(root, tmp_path).query("split == 'video'").set_index("frame")
    assert pd.isna(frames.loc[1, "lidar"]) and pd.notna(frames.loc[0, "lidar"])


# Preflight


def test_preflight_counts_what_is_there(root, tmp_path):
    assert verb("preflight", root, tmp_path / "report.json") == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report == {
        "source": "kitti", "label_images": 200, "label_images_decoded": 200, "drives": 2, "frames": 35
    }  # fmt: skip


def replace(path: Path, contents: bytes) -> None:
    path.unlink()
    path.write_bytes(contents)


def test_preflight_says_all_that_is_wrong_in_one_message(root, tmp_path, capsys):
    drive = root / "raw" / data.TRAINED[:10] / data.TRAINED
    (drive / "image_03/data/0000000005.png").unlink()
    replace(drive / "velodyne_points/data/0000000000.bin", b"<html>")
    replace(drive.parent / "calib_velo_to_cam.txt", b"R: 1 0 0 0 2 0 0 0 1\nT: 0 0 0\n")
    (root / "raw" / data.TESTED[:10] / data.TESTED / "image_02/data/0000000021.png").unlink()
    (root / "semantics/training/image_2/000007_10.png").unlink()
    label = root / "semantics/training/semantic/000000_10.png"
    label.unlink()
    data.write(label, np.full(data.KITTI_SIZE, 200, np.uint8))
    assert verb("preflight", root, tmp_path / "report.json") == 1
    message = capsys.readouterr().err
    for part in (
        r"is not ready as the data set 'kitti':",
        r"1 of 12 files of .*image_03/data are missing \(0000000005\): extract the drive's archive anew",
        r"0000000000.bin is no laser scan",
        r"calib_velo_to_cam.txt: R is no rotation",
        r"1 of 22 of Eigen's test frames of 2011_09_26_drive_0048_sync are missing \(21\)",
        r"1 of 200 labelled images are missing \(semantics/training/image_2/000007_10.png\): extract data_semantics",
        r"000000_10.png holds 200 \(30720 pixels\)",
    ):
        assert re.search(part, message), (part, message)
    assert not (tmp_path / "report.json").exists()


def test_preflight_of_a_folder_without_drives(tmp_path, capsys):
    (tmp_path / "kitti").mkdir()
    settings = kitti_set.Dataset(source="kitti").model_dump()
    assert verb("preflight", tmp_path / "kitti", tmp_path / "report.json", settings=settings) == 1
    message = capsys.readouterr().err
    assert "58 of 58 raw drives are missing (2011_09_26_drive_0001_sync, " in message
    assert "calib_cam_to_cam.txt: no calibration file" in message
    assert len(message.splitlines()) < 20
