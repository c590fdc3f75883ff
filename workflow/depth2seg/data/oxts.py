"""Where a KITTI drive stood still: from the poses of its GPS and inertial unit (folder ``oxts``)."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.scenes.formats import read_oxts


def positions(folder: Path) -> dict[int, np.ndarray]:
    """Position of the unit in each frame of a drive: 3 coordinates in metres on the Mercator plane.

    Args:
        folder: ``{drive}/oxts/data``, one text file a frame.

    Raises:
        UserError: there is none, or a record is damaged.
    """
    found = {}
    for path in sorted(folder.glob("*.txt")):
        try:
            found[int(path.stem)] = read_oxts(path.read_text())[:3, 3]
        except ValueError as error:
            raise UserError(
                f"{path}: no oxts record of 30 numbers ({error}); extract the drive's archive anew"
            ) from error
    if not found:
        raise UserError(
            f"{folder}: no oxts records, which tell moving frames from static ones; extract the archive anew"
        )
    return found


def static_frames(places: dict[int, np.ndarray], least: float) -> set[int]:
    """Frames whose camera moved less than ``least`` metres to the next frame (the last one: from the one before).

    A frame without a record is none of them: nothing says that it stood still.
    """
    frames = sorted(places)
    steps = [float(np.linalg.norm(places[b] - places[a])) / (b - a) for a, b in pairwise(frames)]
    steps = [*steps, *steps[-1:]]
    return {frame for frame, step in zip(frames, steps, strict=False) if step < least}
