"""What may stand in a row of the registry (``registry.csv``)."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from depth2seg.data.manifest import read_manifest

_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9}
COLUMNS = (
    *("dataset", "part", "file", "address", "mirror", "size", "published", "sha256", "folder", "keep", "makes"),
    *("needed", "licence", "citation", "terms", "source"),
)


def problems(rows: list[dict[str, str]], folder: Path) -> list[str]:
    """What is wrong with the table's rows, a line each; ``folder`` has the manifests that they name."""
    found = []
    if rows and tuple(rows[0]) != COLUMNS:
        found.append(f"columns {', '.join(rows[0])}; expected {', '.join(COLUMNS)}")
    else:
        for line, row in enumerate(rows, start=2):
            found += [
                f"line {line}, {row['dataset']}/{row['part']}: {problem}" for problem in _row_problems(row, folder)
            ]
        for column in ("part", "file"):
            names = [(row["dataset"], row[column]) for row in rows]
            found += [f"{'/'.join(name)} occurs twice" for name in sorted(set(names)) if names.count(name) > 1]
    return found


def is_archive(file: str) -> bool:
    """Whether a file of this name is extracted; others are put in place as they are."""
    return file.endswith((".zip", ".tar", ".tar.gz", ".tgz"))


def is_manifest(file: str) -> bool:
    """Whether a part is the files of a manifest, which are downloaded one by one."""
    return file.endswith(".csv")


def published_bytes(text: str) -> float | None:
    """Bytes of a size such as ``3.5 GB``; None if it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ([KMG]B)", text)
    return float(found[1]) * _UNITS[found[2]] if found else None


def _row_problems(row: dict[str, str], folder: Path) -> list[str]:
    paths = [path for path in [row["folder"], *row["makes"].split("|")] if path]
    wrong = {
        "a name has letters, digits, '_', '-' and '.' only": not re.fullmatch(r"[\w.-]+", row["part"] or ""),
        "file is not the name of one file": not re.fullmatch(r"[\w.-]+", row["file"] or ""),
        "address is not https": urlsplit(row["address"]).scheme != "https",
        "mirror is not https": row["mirror"] and urlsplit(row["mirror"]).scheme != "https",
        "size is not a number of bytes": row["size"] and not row["size"].isdecimal(),
        "published is not a size such as '3.5 GB'": row["published"] and published_bytes(row["published"]) is None,
        "sha256 is not 64 hex digits": row["sha256"] and not re.fullmatch("[0-9a-f]{64}", row["sha256"]),
        "sha256 without a size": row["sha256"] and not row["size"],
        "makes is empty": not row["makes"],
        "folder or makes lead out of the data set's folder": any(
            PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts for path in paths
        ),
        "a plain file makes itself and nothing else": not (is_archive(row["file"]) or is_manifest(row["file"]))
        and row["makes"] != row["file"],
        **(_manifest_problems(row, folder) if is_manifest(row["file"]) else {}),
        "needed is neither yes nor no": row["needed"] not in ("yes", "no"),
        "licence, citation or terms are empty": not (row["licence"] and row["citation"] and row["terms"]),
    }
    return [problem for problem, found in wrong.items() if found]


def _manifest_problems(row: dict[str, str], folder: Path) -> dict[str, bool]:
    path = folder / row["file"]
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
