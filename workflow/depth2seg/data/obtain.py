"""One part of a published data set, from its publisher or a person's own archives to its place in the data folder.

What is in place is used as it is. What is missing is downloaded (or read from the folder that the config names as
``archives``), verified, extracted beside its place, and moved there by renaming, so that a path that readers look for
is never half there. Checksums that nobody published are recorded at the first use, in ``.downloads/{part}.json`` of the
data set's folder, and hold from then on.
"""

import json
import logging
import shutil
import threading
from pathlib import Path

from depth2seg.data import cityscapes_account
from depth2seg.data.archives import DamagedError, Extracted, extract
from depth2seg.data.patience import Patience
from depth2seg.data.placing import alone, settle
from depth2seg.data.registry import Part
from depth2seg.data.registry_rows import is_archive
from depth2seg.data.transfer import download
from depth2seg.data.wanted import Wanted
from depth2seg.errors import UserError
from depth2seg.files import atomic_path, sha256, write_json

logger = logging.getLogger(__name__)

STORE = ".downloads"
"""Folder, in the data set's, of archives on their way and of what is recorded of those that were used."""

_REISSUED = "if the publisher has re-issued it, give the new digest in the data set's block, `sha256: {{{}: ...}}`"

PATIENCE = Patience(attempts=15)
"""Archives of gigabytes come overnight: a network may be away for some minutes."""


def obtain(
    part: Part, root: Path, mirror: str | None = None, archives: Path | None = None, patience: Patience | None = None
) -> dict:
    """Make a part be in place below the data set's folder.

    Args:
        part: its row of the registry.
        root: the data set's folder; made if it is missing.
        mirror: address that the archive's name is appended to, instead of the registry's; Cityscapes: another portal.
        archives: a folder with archives that a person has. They are verified, and never written to or removed.
        patience: how long to try.

    Returns:
        What is in place: the same, whether it came now or was there: ``dataset, part, makes``, and ``size, sha256,
        files, bytes`` of the archive and its content, None where a person brought the files and not the archive.

    Raises:
        UserError: it cannot be had, is not the archive that is known, is not harmless, or lacks what readers need.
    """
    root = Path(root)
    if not _in_place(part, root):
        (root / STORE).mkdir(parents=True, exist_ok=True)
        with alone(root / STORE / f"{part.name}.lock"):
            if not _in_place(part, root):  # another process may just have been at it
                _bring(part, root, mirror, archives, patience or PATIENCE)
    record = _record(part, root)
    if part.sha256 is not None and record.get("sha256", part.sha256) != part.sha256:
        raise UserError(
            f"{root}: {part.name} is of a file with sha256 {record['sha256']}, {part.origin} expects {part.sha256}. To "
            f"have it obtained anew, remove {', '.join(part.makes)} there and {_record_file(part, root)}; "
            f"{_REISSUED.format(part.name)}"
        )
    if record:
        (root / STORE / part.file).unlink(missing_ok=True)  # left there if the process died before
    described = {key: record.get(key) for key in ("size", "sha256", "files", "bytes")}
    return {"dataset": part.dataset, "part": part.name, "makes": list(part.makes)} | described


def _in_place(part: Part, root: Path) -> bool:
    return all((root / path).exists() for path in part.makes)


