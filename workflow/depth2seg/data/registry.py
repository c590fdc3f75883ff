"""The registry: from which publisher each part of a data set comes, as one table in the repo (``registry.csv``).

A part is one archive, one plain file, or all files of a manifest beside the table. Columns:

- ``dataset``, ``part``: the source as the config names it, and the part's name in targets and messages;
- ``file``: the archive's file name, or the manifest's; ``address``, ``mirror``: where it is, and where else; of a
  manifest, the folder that its paths begin in;
- ``size`` (bytes; of a manifest, all its files'), ``sha256``: checked where they are known, empty where not; ``published``: a rounded size as the
  publisher gives it, for plans only;
- ``folder``: what it is extracted into, below the data set's folder; ``keep``: patterns of the entries that readers
  need (all, if empty); ``makes``: the paths that are there once it is in place. Several values are separated by ``|``;
- ``needed``: whether it is taken unless the config lists ``parts``;
- ``licence``, ``citation``, ``terms``; ``source``: where the row's facts were found, if not with the publisher.
"""

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from depth2seg.data.manifest import read_manifest
from depth2seg.errors import UserError

TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class Together:
    """A published total of all ``raw`` parts of a data set, which have no published sizes of their own.

    Attributes:
        download, disk: bytes.
        source: where they are from.
        chosen_by: keys of the data set's block that take only some of the parts.
    """

    what: str
    download: float
    disk: float
    source: str
    chosen_by: tuple[str, ...]


TOGETHER = {
    "kitti": Together(
        "raw drives",
        175e9,
        175e9,
        "raw drives together about 175 GB, says the README of nianticlabs/monodepth2",
        ("parts", "drives"),
    ),
    "nyu": Together(
        "raw parts",
        428e9,
        625e9,
        "all recordings in one file about 428 GB, says the publisher's page (quoted in simonmeister/pytorch-mono-depth, "
        "issue 2); on disk 407,024 frames, as that page counts them, of 1.5 MB",
        ("parts", "raw_parts"),
    ),
}

_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9}
_COLUMNS = (
    *("dataset", "part", "file", "address", "mirror", "size", "published", "sha256", "folder", "keep", "makes"),
    *("needed", "licence", "citation", "terms", "source"),
)


@dataclass(frozen=True)
class Part:
    """One row: an archive or plain file of a data set. Unknown values are None.

    Attributes:
        size: exact, in bytes.
        published: rounded, in bytes.
        keep: patterns of entry names (``fnmatch``), all entries if there are none.
        makes: paths below the data set's folder.
        origin: who says what ``size`` and ``sha256`` are.
    """

    dataset: str
    name: str
    file: str
    address: str
    mirror: str | None
    size: int | None
    published: float | None
    sha256: str | None
    folder: str
    keep: tuple[str, ...]
    makes: tuple[str, ...]
    needed: bool
    licence: str
    citation: str
    terms: str
    source: str
    origin: str = "the registry"

    @property
    def about(self) -> float | None:
        """Bytes, exact or as published; None where neither is known."""
        return self.size or self.published


@cache
def read(table: Path = TABLE) -> tuple[Part, ...]:
    """All parts, checked, in the table's order.

    Raises:
        UserError: rows that are wrong, all in one message.
    """
    with Path(table).open(newline="") as file:
        rows = list(csv.DictReader(file))
    problems = []
    if rows and tuple(rows[0]) != _COLUMNS:
        problems.append(f"columns {', '.join(rows[0])}; expected {', '.join(_COLUMNS)}")
    else:
        for line, row in enumerate(rows, start=2):
            problems += [f"line {line}, {row['dataset']}/{row['part']}: {problem}" for problem in _problems(row)]
        for column in ("part", "file"):
            names = [(row["dataset"], row[column]) for row in rows]
            problems += [f"{'/'.join(name)} occurs twice" for name in sorted(set(names)) if names.count(name) > 1]
    if problems:
        raise UserError(f"{table}:\n" + "\n".join(f"  {problem}" for problem in problems))
    return tuple(_part(row) for row in rows)


