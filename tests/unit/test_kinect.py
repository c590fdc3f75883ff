"""Frames of a Kinect: their formats, disparity to metres, and both cameras, by hand."""

import numpy as np
import publishers_data as data
import pytest
from depth2seg.data import kinect

# The toolbox's numbers (camera_params.m), whose pixels count from one.
DEPTH_CAMERA = 582.62448167737955, 582.69103270988637, 313.04475870804731, 238.44389626620386
COLOUR_CAMERA = 518.85790117450188, 519.46961112127485, 325.58244941119034, 253.73616633400465
DEPTH_K = (
    -9.9897236553084481e-02,
    3.9065324602765344e-01,
    1.9290592870229277e-03,
    -1.9422022475975055e-03,
    -0.5103172505340,
)
COLOUR_K = (
    2.0796615318809061e-01,
    -5.8613825163911781e-01,
    7.2231363135888329e-04,
    1.0479627195765181e-03,
    0.4985698668470,
)


def distorted(x, y, k):
    """Of a ray, by Brown's model."""
    k1, k2, p1, p2, k3 = k
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    return (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y)


def ray(column, row):
    """Where a pixel of the depth camera looks: the ray that is distorted to it, found by repetition."""
    fx, fy, cx, cy = DEPTH_CAMERA
    seen = x, y = (column + 1 - cx) / fx, (row + 1 - cy) / fy
    for _ in range(50):
        found = distorted(x, y, DEPTH_K)
        x, y = x + seen[0] - found[0], y + seen[1] - found[1]
    return x, y


def colour_pixel(x, y, z):
    """Row and column of a point of the depth camera, as the toolbox goes there: points negated, translation x, z, y."""
    seen = [
        -(9.9997798940829263e-01 * x - 5.0359919480810989e-03 * y - 4.3196624923060242e-03 * z)
        + 2.5031875059141302e-02,
        -(5.0518419386157446e-03 * x + 9.9998051861143999e-01 * y + 3.6662365748484798e-03 * z)
        - 2.9342312935846411e-04,
        -(4.3011152014118693e-03 * x - 3.6879781309514218e-03 * y + 9.9998394948385538e-01 * z)
        + 6.6238747008330102e-04,
    ]
    fx, fy, cx, cy = COLOUR_CAMERA
    return round(fy * seen[1] / seen[2] + cy) - 1, round(fx * seen[0] / seen[2] + cx) - 1


def test_frames_are_read_byte_by_byte(tmp_path):
    path = tmp_path / "d-1.0-2.pgm"
    path.write_bytes(b"P5 640 480 65535\n" + bytes.fromhex("bc02 ff07") + bytes(2 * (640 * 480 - 2)))
    assert kinect.read_disparity(path)[0, :3].tolist() == [700, 2047, 0]
    assert kinect.image_size(path) == (480, 640)
    path = tmp_path / "r-1.0-2.ppm"
    path.write_bytes(b"P6 640 480 255\n" + bytes([1, 2, 3, 4, 5, 6]) + bytes(3 * (640 * 480 - 2)))
    assert kinect.read_colour(path)[0, :2].tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"<html>", "is no PPM or PGM image"),
        (b"P5 640 480 65535\n" + bytes(2 * 640 * 480 - 1), "is cut off: 614399 of 614400 bytes"),
        (b"P5 320 240 65535\n" + bytes(2 * 320 * 240), "is 320 x 240 P5 up to 65535, no frame of a Kinect"),
        (b"P6 640 480 255\n" + bytes(3 * 640 * 480), "is 640 x 480 P6 up to 255"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, told):
    (tmp_path / "d-1.0-2.pgm").write_bytes(content)
    with pytest.raises(kinect.DamagedFrameError, match=rf"d-1\.0-2\.pgm {told}"):
        kinect.read_disparity(tmp_path / "d-1.0-2.pgm")


def test_disparity_becomes_metres():
    disparity = np.array([[0, 599, 600, 700, 1057, 1058, 1092, 1093, 2047]], np.uint16)
    expected = [0, 0, 351.3 / 492.5, 351.3 / 392.5, 351.3 / 35.5, 0, 0, 0, 0]
    np.testing.assert_allclose(kinect.depth_of(disparity)[0], expected, rtol=1e-6)
    assert kinect.depth_of(disparity)[0, 2:4] == pytest.approx([0.713300, 0.895032], abs=1e-6)


@pytest.mark.parametrize(("row", "column"), [(238, 312), (100, 500), (30, 60), (440, 590)])
def test_a_pixel_of_the_depth_camera_lands_where_the_calibration_says(row, column):
    disparity = np.full((480, 640), 2047, np.uint16)
    disparity[row, column] = 900
    depth = kinect.depth_of(disparity)
    z = 351.3 / 192.5
    x, y = ray(column, row)
    image = kinect.seen_by_colour_camera(depth)
    assert np.argwhere(image).tolist() == [list(colour_pixel(x * z, y * z, z))]
    assert image.max() == pytest.approx(1.824935, abs=1e-6)


def test_the_nearest_of_what_meets_in_a_pixel_counts():
    wall = np.full((480, 640), 5, np.float32)
    plain = kinect.seen_by_colour_camera(wall)
    row, column = 200, 300
    x, y = ray(column, row)
    near, far = (wall.copy() for _ in range(2))
    near[row, column], far[row, column] = 1, 9
    image = kinect.seen_by_colour_camera(near)
    assert image[colour_pixel(x, y, 1)] == 1 and plain[colour_pixel(x, y, 1)] == 5
    assert (image == 1).sum() == 1
    assert (kinect.seen_by_colour_camera(far) <= 5).all(), "there is wall in front of it"


def test_a_point_off_the_axis_is_undistorted():
    fx, fy, cx, cy = COLOUR_CAMERA
    row, column = 400, 560
    x, y = distorted((column + 1 - cx) / fx, (row + 1 - cy) / fy, COLOUR_K)
    seen = fy * y + cy - 1, fx * x + cx - 1
    assert abs(seen[1] - column) > 2, "distortion is to be seen"
    rows, columns = np.indices((480, 640))
    spot = 255 * np.exp(-((rows - seen[0]) ** 2 + (columns - seen[1]) ** 2) / 8)
    image = kinect.undistorted(np.repeat(spot[..., None], 3, 2).astype(np.uint8)).astype(float)[..., 0]
    around = image[390:411, 550:571]
    weights = around / around.sum()
    centre = (weights * rows[390:411, 550:571]).sum(), (weights * columns[390:411, 550:571]).sum()
    assert centre == pytest.approx((row, column), abs=0.1)


def test_makers_write_what_is_read(tmp_path):
    data.write_nyu_raw(tmp_path, {"basements": {"basement_0001a": 1}})
    (path,) = (tmp_path / "raw/basements/basement_0001a").glob("*.pgm")
    assert path.read_bytes()[:17] == b"P5 640 480 65535\n"
    assert kinect.read_disparity(path).min() >= 750 and kinect.read_disparity(path).max() <= 1005
