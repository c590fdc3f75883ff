"""Manifests of raw files (path, size, sha256), and what a folder looks like beside one."""

import csv
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from depth2seg.errors import UserError
from depth2seg.files import sha256

PART = ".part"
"""Suffix of files whose download is not complete."""

_SHOWN = 3  # names shown of each kind of trouble: enough to see a pattern


@dataclass(frozen=True)
class RawFile:
    """One file of a data set.

    Attributes:
        path: relative to the data set's folder, with forward slashes.
        size: bytes.
        sha256: hex digest of the contents.
    """

    path: str
    size: int
    sha256: str


def read_manifest(path: Path) -> list[RawFile]:
    """Read a manifest in the repo: CSV with the columns path, size, sha256."""
    with Path(path).open(newline="") as file:
        return [RawFile(row["path"], int(row["size"]), row["sha256"]) for row in csv.DictReader(file)]


def verified_manifest(source: str, files: Sequence[RawFile]) -> dict:
    """What is written once all files are verified: it changes exactly when a file of the data set does."""
    listed = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in files]
    digest = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
    return {"source": source, "sha256": digest, "files": listed}


@dataclass
class Survey:
    """How a folder compares with a manifest: every file of it is in one of the four lists."""

    good: list[RawFile] = field(default_factory=list)
    missing: list[RawFile] = field(default_factory=list)
    cut: list[RawFile] = field(default_factory=list)
    different: list[RawFile] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of files in the manifest."""
        return len(self.good) + len(self.missing) + len(self.cut) + len(self.different)

    def require(self, root: Path) -> None:
        """Raise UserError, with all that is wrong in one message, unless every file is there and right."""
        self.require_usable(root)
        if self.missing:
            state = "is half there" if self.good else "holds none of the data set's files"
            raise UserError(
                f"data folder {root} {state}: {_some(self.missing, self.total, 'missing')}. Complete it with "
                "`python -m depth2seg fetch`, or point data_root at a folder that is complete"
            )

    def require_usable(self, root: Path) -> None:
        """Raise UserError where missing files may not simply be added: wrong files, or another data set's.

        Files that are there are never overwritten: a person may want to keep them.
        """
        wrong = len(self.cut) + len(self.different)
        if not self.good and wrong:
            raise UserError(
                f"data folder {root} holds another data set, or another version of this one: {self._wrong()}, and not "
                "one file is as it should be. Point data_root elsewhere"
            )
        if wrong:
            missing = f"; {_some(self.missing, self.total, 'missing')}" if self.missing else ""
            raise UserError(
                f"data folder {root}: {self._wrong()}{missing}. Remove the files that are wrong, then "
                "`python -m depth2seg fetch` obtains them anew"
            )
        if not self.good and (stranger := _foreign_image(root)):
            raise UserError(
                f"data folder {root} holds another data set: none of the {self.total} expected files "
                f"(such as {self.missing[0].path}) but {stranger.relative_to(root)}. Point data_root elsewhere"
            )

    def _wrong(self) -> str:
        kinds = {"truncated": self.cut, "different in contents": self.different}
        return "; ".join(_some(files, self.total, kind) for kind, files in kinds.items() if files)


def survey(root: Path, files: Sequence[RawFile], contents: bool = True) -> Survey:
    """Compare a folder with a manifest.

    Args:
        root: the data set's folder; may be missing.
        files: the manifest.
        contents: compare checksums; without, only presence and size (a look that costs next to nothing).
    """
    result = Survey()
    with ThreadPoolExecutor(4) as pool:  # hashing releases the GIL
        for file, kind in zip(files, pool.map(lambda file: _compare(root, file, contents), files), strict=True):
            getattr(result, kind).append(file)
    return result


def _compare(root: Path, file: RawFile, contents: bool) -> str:
    path = Path(root) / file.path
    if not path.is_file():
        return "missing"
    size = path.stat().st_size
    if size < file.size:
        return "cut"
    if size > file.size or (contents and sha256(path) != file.sha256):
        return "different"
    return "good"


def _some(files: Sequence[RawFile], total: int, what: str) -> str:
    """For example: 2 of 654 files are missing (a.png, b.png)."""
    names = ", ".join(file.path for file in files[:_SHOWN]) + (", ..." if len(files) > _SHOWN else "")
    return f"{len(files)} of {total} files {'is' if len(files) == 1 else 'are'} {what} ({names})"


def _foreign_image(root: Path) -> Path | None:
    """An image somewhere in a folder that holds none of the data set's files."""
    images = {".png", ".jpg", ".jpeg", ".ppm", ".tif", ".tiff"}
    return next((path for path in Path(root).rglob("*") if path.suffix.lower() in images), None)
