"""Cityscapes' disparity images as depth images."""

from pathlib import Path

import cv2
import numpy as np

from depth2seg.errors import UserError
from depth2seg.files import atomic_path
from depth2seg.scenes.formats import encode_depth, write_png


def write_depth(source: Path, target: Path, focal_baseline: float) -> None:
    """Write the depth that a disparity image shows, as KITTI's 16-bit PNG (metres * 256, 0 = none).

    A stored value p > 0 is a disparity of (p - 1) / 256 pixels, 0 is none (README of the cityscapesScripts). Depth is
    fx * baseline / disparity; where that is 256 m or more, which the format cannot hold, there is none.

    Args:
        source: the disparity PNG.
        target: the depth PNG to write, complete or not at all.
        focal_baseline: focal length in pixels times baseline in metres.

    Raises:
        UserError: the file is damaged or of another kind.
    """
    stored = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.ndim != 2:
        raise UserError(f"{source} is no 16-bit disparity image: extract disparity_trainvaltest anew")
    disparity = (stored.astype(np.float32) - 1) / 256
    with np.errstate(divide="ignore"):
        depth = np.where(disparity > 0, focal_baseline / disparity, 0)
    with atomic_path(target) as temporary:
        write_png(temporary, encode_depth(depth))
