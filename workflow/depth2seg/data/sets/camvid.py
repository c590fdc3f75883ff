"""CamVid in the 480 x 360 form with 11 classes: real driving video, verified against a manifest in the repo."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from depth2seg.data import manifest as manifests
from depth2seg.data import registry
from depth2seg.data.blocks import DatasetBlock
from depth2seg.data.classes import IGNORE, ClassTable
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

PART = registry.part("camvid", "frames")

MIRROR = PART.address
"""Where the raw files are downloaded from, unless the data set's block says otherwise (key ``mirror``)."""

WIDTH, HEIGHT = 480, 360

# Folder to split. `val` is the one drive of consecutive frames: it serves as pre-training video, and its labels train
# nothing.
_SPLITS = {"val": "video", "train": "train", "test": "test"}
_NAME = re.compile(r"CamVid/(?P<folder>val|train|test)/(?P<drive>\w+)_(?P<number>\d+)\.png")


_CLASSES: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("sky", (128, 128, 128)),
    ("building", (128, 0, 0)),
    ("pole", (192, 192, 128)),
    ("road", (128, 64, 128)),
    ("pavement", (60, 40, 222)),
    ("tree", (128, 128, 0)),
    ("sign", (192, 128, 128)),
    ("fence", (64, 64, 128)),
    ("car", (64, 0, 128)),
    ("pedestrian", (64, 64, 0)),
    ("bicyclist", (0, 128, 192)),
)


CLASSES = (
    ClassTable(
        name="camvid",
        names=tuple(name for name, _ in _CLASSES),
        colours=tuple(colour for _, colour in _CLASSES),
        train_ids={**{label: label for label in range(len(_CLASSES))}, len(_CLASSES): IGNORE},
    ),
)


class Dataset(DatasetBlock):
    """The block. ``mirror``: where the files are downloaded from, instead of the registry's address."""

    comes_by = "files"

    source: Literal["camvid"]
    classes: Literal["camvid"] = "camvid"
    mirror: str | None = None

    @property
    def labelled(self) -> int:
        """The images of the split ``train``."""
        return 164


def manifest() -> list[manifests.RawFile]:
    """The files that the study is defined on: 327 images and as many label images."""
    return manifests.read_manifest(registry.manifest(PART))


def sequences(dataset: Mapping) -> list[str]:
    """One job obtains the whole set."""
    return ["CamVid"]


def build_index(root: Path, dataset: Mapping) -> "pd.DataFrame":
    """The frame index, from the manifest; checks that each file is there in its full size.

    Frames are numbered at 15 a second, the rate of the labelled video (file numbers count at 30 a second), so that
    neighbours in the video differ by one. The set comes without calibration. The horizontal focal length is taken as
    1.16 image widths; the images are a 960 x 720 video scaled by the same factor in x and y, so pixels are square and
    fy = fx; the principal point is the middle of the image.

    Raises:
        UserError: files are missing, cut off, or another data set's.
    """
    import pandas as pd

    files = manifest()
    manifests.survey(root, files, contents=False).require(root)
    rows = []
    for file in files:
        match = _NAME.fullmatch(file.path)
        if match is None:
            continue
        rows.append(
            {
                "split": _SPLITS[match["folder"]],
                "sequence": match["drive"],
                "frame": int(match["number"]) // 2,
                "image": file.path,
                "semantic": file.path.replace(f"/{match['folder']}/", f"/{match['folder']}annot/"),
                "fx": 1.16 * WIDTH,
                "fy": 1.16 * WIDTH,
                "cx": (WIDTH - 1) / 2,
                "cy": (HEIGHT - 1) / 2,
            }
        )
    if 2 * len(rows) != len(files):
        raise UserError(f"CamVid manifest: {len(rows)} images among {len(files)} files; expected one label an image")
    return pd.DataFrame(rows)
