"""Laser scans of KITTI's raw drives, projected into the left colour camera: sparse depth."""

from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.scenes.formats import read_calibration

NEAREST = 0.1
"""Metres; what is nearer, or behind, is no view of the street."""


def read_scan(path: Path) -> np.ndarray:
    """Points of a velodyne .bin, N x 4: x forward, y left, z up in metres, reflectance; float32, little endian.

    Raises:
        UserError: the file is no whole number of points.
    """
    values = np.fromfile(path, "<f4")
    if path.stat().st_size % 16 or not np.isfinite(values).all():
        raise UserError(f"{path} is no laser scan of four numbers a point: it is cut off or damaged, extract it anew")
    return values.reshape(-1, 4)


def projection(folder: Path) -> np.ndarray:
    """3 x 4 matrix from homogeneous laser points to pixels of camera 2, of a day's calibration files.

    P_rect_02 R_rect_00 T_velo_to_cam (Geiger et al. 2013, equations 5 to 7): the third row gives depth in metres.

    Raises:
        UserError: a file or an entry of it is missing.
    """
    cameras, laser = (_calibration(folder / f"calib_{name}.txt") for name in ("cam_to_cam", "velo_to_cam"))
    try:
        rectify, to_camera = np.eye(4), np.eye(4)
        rectify[:3, :3] = cameras["R_rect_00"].reshape(3, 3)
        to_camera[:3, :3], to_camera[:3, 3] = laser["R"].reshape(3, 3), laser["T"]
        return cameras["P_rect_02"].reshape(3, 4) @ rectify @ to_camera
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{folder}: its calibration lacks P_rect_02, R_rect_00, R or T ({error}); extract it anew"
        ) from error


def sparse_depth(points: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Depth at the pixels that a laser point falls on, 0 elsewhere; the nearest point where several do.

    Args:
        points: N x 4, as `read_scan` gives them.
        matrix: 3 x 4, as `projection` gives it.
        size: height and width of the camera's image.

    Returns:
        float32 metres, height x width.
    """
    ahead = points[points[:, 0] > 0]  # the camera looks along the laser's x: half of the scan is behind it
    seen = np.column_stack([ahead[:, :3], np.ones(len(ahead))]) @ matrix.T
    seen = seen[seen[:, 2] >= NEAREST]
    column, row = np.rint(seen[:, :2] / seen[:, 2:]).T
    inside = (column >= 0) & (column < size[1]) & (row >= 0) & (row < size[0])
    row, column, depth = row[inside].astype(int), column[inside].astype(int), seen[inside, 2]
    far_first = np.argsort(-depth, kind="stable")  # of values for one pixel NumPy keeps the last: the nearest
    image = np.zeros(size, np.float32)
    image[row[far_first], column[far_first]] = depth[far_first]
    return image


def _calibration(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise UserError(f"{path}: no calibration file; it comes with the calibration archive of that day")
    return read_calibration(path.read_text())
