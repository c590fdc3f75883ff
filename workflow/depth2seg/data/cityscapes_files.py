"""Where Cityscapes' files lie, frame by frame, and what its calibration files hold."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from depth2seg.errors import UserError

CITIES = {
    "train": (
        "aachen", "bochum", "bremen", "cologne", "darmstadt", "dusseldorf", "erfurt", "hamburg", "hanover", "jena",
        "krefeld", "monchengladbach", "strasbourg", "stuttgart", "tubingen", "ulm", "weimar", "zurich",
    ),
    "val": ("frankfurt", "lindau", "munster"),
}  # fmt: skip
LABELLED = {"train": 2975, "val": 500}  # finely labelled frames, as published
SIZE = (1024, 2048)  # height, width of every image
BEFORE, AFTER = 19, 10  # frames of a snippet before and after the one with labels
_NAME = re.compile(r"(?P<city>[a-z]+)_(?P<sequence>\d{6})_(?P<frame>\d{6})_leftImg8bit\.png")


@dataclass(frozen=True)
class Snippet:
    """The frame with labels of one snippet; ``split`` is the publisher's, ``train`` or ``val``."""

    split: str
    city: str
    sequence: str
    frame: int

    def path(self, folder: str, kind: str, frame: int | None = None) -> str:
        """Path of one of its files, relative to the data set's folder; of a neighbour if ``frame`` is given."""
        number = self.frame if frame is None else frame
        return f"{folder}/{self.split}/{self.city}/{self.city}_{self.sequence}_{number:06d}_{kind}"

    @property
    def drive(self) -> str:
        """What the frame index calls its sequence: frames of it that follow each other differ by one."""
        return f"{self.city}_{self.sequence}"


def snippets(root: Path, split: str, city: str) -> list[Snippet]:
    """The labelled frames of a city, in order of name; UserError if there are none."""
    folder = root / "leftImg8bit" / split / city
    names = [_NAME.fullmatch(path.name) for path in sorted(folder.glob("*_leftImg8bit.png"))]
    found = [Snippet(split, city, name["sequence"], int(name["frame"])) for name in names if name]
    if not found:
        raise UserError(f"{folder}: no images named {city}_000000_000019_leftImg8bit.png or the like; extract "
                        "leftImg8bit_trainvaltest into the data set's folder")  # fmt: skip
    return found


def depth_path(snippet: Snippet) -> str:
    """Where a snippet's depth lies once it is prepared."""
    return snippet.path("depth", "depth.png")


def read_camera(path: Path) -> dict[str, float]:
    """Intrinsics of the left camera in pixels of the full image, and the baseline in metres, of a camera.json.

    Raises:
        UserError: the file is missing or holds something else.
    """
    if not path.is_file():
        raise UserError(f"{path}: no calibration file; extract camera_trainvaltest into the data set's folder")
    try:
        values = json.loads(path.read_text())
        inside = {name: float(values["intrinsic"][key]) for name, key in
                  (("fx", "fx"), ("fy", "fy"), ("cx", "u0"), ("cy", "v0"))}  # fmt: skip
        return inside | {"baseline": float(values["extrinsic"]["baseline"])}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: no valid fx, fy, u0, v0 and baseline ({error!r}); extract the package anew"
        ) from error
