"""From stored to packed size: one way for each kind of array, and for the camera that saw it.

Everywhere, pixel centres are at whole numbers: cell i of a packed axis covers the stored coordinates from
``i / s - 0.5`` to ``(i + 1) / s - 0.5``, with s the packed over the stored length.
"""

import functools

import cv2
import numpy as np
from PIL import Image

from depth2seg.errors import UserError

Size = tuple[int, int]
"""Height, width."""


def cut(stored: np.ndarray, window: tuple[int, int, int, int] | None, file: object) -> np.ndarray:
    """The rows and columns of a window (first row, end row, first column, end column); all of them without one.

    Raises:
        UserError: the window reaches beyond the image that ``file`` holds.
    """
    if window is None:
        return stored
    top, bottom, left, right = window
    if bottom > stored.shape[0] or right > stored.shape[1]:
        raise UserError(
            f"{file} has {stored.shape[0]} rows and {stored.shape[1]} columns: rows {top} to {bottom} and columns "
            f"{left} to {right} (key `crop` of the data set) cannot be cut out of it"
        )
    return stored[top:bottom, left:right]


def image(stored: np.ndarray, size: Size) -> np.ndarray:
    """Average over each cell's area (cv2.INTER_AREA), or bilinear where an axis grows; any number of channels."""
    height, width = size
    if stored.shape[:2] == size:
        return stored
    shrinks = height <= stored.shape[0] and width <= stored.shape[1]
    return cv2.resize(stored, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def nearest(stored: np.ndarray, size: Size) -> np.ndarray:
    """The stored pixel that each cell's centre falls on: values are kept as they are, none is invented."""
    rows, columns = (_centres(old, new) for old, new in zip(stored.shape[:2], size, strict=True))
    return stored[rows[:, None], columns]


def as_brightness(labels: np.ndarray, size: Size) -> np.ndarray:
    """Label values through the filter for images (Pillow's Lanczos), which invents values at borders.

    This is what the released code does to its labels, and wrong: for protocol ``released`` only.
    """
    picture = Image.fromarray(labels.astype(np.uint8))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.LANCZOS))


def nearest_valid(stored: np.ndarray, valid: np.ndarray, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """`nearest`, but a cell whose centre has no value takes the valid pixel of the cell closest to its centre.

    So that a sparse map keeps a value in each cell that has any.

    Args:
        stored: h x w or h x w x channels.
        valid: h x w booleans.
        size: height and width to go to.

    Returns:
        the values (whatever is stored at the centre where nothing is valid), and booleans where they are valid.
    """
    values, known = nearest(stored, size), nearest(valid, size)
    pixels, cells = _far_to_near(stored.shape[:2], size)
    chosen = valid.reshape(-1)[pixels]
    pixels, cells = pixels[chosen], cells[chosen]
    # Where an index occurs more than once NumPy keeps the last value assigned: the nearest pixel.
    values.reshape(-1, *values.shape[2:])[cells] = stored.reshape(-1, *stored.shape[2:])[pixels]
    known.reshape(-1)[cells] = True
    return values, known


def intrinsics(camera: np.ndarray, stored: np.ndarray, size: Size) -> np.ndarray:
    """Intrinsics of the packed image.

    With pixel centres at whole numbers, ``x' = (x + 0.5) s - 0.5``: the focal lengths scale with s, and so does the
    principal point once it is counted from the image's corner.

    Args:
        camera: ... x 4: fx, fy, cx, cy in stored pixels.
        stored: ... x 2: stored height and width.
        size: packed height and width.

    Returns:
        the same in packed pixels, float64.
    """
    scale = (np.asarray(size, np.float64) / stored)[..., ::-1]  # x, y
    focal, centre = camera[..., :2] * scale, (camera[..., 2:] + 0.5) * scale - 0.5
    return np.concatenate([focal, centre], axis=-1)


def _centres(old: int, new: int) -> np.ndarray:
    return (2 * np.arange(new) + 1) * old // (2 * new)


@functools.lru_cache(maxsize=8)
def _far_to_near(stored: Size, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Every stored pixel and the cell it falls in, those far from their cell's centre first."""
    cells, offsets = [], []
    for old, new in zip(stored, size, strict=True):
        position = (np.arange(old) + 0.5) * new / old  # in cells, from the image's edge
        cells.append(np.minimum(position.astype(np.int64), new - 1))
        offsets.append((position - cells[-1] - 0.5) * old / new)  # from the cell's centre, in stored pixels
    distance = offsets[0][:, None] ** 2 + offsets[1] ** 2
    # Rounded, so that equal distances tie in spite of floating point; among them the first in scan order wins.
    order = np.argsort(-distance.round(6).reshape(-1)[::-1], kind="stable")
    pixels = (stored[0] * stored[1] - 1 - order).astype(np.int32)
    cell = (cells[0][:, None] * size[1] + cells[1]).reshape(-1)[pixels].astype(np.int32)
    return pixels, cell