def _bring(part: Part, root: Path, mirror: str | None, archives: Path | None, patience: Patience) -> None:
    own = root / STORE / part.file
    record, brought = _record(part, root), _brought(part, archives)
    if brought:
        logger.info("%s: using %s", part.name, brought)
        _require_known(brought, _wanted(part, root))
    else:
        _download(part, own, _wanted(part, root), mirror, patience)
    archive = brought or own
    facts = {"file": part.file, "size": archive.stat().st_size}
    facts["sha256"] = part.sha256 or record.get("sha256") or sha256(archive)
    if not is_archive(part.file):
        write_json(_record_file(part, root), facts | {"files": 1, "bytes": facts["size"]})
        if brought:
            with atomic_path(root / part.file) as temporary:
                shutil.copyfile(brought, temporary)
        else:
            own.replace(root / part.file)
        return
    partial = root / STORE / f"{part.name}.unpacking"
    shutil.rmtree(partial, ignore_errors=True)  # an interrupted extraction is begun anew
    try:
        content = _extract(part, archive, partial, root, brought is None)
        write_json(_record_file(part, root), facts | {"files": content.files, "bytes": content.bytes})
        kept = settle(partial, root / part.folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    logger.info(
        "%s: %d files in place, %d of which were there before and stay as they were", part.name, content.files, kept
    )


def _wanted(part: Part, root: Path) -> Wanted:
    record = _record(part, root)
    known = part.sha256 is not None or not record
    return Wanted(
        part.file,
        part.size if known else record.get("size"),
        part.sha256 or record.get("sha256"),
        origin=part.origin if known else "the record of its first use",
        otherwise=_REISSUED.format(part.name)
        if known
        else f"if there is a new version, remove {_record_file(part, root)}",
        room=2 if is_archive(part.file) else 1,
    )


def _brought(part: Part, archives: Path | None) -> Path | None:
    """The archive in the folder that a person named, or in a folder of it; None if it is not there."""
    if archives is None:
        return None
    if not Path(archives).is_dir():
        raise UserError(f"archives: there is no folder {archives}. Name one that holds the archives, or leave it out")
    found = [path for path in (Path(archives) / part.file, *Path(archives).glob(f"*/{part.file}")) if path.is_file()]
    return found[0] if found else None


def _require_known(archive: Path, wanted: Wanted) -> None:
    if not wanted.fits(archive):
        raise UserError(
            f"{archive} is another file than {wanted.origin} expects ({wanted}): it has {archive.stat().st_size} "
            f"bytes. Is it complete? Replace it, or take it out of there to have it downloaded{wanted.way_out}"
        )


def _download(part: Part, target: Path, wanted: Wanted, mirror: str | None, patience: Patience) -> None:
    logger.info("%s: %s; terms: %s; please cite %s", part.file, part.licence, part.terms, part.citation)
    stop = threading.Event()  # Ctrl-C ends the process; what has come stays
    if part.dataset == "cityscapes":
        account = cityscapes_account.Account(mirror or part.address, patience, stop)
        wanted, url = account.package(wanted)
        download(target, wanted, url, patience, stop, account.get)
        return
    addresses = [f"{mirror.rstrip('/')}/{part.file}"] if mirror else [part.address, *filter(None, [part.mirror])]
    for address in addresses:
        logger.info("%s: downloading %s", part.name, address)
        try:
            download(target, wanted, address, patience, stop)
            return
        except UserError as error:
            if address == addresses[-1]:
                raise
            logger.info("%s; trying the mirror", error)


def _extract(part: Part, archive: Path, partial: Path, root: Path, ours: bool) -> Extracted:
    """Extract into ``partial``; UserError if readers would miss something. Our own copy of a bad archive goes."""
    logger.info("%s: extracting", part.name)
    try:
        content = extract(archive, partial, part.keep)
        missing = [
            path
            for path in part.makes
            if not (partial / Path(path).relative_to(part.folder or ".")).exists() and not (root / path).exists()
        ]
        if missing:
            raise UserError(f"{archive} lacks what makes {', '.join(missing)}: it is not the archive of the publisher")
    except UserError as error:
        if not ours:
            raise
        archive.unlink()
        again = "run this again" if isinstance(error, DamagedError) else "try another mirror"
        raise UserError(f"{error}. It was removed: {again}") from error
    return content


def _record_file(part: Part, root: Path) -> Path:
    return root / STORE / f"{part.name}.json"


def _record(part: Part, root: Path) -> dict:
    path = _record_file(part, root)
    return json.loads(path.read_text()) if path.is_file() else {}
