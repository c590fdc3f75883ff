"""Extraction of archives that come from elsewhere: plain files and folders only, below one folder only, within limits.

Zip and tar are read by Python's own modules. What is refused is refused before anything is written, and all of it is
named. Entries are written as streams, with permissions of our own. That is stricter than tarfile's filter "data", which
lets links within the folder pass, and which Debian 12's Python 3.11.2 does not have.
"""

import gzip
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from depth2seg.errors import UserError
from depth2seg.files import require_room

EXPANSION = 100
"""How many times its own size an archive may come to: images and scans hardly shrink, text shrinks to a tenth."""

_ALWAYS = 10 << 20  # bytes that any archive may come to, however small it is
_BLOCK = 1 << 20
_SHOWN = 5  # entries named of each kind of trouble
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive, of either format; ``kind``: "" for a file or folder, else what it is instead."""

    name: str
    size: int
    folder: bool
    kind: str
    info: zipfile.ZipInfo | tarfile.TarInfo


@dataclass(frozen=True)
class Extracted:
    """What an extraction wrote."""

    files: int
    bytes: int


class DamagedError(UserError):
    """The archive itself is broken: to obtain it anew may help."""


def extract(archive: Path, folder: Path, keep: Sequence[str] = ()) -> Extracted:
    """Write an archive's files below a folder, which should be empty.

    Args:
        archive: a zip or tar archive (compressed by gzip or not).
        folder: made if it is missing.
        keep: patterns of the entries to write (``fnmatch`` on the whole name); all, if there are none.

    Raises:
        UserError: the archive has entries that lead elsewhere or are no plain files, comes to too many bytes, or does
            not fit the disk. Nothing is written then.
        DamagedError: it cannot be read to its end. What was written before is of no use then.
    """
    archive, folder = Path(archive), Path(folder)
    try:
        with _opened(archive) as entries:
            listed = list(entries)
        _require_harmless(archive, listed)
        wanted = {entry.name for entry in listed if not entry.folder and _kept(entry.name, keep)}
        size = sum(entry.size for entry in listed if entry.name in wanted)
        del listed  # a set of 150,000 images has as many
        folder.mkdir(parents=True, exist_ok=True)
        require_room(folder, size, f"the content of {archive.name}")
        with _opened(archive) as entries:
            for entry in entries:
                if entry.name in wanted:
                    with entries.open(entry) as source:
                        _write(source, folder / entry.name, entry, archive)
    except _BROKEN as error:
        raise DamagedError(f"{archive} is damaged ({type(error).__name__}: {error})") from error
    return Extracted(len(wanted), size)


class _Zip:
    def __init__(self, file: BinaryIO):
        self.zip = zipfile.ZipFile(file)

    def __iter__(self) -> Iterator[Entry]:
        for info in self.zip.infolist():
            mode = info.external_attr >> 16
            kind = "" if stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR) else _zip_kind(mode)
            yield Entry(info.filename, info.file_size, info.is_dir(), "encrypted" if info.flag_bits & 1 else kind, info)

    def open(self, entry: Entry) -> BinaryIO:
        return self.zip.open(entry.info)


class _Tar:
    def __init__(self, file: BinaryIO, limit: int):
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self.stream = _Limited(gzip.open(file) if packed else file, limit)  # noqa: SIM115
        self.tar = tarfile.open(fileobj=self.stream, mode="r|")  # noqa: SIM115

    def __iter__(self) -> Iterator[Entry]:
        for info in self.tar:
            yield Entry(
                info.name, info.size, info.isdir(), "" if info.isreg() or info.isdir() else _tar_kind(info), info
            )
        while self.stream.read(_BLOCK):  # to its checksum, which comes after the last entry
            pass

    def open(self, entry: Entry) -> BinaryIO:
        return self.tar.extractfile(entry.info)


class _Limited:
    """A stream that ends with an error where an archive has come to more than it may, read or skipped."""

    def __init__(self, stream: BinaryIO, limit: int):
        self.stream, self.left = stream, limit

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise UserError("it unpacks to more than it may")
        return block


@contextmanager
def _opened(archive: Path) -> Iterator["_Zip | _Tar"]:
    with archive.open("rb") as file:
        if archive.name.endswith(".zip"):
            yield _Zip(file)
            return
        try:
            yield _Tar(file, _limit(archive) + (64 << 20))  # headers and padding
        except UserError as error:
            raise UserError(f"{archive}: refused: {error}") from error


def _require_harmless(archive: Path, entries: Sequence[Entry]) -> None:
    """Raise one UserError that names all that is not as it should be."""
    outside = [entry.name for entry in entries if _leads_outside(entry)]
    problems = [_told(outside, "would be written outside the folder")] if outside else []
    for kind in sorted({entry.kind for entry in entries} - {""}):
        problems.append(_told([entry.name for entry in entries if entry.kind == kind], f"{kind}"))
    files = Counter(PurePosixPath(entry.name) for entry in entries if not entry.folder)
    twice = [str(path) for path, count in files.items() if count > 1 or any(above in files for above in path.parents)]
    problems += [_told(twice, "there more than once, or below a file")] if twice else []
    size = sum(entry.size for entry in entries)
    if size > _limit(archive):
        problems.append(
            f"{archive.stat().st_size} bytes would unpack to {size}, more than {EXPANSION} times as much: "
            f"{max(entries, key=lambda entry: entry.size).name} alone to {max(entry.size for entry in entries)}"
        )
    if problems:
        raise UserError(
            f"{archive}: refused, nothing was written: {'; '.join(problems)}. This is not the archive of the publisher"
        )


def _limit(archive: Path) -> int:
    return max(_ALWAYS, EXPANSION * archive.stat().st_size)


def _leads_outside(entry: Entry) -> bool:
    name, path = entry.name, PurePosixPath(entry.name)
    elsewhere = path.is_absolute() or ".." in path.parts or "\\" in name or name[1:2] == ":"
    return elsewhere or not (path.parts or entry.folder)


def _kept(name: str, keep: Sequence[str]) -> bool:
    return not keep or any(fnmatchcase(name, pattern) for pattern in keep)


def _told(names: list[str], what: str) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
    return f"{len(names)} {'entry' if len(names) == 1 else 'entries'} ({shown}): {what}"


def _zip_kind(mode: int) -> str:
    return "a symbolic link" if stat.S_ISLNK(mode) else "a device or another special file"


def _tar_kind(info: tarfile.TarInfo) -> str:
    if info.issym():
        return "a symbolic link"
    return "a hard link" if info.islnk() else "a device or another special file"


def _write(source: BinaryIO, path: Path, entry: Entry, archive: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as output:
        shutil.copyfileobj(source, output, _BLOCK)  # zip: no more than the declared size, and its checksum
        if output.tell() != entry.size:
            raise DamagedError(f"{archive} is damaged: {entry.name} has {output.tell()} of {entry.size} bytes")
