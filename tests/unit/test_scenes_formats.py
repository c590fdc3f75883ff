"""KITTI's codes, against values worked out by hand."""

import cv2
import numpy as np
import pytest
from depth2seg.commands import render
from depth2seg.data.sets import rendered_street
from depth2seg.errors import UserError
from depth2seg.scenes import formats, layout


def test_depth_png_is_metres_times_256_and_zero_for_none(tmp_path):
    formats.write_png(tmp_path / "d.png", formats.encode_depth(np.array([[1.0, 0.0, 2.5], [255.99, 256.0, 80.25]])))
    stored = cv2.imread(str(tmp_path / "d.png"), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(stored, [[256, 0, 640], [65533, 0, 20544]])


def test_flow_png_is_64ths_of_a_pixel_around_two_to_the_15(tmp_path):
    flow = np.array([[[0.0, 0.0], [1.5, -2.0]], [[np.nan, 3.0], [600.0, 0.0]]])
    formats.write_png(tmp_path / "f.png", formats.encode_flow(flow))
    stored = cv2.imread(str(tmp_path / "f.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]  # OpenCV gives B, G, R
    np.testing.assert_array_equal(stored[0, 0], [32768, 32768, 1])
    np.testing.assert_array_equal(stored[0, 1], [32768 + 96, 32768 - 128, 1])
    np.testing.assert_array_equal(stored[1], [[0, 0, 0], [0, 0, 0]])


def test_calibration_has_focal_length_and_baseline_where_kitti_has_them():
    values = formats.read_calibration(formats.camera_calibration(200.0, 159.5, 47.5, 320, 96))
    np.testing.assert_allclose(values["P_rect_02"], [200, 0, 159.5, 12, 0, 200, 47.5, 0, 0, 0, 1, 0])
    np.testing.assert_allclose(values["P_rect_03"], [200, 0, 159.5, -96, 0, 200, 47.5, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(values["S_rect_02"], [320, 96])
    assert "calib_time" not in values


def test_rigid_calibration():
    values = formats.read_calibration(formats.rigid_calibration(formats.VELO_TO_CAM))
    # A point 10 m ahead of the laser is 9.73 m ahead of camera 0 and 0.08 m above it (its y points down).
    x = values["R"].reshape(3, 3) @ [10, 0, 0] + values["T"]
    np.testing.assert_allclose(x, [0, -0.08, 9.73])


def test_oxts_round_trip_and_its_first_numbers():
    pose = np.eye(4)
    pose[:3, 3] = [12.5, -3.25, 1.5]
    line = formats.oxts_line(pose, 9.0)
    assert len(line.split()) == 30
    assert float(line.split()[2]) == 1.5
    # One metre east at 49 degrees north is 1 / (cos 49 * 6378137) radian of longitude.
    assert float(line.split()[1]) == pytest.approx(np.degrees(12.5 / (np.cos(np.radians(49)) * 6378137)))
    np.testing.assert_allclose(formats.read_oxts(line), pose, atol=1e-6)


def test_camera_pose_survives_oxts():
    c, s = np.cos(0.3), np.sin(0.3)
    camera = np.array([[s, 0, c, 5], [-c, 0, s, -7], [0, -1, 0, 1.6], [0, 0, 0, 1.0]])
    text = formats.oxts_line(formats.imu_pose(camera), 5.0)
    np.testing.assert_allclose(formats.camera_pose(formats.read_oxts(text)), camera, atol=1e-6)


def test_longer_lists_leave_the_numbers_of_earlier_sequences_alone():
    def dataset(n):
        split = {"sequences": n, "frames": 2}
        return {"source": "rendered-street", "splits": {"video": split, "val": split, "train": split | {"stride": 10}}}

    short, long = layout.drives(dataset(2)), layout.drives(dataset(5))
    assert set(short) <= set(long)
    assert set(layout.labelled_images(dataset(2))) <= set(layout.labelled_images(dataset(5)))
    assert [i.frame for i in layout.labelled_images(dataset(1))] == [0, 10]
    assert layout.street_jobs(dataset(1)) == ["video-0000", "val-0000", "train-0000"]
    with pytest.raises(UserError, match="video-0007"):
        render.check(rendered_street, dataset(2) | {"samples": 1}, "video-0007")


def test_unknown_split_is_refused():
    with pytest.raises(UserError, match="'vidoe'"):
        layout.street_jobs({"source": "rendered-street", "splits": {"vidoe": {"sequences": 1, "frames": 1}}})
