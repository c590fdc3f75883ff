"""KITTI's file formats, after its raw-data, depth, flow and semantics development kits.

========================  =============================================================================
depth PNG                 16 bit, metres * 256, 0 = no measurement
flow PNG                  16 bit, 3 channels R, G, B = u, v, valid; u = (R - 2^15) / 64 pixels
velodyne .bin             float32 x, y, z, reflectance; x forward, y left, z up, metres
oxts .txt                 30 numbers; latitude, longitude (degrees), altitude (m), roll, pitch, yaw (rad), ...
calib_cam_to_cam.txt      per camera 00..03 the rectified projection P_rect, pixels
semantic PNG              8 bit, Cityscapes label ids
instance PNG              16 bit, label id * 256 + number within the class
========================  =============================================================================
"""

from pathlib import Path

import cv2
import numpy as np

EARTH_RADIUS = 6378137.0  # metres, as in the raw-data kit
LATITUDE = 49.0
# Camera 2 sits 0.06 m to the left of camera 0, camera 3 to its right; the laser above and behind; as in KITTI.
CAMERA_OFFSETS = {"00": 0.0, "01": 0.54, "02": -0.06, "03": 0.48}
VELO_TO_CAM = np.array([[0, -1, 0, 0], [0, 0, -1, -0.08], [1, 0, 0, -0.27], [0, 0, 0, 1.0]])
IMU_TO_VELO = np.array([[1, 0, 0, -0.81], [0, 1, 0, 0.32], [0, 0, 1, -0.80], [0, 0, 0, 1.0]])


def write_png(path: Path, image: np.ndarray) -> None:
    """Write an 8- or 16-bit image H,W or H,W,3 (RGB)."""
    image = image[..., ::-1] if image.ndim == 3 else image
    done, data = cv2.imencode(".png", np.ascontiguousarray(image), [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise RuntimeError(f"{path}: could not be encoded as PNG")
    path.write_bytes(data)


def encode_depth(depth: np.ndarray) -> np.ndarray:
    """uint16 of depth in metres H,W; what is 0 or too far for 16 bits (255.99 m) becomes 0."""
    scaled = np.rint(np.asarray(depth) * 256)
    return np.where((scaled > 0) & (scaled < 65536), scaled, 0).astype(np.uint16)


def encode_flow(flow: np.ndarray) -> np.ndarray:
    """uint16 H,W,3 of flow in pixels H,W,2; NaN or more than 511 pixels is marked invalid."""
    coded = np.rint(np.nan_to_num(flow, nan=1e6) * 64 + 2**15)
    valid = ((coded > 0) & (coded < 65536)).all(-1)
    return np.dstack([np.where(valid[..., None], coded, 0), valid]).astype(np.uint16)


def camera_calibration(f: float, cx: float, cy: float, width: int, height: int) -> str:
    """Text of calib_cam_to_cam.txt of ideal cameras."""
    lines = ["calib_time: 01-Jan-2024 00:00:00", "corner_dist: 9.950000e-02"]
    eye = _row(np.eye(3))
    for name, x in CAMERA_OFFSETS.items():
        k = _row(np.array([[f, 0, cx], [0, f, cy], [0, 0, 1.0]]))
        p = _row(np.array([[f, 0, cx, -f * x], [0, f, cy, 0], [0, 0, 1.0, 0]]))
        size = _row(np.array([width, height]))
        lines += [f"S_{name}: {size}", f"K_{name}: {k}", f"D_{name}: {_row(np.zeros(5))}", f"R_{name}: {eye}",
                  f"T_{name}: {_row(np.array([-x, 0, 0]))}", f"S_rect_{name}: {size}", f"R_rect_{name}: {eye}",
                  f"P_rect_{name}: {p}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def rigid_calibration(matrix: np.ndarray) -> str:
    """Text of calib_velo_to_cam.txt or calib_imu_to_velo.txt."""
    return f"calib_time: 01-Jan-2024 00:00:00\nR: {_row(matrix[:3, :3])}\nT: {_row(matrix[:3, 3])}\n"


def read_calibration(text: str) -> dict[str, np.ndarray]:
    """Numbers by key of a calibration file; lines that hold none (the time) are left out."""
    values = {}
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        try:
            values[key.strip()] = np.array([float(v) for v in rest.split()])
        except ValueError:
            continue
    return values


def imu_pose(camera_pose: np.ndarray) -> np.ndarray:
    """4,4 world from IMU of the left colour camera's pose (world from camera 2)."""
    return camera_pose @ _cam2_from_cam0() @ VELO_TO_CAM @ IMU_TO_VELO


def camera_pose(imu: np.ndarray) -> np.ndarray:
    """Inverse of imu_pose."""
    return imu @ np.linalg.inv(_cam2_from_cam0() @ VELO_TO_CAM @ IMU_TO_VELO)


def oxts_line(imu: np.ndarray, speed: float) -> str:
    """One oxts record of a 4,4 IMU pose in metres; only position, angles and speed forward are filled in."""
    scale = np.cos(np.radians(LATITUDE))
    start = scale * EARTH_RADIUS * np.log(np.tan(np.radians(90 + LATITUDE) / 2))
    x, y, z = imu[:3, 3]
    latitude = 2 * np.degrees(np.arctan(np.exp((start + y) / (scale * EARTH_RADIUS)))) - 90
    longitude = np.degrees(x / (scale * EARTH_RADIUS))
    r = imu[:3, :3]
    roll, pitch, yaw = np.arctan2(r[2, 1], r[2, 2]), -np.arcsin(r[2, 0]), np.arctan2(r[1, 0], r[0, 0])
    values = [latitude, longitude, z, roll, pitch, yaw, 0.0, 0.0, speed] + [0.0] * 16
    return " ".join(repr(float(v)) for v in values) + " 4 11 4 4 0\n"


def read_oxts(text: str) -> np.ndarray:
    """4,4 IMU pose of an oxts record, on the Mercator plane at LATITUDE (Geiger et al. 2013, section 3)."""
    latitude, longitude, z, roll, pitch, yaw = (float(v) for v in text.split()[:6])
    scale = np.cos(np.radians(LATITUDE))
    x = scale * EARTH_RADIUS * np.radians(longitude)
    north = [scale * EARTH_RADIUS * np.log(np.tan(np.radians(90 + v) / 2)) for v in (latitude, LATITUDE)]
    (cr, cp, cy), (sr, sp, sy) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = about_z @ about_y @ about_x, [x, north[0] - north[1], z]
    return pose


def _cam2_from_cam0() -> np.ndarray:
    matrix = np.eye(4)
    matrix[0, 3] = -CAMERA_OFFSETS["02"]
    return matrix


def _row(values: np.ndarray) -> str:
    return " ".join(f"{v:.9e}" for v in np.asarray(values, float).ravel())