def parts(dataset: str, chosen: Collection[str] | None = None) -> list[Part]:
    """The parts of a data set that a study takes: those that are needed, or the chosen ones.

    Raises:
        UserError: a chosen part is not in the registry.
    """
    known = {part.name: part for part in read() if part.dataset == dataset}
    unknown = [name for name in chosen or () if name not in known]
    if unknown:
        raise UserError(f"{dataset} has no {', '.join(map(repr, unknown))}; it has {', '.join(known)}")
    if chosen is not None:
        return [known[name] for name in chosen]
    return [part for part in known.values() if part.needed]


def part(dataset: str, name: str) -> Part:
    """One part by its name; UserError if there is none."""
    return parts(dataset, [name])[0]


def reissued(part: Part, digests: Mapping[str, str]) -> Part:
    """The part as the config's ``sha256`` says that it is; its size is then known for plans only."""
    if part.name not in digests:
        return part
    told = f"the config (sha256, {part.name})"
    return replace(part, size=None, published=part.about, sha256=digests[part.name], origin=told)


def is_archive(file: str) -> bool:
    """Whether a file of this name is extracted; others are put in place as they are."""
    return file.endswith((".zip", ".tar", ".tar.gz", ".tgz"))


def is_manifest(file: str) -> bool:
    """Whether a part is the files of a manifest, which are downloaded one by one."""
    return file.endswith(".csv")


def manifest(part: Part) -> Path:
    """Where the manifest of such a part is."""
    return TABLE.with_name(part.file)


def _problems(row: dict[str, str]) -> list[str]:
    paths = [path for path in [row["folder"], *row["makes"].split("|")] if path]
    wrong = {
        "a name has letters, digits, '_', '-' and '.' only": not re.fullmatch(r"[\w.-]+", row["part"] or ""),
        "file is not the name of one file": not re.fullmatch(r"[\w.-]+", row["file"] or ""),
        "address is not https": urlsplit(row["address"]).scheme != "https",
        "mirror is not https": row["mirror"] and urlsplit(row["mirror"]).scheme != "https",
        "size is not a number of bytes": row["size"] and not row["size"].isdecimal(),
        "published is not a size such as '3.5 GB'": row["published"] and _published(row["published"]) is None,
        "sha256 is not 64 hex digits": row["sha256"] and not re.fullmatch("[0-9a-f]{64}", row["sha256"]),
        "sha256 without a size": row["sha256"] and not row["size"],
        "makes is empty": not row["makes"],
        "folder or makes lead out of the data set's folder": any(
            PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts for path in paths
        ),
        "a plain file makes itself and nothing else": not (is_archive(row["file"]) or is_manifest(row["file"]))
        and row["makes"] != row["file"],
        **(_manifest_problems(row) if is_manifest(row["file"]) else {}),
        "needed is neither yes nor no": row["needed"] not in ("yes", "no"),
        "licence, citation or terms are empty": not (row["licence"] and row["citation"] and row["terms"]),
    }
    return [problem for problem, found in wrong.items() if found]


def _manifest_problems(row: dict[str, str]) -> dict[str, bool]:
    path = TABLE.with_name(row["file"])
    files = read_manifest(path) if path.is_file() else []
    return {
        f"there is no manifest {path.name} beside the table": not files,
        "the address of a manifest's files is a folder, and ends in '/'": not row["address"].endswith("/"),
        f"size is not the {sum(file.size for file in files)} bytes of the manifest's files": bool(files)
        and row["size"] != str(sum(file.size for file in files)),
        "the manifest has a sha256 for each file, the row has none": bool(row["sha256"]),
        "makes is not where the manifest's files are": any(
            not file.path.startswith(f"{row['makes']}/") for file in files
        ),
    }


def _part(row: dict[str, str]) -> Part:
    values = {column: row[column] for column in ("dataset", "file", "address", "folder")}
    described = {column: row[column] for column in ("licence", "citation", "terms", "source")}
    return Part(
        name=row["part"],
        mirror=row["mirror"] or None,
        size=int(row["size"]) if row["size"] else None,
        published=_published(row["published"]),
        sha256=row["sha256"] or None,
        keep=tuple(filter(None, row["keep"].split("|"))),
        makes=tuple(row["makes"].split("|")),
        needed=row["needed"] == "yes",
        **values,
        **described,
    )


def _published(text: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ([KMG]B)", text)
    return float(found[1]) * _UNITS[found[2]] if found else None
