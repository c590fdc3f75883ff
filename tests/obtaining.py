"""One drive of KITTI as a publisher on this machine serves it, and what of it should come to lie where."""

import hashlib
import random
from dataclasses import replace

from depth2seg.data import registry
from depth2seg.data.obtain import STORE
from depth2seg.data.patience import Patience
from depth2seg.data.registry import Part
from publishers import zipped

IMPATIENT = Patience(attempts=4, pause=0.01, timeout=0.3)
DRIVE = "2011_09_26/2011_09_26_drive_0001_sync"
FILES = {
    f"{DRIVE}/image_00/data/0000000000.png": b"grey" * 5000,
    f"{DRIVE}/image_02/data/0000000000.png": random.Random(0).randbytes(200_000),
    f"{DRIVE}/image_03/data/0000000000.png": random.Random(1).randbytes(200_000),
    f"{DRIVE}/oxts/data/0000000000.txt": b"49.0 8.4 112.8 " * 20,
    f"{DRIVE}/velodyne_points/data/0000000000.bin": random.Random(2).randbytes(100_000),
}
KEPT = {name: contents for name, contents in FILES.items() if "image_00" not in name}
ARCHIVE = zipped(FILES)


def drive(**changes) -> Part:
    return replace(registry.part("kitti", "2011_09_26_drive_0001"), **changes)


def known(archive=ARCHIVE, **changes) -> Part:
    return drive(size=len(archive), sha256=hashlib.sha256(archive).hexdigest(), **changes)


def in_place(root):
    """Every file but those of the store, with its contents."""
    paths = [path for path in root.rglob("*") if path.is_file() and STORE not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def stored(root):
    return sorted(path.name for path in (root / STORE).iterdir())


RIGHT = {f"raw/{name}": contents for name, contents in KEPT.items()}
