"""Which frames of KITTI serve what: Eigen's raw drives and test frames, and the 200 labelled images.

``splits/README.md`` names the sources of the lists. Plain Python without heavy imports: the Snakefile asks for drives.
"""

import csv
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from depth2seg.scenes.layout import Drive, LabelledImage

FOLDER = Path(__file__).parent / "splits"
LABELLED = 200
TEST_IMAGES = 72
"""How many of the labelled images are the test set: as many as leave 128 to train on, the largest train size."""


@cache
def drive_splits() -> dict[str, str]:
    """The drives of the Eigen split, in order of name: ``train``, ``validation`` or ``test``."""
    with (FOLDER / "kitti_drives.csv").open(newline="") as file:
        return {row["drive"]: row["split"] for row in csv.DictReader(file)}


@cache
def drive_lengths() -> dict[str, int]:
    """How many frames each drive's archive holds."""
    with (FOLDER / "kitti_drives.csv").open(newline="") as file:
        return {row["drive"]: int(row["frames"]) for row in csv.DictReader(file)}


@cache
def eigen_test_frames() -> dict[str, tuple[int, ...]]:
    """The frames of each test drive that Eigen et al. (2014) test on, 697 in all."""
    with (FOLDER / "kitti_eigen_test.csv").open(newline="") as file:
        return {row["drive"]: tuple(map(int, row["frames"].split())) for row in csv.DictReader(file)}


def drives(dataset: Mapping) -> list[Drive]:
    """The drives that a data set's block uses: ``video`` to train on, ``val`` to measure pre-trained networks on.

    ``drives`` of the block, if given, keeps only some of them; ``held_out`` chooses what ``val`` is.
    """
    role = {"train": "video", dataset["held_out"]: "val"}
    chosen = dataset.get("drives")
    return [
        Drive(name, name[:10], role[split], int(name[17:21]))
        for name, split in drive_splits().items()
        if split in role and (chosen is None or name in chosen)
    ]


def labelled_images() -> list[LabelledImage]:
    """The 200 images of KITTI's semantic benchmark that come with labels, as 128 to train on and 72 to test on.

    The benchmark keeps its own test labels, so its 200 training images are divided once for all: in the order of the
    SHA-256 of their names, which is a shuffle that no library's version changes, the first 72 are the test set.
    """
    names = {f"{number:06d}_10": number for number in range(LABELLED)}
    shuffled = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    test = set(shuffled[:TEST_IMAGES])
    return [
        LabelledImage(number, "test" if name in test else "train", f"{number:06d}", 10)
        for name, number in names.items()
    ]
