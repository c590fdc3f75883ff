"""Decoding of one stored frame's files, each checked for being what the frame index says it is.

OpenCV decodes: it knows 16-bit PNG with three channels, and refuses files that are cut off or fail their checksums.
Only of label images with a palette does it hand out the colours, so those are decoded by Pillow once more. PNG files
come to it inflated, which `depth2seg.data.png` does in less time.
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from depth2seg.data import png
from depth2seg.errors import UserError

KITTI_DEPTH_UNIT = 1 / 256
_BROKEN = "the file is cut off or damaged, or not an image: obtain it anew"


def image(path: Path) -> np.ndarray:
    """RGB image: uint8, h x w x 3.

    Raises:
        UserError: as all of this module: the file is missing, damaged, or of another kind.
    """
    return _decode(path, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)


def labels(path: Path) -> np.ndarray:
    """Label values as stored: unsigned integers, h x w."""
    values = _decode(path, cv2.IMREAD_UNCHANGED)
    if values.ndim == 3:
        with Image.open(path) as opened:
            values = np.asarray(opened) if opened.mode == "P" else values
    if values.ndim != 2 or values.dtype.kind != "u":
        raise UserError(
            f"{path} is no label image: it has shape {values.shape} and type {values.dtype}, "
            "a label image has one channel of class ids. Is it a coloured picture of the labels?"
        )
    return values


def depth(path: Path, unit: float = KITTI_DEPTH_UNIT) -> np.ndarray:
    """16-bit depth PNG whose value 1 is ``unit`` metres: float32 metres, h x w, 0 where there is none."""
    stored = _decode(path, cv2.IMREAD_UNCHANGED)
    if stored.ndim != 2 or stored.dtype != np.uint16:
        raise UserError(
            f"{path} is no depth image: expected 16 bits and one channel, got {stored.dtype} and shape {stored.shape}"
        )
    return stored.astype(np.float32) * np.float32(unit)


def flow(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """KITTI's 16-bit flow PNG: float32 pixels, h x w x 2 (u, v), and where it is valid, h x w booleans."""
    stored = _decode(path, cv2.IMREAD_UNCHANGED)
    if stored.ndim != 3 or stored.shape[2] != 3 or stored.dtype != np.uint16:
        raise UserError(
            f"{path} is no flow image: expected 16 bits and three channels, got {stored.dtype} and shape {stored.shape}"
        )
    # Stored as RGB (u, v, valid), which OpenCV hands out as BGR.
    return (stored[..., :0:-1].astype(np.float32) - 2**15) / 64, stored[..., 0] > 0


def _decode(path: Path, flags: int) -> np.ndarray:
    try:
        encoded = np.frombuffer(png.quick(path.read_bytes()), np.uint8)
    except FileNotFoundError:
        raise UserError(f"{path} is missing, though the frame index names it: obtain it, then index anew") from None
    try:
        decoded = cv2.imdecode(encoded, flags) if encoded.size else None
    except cv2.error:  # such as a header that claims a huge image
        decoded = None
    if decoded is None:
        raise UserError(f"cannot decode {path}: {_BROKEN}")
    return decoded
