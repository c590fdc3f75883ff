"""The registry: from which publisher each part of a data set comes, as one table in the repo (``registry.csv``).

A part is one archive, one plain file, or all files of a manifest beside the table. Columns:

- ``dataset``, ``part``: the source as the config names it, and the part's name in targets and messages;
- ``file``: the archive's file name, or the manifest's; ``address``, ``mirror``: where it is, and where else; of a
  manifest, the folder that its paths begin in;
- ``size`` (bytes; of a manifest, all its files'), ``sha256``: checked where they are known, empty where not;
  ``published``: a rounded size as the publisher gives it, for plans only;
- ``folder``: what it is extracted into, below the data set's folder; ``keep``: patterns of the entries that readers
  need (all, if empty); ``makes``: the paths that are there once it is in place. Several values are separated by ``|``;
- ``needed``: whether it is taken unless the config lists ``parts``;
- ``licence``, ``citation``, ``terms``; ``source``: where the row's facts were found, if not with the publisher.
"""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from depth2seg.data import registry_rows
from depth2seg.errors import UserError

TABLE = Path(__file__).with_suffix(".csv")


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
    problems = registry_rows.problems(rows, TABLE.parent)
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


def manifest(part: Part) -> Path:
    """Where the manifest of such a part is."""
    return TABLE.with_name(part.file)


def _part(row: dict[str, str]) -> Part:
    values = {column: row[column] for column in ("dataset", "file", "address", "folder")}
    described = {column: row[column] for column in ("licence", "citation", "terms", "source")}
    return Part(
        name=row["part"],
        mirror=row["mirror"] or None,
        size=int(row["size"]) if row["size"] else None,
        published=registry_rows.published_bytes(row["published"]),
        sha256=row["sha256"] or None,
        keep=tuple(filter(None, row["keep"].split("|"))),
        makes=tuple(row["makes"].split("|")),
        needed=row["needed"] == "yes",
        **values,
        **described,
    )
