"""The KITTI reader, on a folder made by hand as the development kits describe it."""

from pathlib import Path

import pandas as pd
import pytest
from depth2seg.data import kitti
from depth2seg.data.sets import rendered_object
from depth2seg.errors import UserError
from depth2seg.scenes.layout import OBJECT_CLASSES, Drive, LabelledImage

# Lines of the calibration of KITTI's 2011_09_26.
CALIBRATION = """calib_time: 09-Jan-2012 13:57:47
corner_dist: 9.950000e-02
S_rect_02: 1.242000e+03 3.750000e+02
P_rect_02: 7.215377e+02 0.000000e+00 6.095593e+02 4.485728e+01 0.000000e+00 7.215377e+02 1.728540e+02 2.163791e-01 0.000000e+00 0.000000e+00 1.000000e+00 2.745884e-03
P_rect_03: 7.215377e+02 0.000000e+00 6.095593e+02 -3.395242e+02 0.000000e+00 7.215377e+02 1.728540e+02 2.199936e+00 0.000000e+00 0.000000e+00 1.000000e+00 2.729905e-03
"""  # noqa: E501
DAY, NAME = "2011_09_26", "2011_09_26_drive_0001_sync"
DRIVE = Drive(NAME, DAY, "video", 1)
LABELLED = LabelledImage(4, "train", "000004", 10)


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.fixture
def root(tmp_path):
    for k in range(3):
        for camera in ("image_02", "image_03"):
            touch(tmp_path / "raw" / DAY / NAME / camera / "data" / f"{k:010d}.png")
    (tmp_path / "raw" / DAY / "calib_cam_to_cam.txt").write_text(CALIBRATION)
    touch(tmp_path / "depth/train" / NAME / "proj_depth/groundtruth/image_02/0000000001.png")
    touch(tmp_path / "depth/train" / NAME / "proj_depth/velodyne_raw/image_02/0000000001.png")
    touch(tmp_path / "flow/training/flow_occ/000001_00.png")
    for folder in ("image_2", "semantic"):
        touch(tmp_path / "semantics/training" / folder / "000004_10.png")
    return tmp_path


def test_rows_and_what_they_lack(root):
    table = kitti.read_index(root, [DRIVE], [LABELLED])
    assert list(table.columns) == kitti.COLUMNS
    assert table[["split", "frame"]].to_numpy().tolist() == [["train", 10], ["video", 0], ["video", 1], ["video", 2]]
    row = table.iloc[2]
    assert row["image"] == f"raw/{DAY}/{NAME}/image_02/data/0000000001.png"
    assert row["right_image"] == f"raw/{DAY}/{NAME}/image_03/data/0000000001.png"
    assert row["depth"] == f"depth/train/{NAME}/proj_depth/groundtruth/image_02/0000000001.png"
    assert row["lidar"] == f"depth/train/{NAME}/proj_depth/velodyne_raw/image_02/0000000001.png"
    assert pd.isna(row["flow"])
    assert pd.isna(row["semantic"])
    assert table.iloc[1]["flow"] == "flow/training/flow_occ/000001_00.png"
    assert table.iloc[0]["semantic"] == "semantics/training/semantic/000004_10.png"
    assert pd.isna(table.iloc[0]["fx"])


def test_intrinsics_and_baseline_of_kitti(root):
    camera = kitti.read_camera(root / "raw" / DAY / "calib_cam_to_cam.txt", (375, 1242))
    assert camera["fx"] == camera["fy"] == 721.5377
    assert (camera["cx"], camera["cy"]) == (609.5593, 172.854)
    assert camera["baseline"] == pytest.approx((44.85728 + 339.5242) / 721.5377)  # 0.5327 m


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match=r"kitti: no such folder"):
        kitti.read_index(tmp_path / "kitti", [DRIVE], [])


def test_no_calibration(root):
    (root / "raw" / DAY / "calib_cam_to_cam.txt").unlink()
    with pytest.raises(UserError, match=r"calib_cam_to_cam\.txt: no calibration file"):
        kitti.read_index(root, [DRIVE], [])


@pytest.mark.parametrize("text", ["", CALIBRATION.replace("P_rect_03", "Q"), CALIBRATION.replace("7.215377e+02", "x")])
def test_broken_calibration(root, text):
    (root / "raw" / DAY / "calib_cam_to_cam.txt").write_text(text)
    with pytest.raises(UserError, match=r"calib_cam_to_cam\.txt: no valid P_rect_02"):
        kitti.read_index(root, [DRIVE], [])


def test_another_data_set(root):
    with pytest.raises(UserError, match="another data set: images of 375 x 1242, 96 x 320 expected"):
        kitti.read_index(root, [DRIVE], [], (96, 320))


def test_half_a_drive(root):
    with pytest.raises(UserError, match=r"image_02/data: has 3 images, 12 expected"):
        kitti.read_index(root, [Drive(NAME, DAY, "video", 1, 12)], [])
    with pytest.raises(UserError, match=r"drive_0002_sync/image_02/data: has 0 images"):
        kitti.read_index(root, [Drive(NAME.replace("1_s", "2_s"), DAY, "video", 2)], [])


def test_a_missing_right_image_or_label_is_named(root):
    (root / "raw" / DAY / NAME / "image_03/data/0000000001.png").unlink()
    with pytest.raises(UserError, match=r"image_03/data/0000000001\.png: missing.*1 of 3"):
        kitti.read_index(root, [DRIVE], [])
    (root / "semantics/training/semantic/000004_10.png").unlink()
    with pytest.raises(UserError, match=r"semantic/000004_10\.png: missing; the split train"):
        kitti.read_index(root, [], [LABELLED])


def test_rendered_objects(tmp_path):
    for name in OBJECT_CLASSES:
        for k in range(2):
            touch(tmp_path / "train" / name / f"{k:05d}.png")
    dataset = {"source": "rendered-object", "splits": {"train": {"images": 2}}}
    table = rendered_object.build_index(tmp_path, dataset)
    assert len(table) == 2 * len(OBJECT_CLASSES)
    assert set(table["sequence"]) == set(OBJECT_CLASSES)
    assert table.iloc[1]["image"] == f"train/{OBJECT_CLASSES[0]}/00001.png"
    (tmp_path / "train/car/00001.png").unlink()
    with pytest.raises(UserError, match=r"train/car: has 1 of 2 images"):
        rendered_object.build_index(tmp_path, dataset)
