"""Frames of a Kinect as NYU-Depth-V2's raw recordings have them: read, and brought into one camera, the colour camera.

Formats are libfreenect's (fakenect/record.c): a binary PPM of 8 bits for colour, and a PGM of 16 bits for the sensor's
disparity of 11 bits, which is written in the byte order of the recording machine, least significant first, and not in
PGM's own. Calibration, and what is done with it, is that of the publisher's toolbox (camera_params.m,
depth_rel2depth_abs.m, project_depth_map.m), whose pixels count from one.
"""

import functools
import re
from pathlib import Path

import cv2
import numpy as np

from depth2seg.data.nyu_labelled import CX, CY, FX, FY, SIZE

COLOUR = np.array([[FX, 0, CX], [0, FY, CY], [0, 0, 1]])
COLOUR_DISTORTION = np.array(  # k1, k2, p1, p2, k3
    [0.20796615318809061, -0.58613825163911781, 7.2231363135888329e-4, 1.0479627195765181e-3, 0.49856986684705107]
)
DEPTH = np.array(
    [[582.62448167737955, 0, 313.04475870804731 - 1], [0, 582.69103270988637, 238.44389626620386 - 1], [0, 0, 1]]
)
DEPTH_DISTORTION = np.array(
    [-0.099897236553084481, 0.39065324602765344, 1.9290592870229277e-3, -1.9422022475975055e-3, -0.51031725053400578]
)
# The toolbox writes this with two minus signs that cancel in the projection, and its translation in the order x, z, y.
ROTATION = np.array(
    [
        [0.99997798940829263, -5.0359919480810989e-3, -4.3196624923060242e-3],
        [5.0518419386157446e-3, 0.99998051861143999, 3.6662365748484798e-3],
        [4.3011152014118693e-3, -3.6879781309514218e-3, 0.99998394948385538],
    ]
)
TRANSLATION = (-2.5031875059141302e-2, 2.9342312935846411e-4, -6.6238747008330102e-4)
"""A point in metres from the depth camera to the colour camera: ROTATION p + TRANSLATION."""

NEAREST_DISPARITY = 600  # 0.71 m; the toolbox takes what is smaller for no measurement
FARTHEST = 10.0  # metres
_HEADER = re.compile(rb"(P[56])\s+(\d+)\s+(\d+)\s+(\d+)\s")


class DamagedFrameError(Exception):
    """A file of one frame is empty, cut off, of another kind, or holds nothing; the message names it."""


def image_size(path: Path) -> tuple[int, int]:
    """Height and width, from the header of a PPM or PGM alone.

    Raises:
        DamagedFrameError: there is no such header.
    """
    with path.open("rb") as file:
        return _header(file.read(64), path)[1]


def read_colour(path: Path) -> np.ndarray:
    """RGB of an r-*.ppm: uint8, 480 x 640 x 3; DamagedFrameError if it is damaged or another."""
    return _read(path, b"P6", np.dtype(np.uint8), (*SIZE, 3))


def read_disparity(path: Path) -> np.ndarray:
    """The sensor's disparity of a d-*.pgm: uint16, 480 x 640, 2047 where it measured none; DamagedFrameError."""
    return _read(path, b"P5", np.dtype("<u2"), SIZE)


def depth_of(disparity: np.ndarray) -> np.ndarray:
    """Metres along the depth camera's axis, float32; 0 where nothing, or nothing from 0.71 to 10 m, was measured.

    351.3 / (1092.5 - disparity), as depth_rel2depth_abs.m has it.
    """
    far = 1092.5 - disparity.astype(np.float32)
    measured = (disparity >= NEAREST_DISPARITY) & (far >= np.float32(351.3 / FARTHEST))
    return np.divide(np.float32(351.3), far, out=np.zeros_like(far), where=measured)


def seen_by_colour_camera(depth: np.ndarray) -> np.ndarray:
    """The depth image of the (undistorted) colour camera; the nearest of the points that meet in a pixel.

    Where the toolbox interpolates the disparity to undistort it, each measurement goes along its own undistorted ray
    here, so that none is made up between an object and what is behind it. As in the toolbox, and so in the labelled
    frames, the value stays the distance along the depth camera's axis, within 0.5 % of that along the colour camera's.

    Args:
        depth: 480 x 640 metres of the depth camera, 0 where there is none.

    Returns:
        480 x 640 metres, float32, 0 where no point falls.
    """
    measured = depth > 0
    distance = depth[measured]
    x, y, z = (turned[measured] * distance + shift for turned, shift in zip(_turned_rays(), TRANSLATION, strict=True))
    column, row = np.rint(FX * x / z + CX).astype(np.int32), np.rint(FY * y / z + CY).astype(np.int32)
    inside = (column >= 0) & (column < SIZE[1]) & (row >= 0) & (row < SIZE[0])
    image = np.full(SIZE, np.inf, np.float32)
    np.minimum.at(image.reshape(-1), (row * SIZE[1] + column)[inside], distance[inside])
    return np.where(np.isinf(image), np.float32(0), image)


def undistorted(colour: np.ndarray) -> np.ndarray:
    """A colour image as a camera without distortion would see it: bilinear, white where the image does not reach."""
    return cv2.remap(colour, *_colour_maps(), cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, (255, 255, 255))


@functools.cache
def _colour_maps() -> tuple[np.ndarray, np.ndarray]:
    return cv2.initUndistortRectifyMap(COLOUR, COLOUR_DISTORTION, None, COLOUR, SIZE[::-1], cv2.CV_16SC2)


@functools.cache
def _turned_rays() -> np.ndarray:
    """Where each pixel of the depth camera looks, turned as the colour camera: x, y, z at depth 1, 3 x 480 x 640."""
    rows, columns = np.indices(SIZE, np.float64)
    pixels = np.stack([columns, rows], -1).reshape(-1, 1, 2)
    rays = np.column_stack([cv2.undistortPoints(pixels, DEPTH, DEPTH_DISTORTION)[:, 0], np.ones(len(pixels))])
    return (ROTATION @ rays.T).astype(np.float32).reshape(3, *SIZE)


def _read(path: Path, kind: bytes, values: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    data = path.read_bytes()
    found, size, largest, start = _header(data[:64], path)
    if (found, size, largest) != (kind, shape[:2], np.iinfo(values).max):
        raise DamagedFrameError(
            f"{path} is {size[1]} x {size[0]} {found.decode()} up to {largest}, no frame of a Kinect"
        )
    length = int(np.prod(shape)) * values.itemsize
    if len(data) - start < length:
        raise DamagedFrameError(f"{path} is cut off: {len(data) - start} of {length} bytes")
    return np.frombuffer(data, values, int(np.prod(shape)), start).reshape(shape)


def _header(data: bytes, path: Path) -> tuple[bytes, tuple[int, int], int, int]:
    """Magic number, height and width, largest value, and where the pixels begin."""
    found = _HEADER.match(data)
    if not found:
        raise DamagedFrameError(f"{path} is {'no PPM or PGM image' if data else 'empty'}")
    return found[1], (int(found[3]), int(found[2])), int(found[4]), found.end()
