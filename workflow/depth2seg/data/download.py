"""Downloads of raw files: resumed by byte range, retried, verified before they get their name."""

import contextlib
import errno
import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from depth2seg.data.manifest import PART, RawFile, survey
from depth2seg.errors import UserError
from depth2seg.files import sha256

logger = logging.getLogger(__name__)

_BLOCK = 1 << 13  # what a broken connection costs at most
_BUSY = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long a download is tried.

    Attributes:
        attempts: tries in a row that bring nothing new, before a file is given up.
        pause: seconds before the second try; doubled each time, at most 30. A server's Retry-After counts if longer.
        timeout: seconds without a byte after which a connection counts as broken.
    """

    attempts: int = 6
    pause: float = 1.0
    timeout: float = 30.0


class _RetryError(Exception):
    """Something that passes: the next try may go on from what is there."""

    def __init__(self, reason: str, after: float = 0.0):
        super().__init__(reason)
        self.after = after


def fetch(
    root: Path, files: Sequence[RawFile], mirror: str, patience: Patience | None = None, connections: int = 6
) -> None:
    """Make ``root`` hold every file, verified: what is there is used and never written to, the rest is downloaded.

    Args:
        root: the data set's folder; made if it is missing.
        files: the manifest.
        mirror: address that a file's path is appended to.
        patience: how long to try.
        connections: files downloaded at the same time.

    Raises:
        UserError: a file is wrong, cannot be had, or cannot be written; the message names it and its address.
    """
    root = Path(root)
    state = survey(root, files)
    state.require_usable(root)
    if not state.missing:
        logger.info("%d files verified in %s", len(files), root)
        return
    _require_room(root, state.missing)
    logger.info("%d of %d files are missing in %s: downloading from %s", len(state.missing), len(files), root, mirror)
    stop = threading.Event()
    with ThreadPoolExecutor(connections) as pool:
        jobs = [
            pool.submit(_download, root / file.path, file, address(mirror, file), patience or Patience(), stop)
            for file in state.missing
        ]
        try:
            while pending := wait(jobs, timeout=10, return_when=FIRST_EXCEPTION).not_done:
                if any(job.done() and not job.cancelled() and job.exception() for job in jobs):
                    break
                logger.info("%d of %d files downloaded", len(jobs) - len(pending), len(jobs))
        finally:  # after the first failure, or Ctrl-C: the others stop at the next block and keep their parts
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    failures = [error for job in jobs if not job.cancelled() and (error := job.exception())]
    told = [error for error in failures if not isinstance(error, InterruptedError)]
    if told:
        raise told[0]
    survey(root, files, contents=False).require(root)
    logger.info("%d files verified in %s", len(files), root)


def address(mirror: str, file: RawFile) -> str:
    """The web address of a file."""
    return f"{mirror.rstrip('/')}/{quote(file.path)}"


def _require_room(root: Path, missing: Sequence[RawFile]) -> None:
    """Raise UserError unless the missing files can be written below ``root``."""
    try:
        for folder in {(root / file.path).parent for file in missing}:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, "not writable", str(folder))
    except OSError as error:
        raise UserError(
            f"{len(missing)} files are missing in {root}, the first is {missing[0].path}, and they cannot be "
            f"downloaded there: {error.filename}: {error.strerror}. Point data_root at a folder that is "
            "complete, or at one that can be written to"
        ) from error
    needed = sum(file.size for file in missing)
    free = shutil.disk_usage(root).free
    if needed > free:
        raise UserError(f"{root}: the missing files take {needed / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free")


def _download(target: Path, file: RawFile, url: str, patience: Patience, stop: threading.Event) -> None:
    """Download one file; its name appears once its checksum is right."""
    part = target.with_name(target.name + PART)
    try:
        with part.open("ab") as output:
            fcntl.flock(output, fcntl.LOCK_EX)  # two fetches in one folder: the second waits for the first
            if target.exists():
                part.unlink(missing_ok=True)
                return
            _complete(output, part, file, url, patience, stop)
            part.replace(target)
    except OSError as error:
        if isinstance(error, InterruptedError):
            raise
        raise UserError(
            f"cannot write {part}: {error.strerror or error}. What has come so far is kept; make room, then fetch again"
        ) from error


def _complete(output: BinaryIO, part: Path, file: RawFile, url: str, patience: Patience, stop: threading.Event) -> None:
    """Bring ``part`` to its full, verified contents, however many tries it takes."""
    failures, resumed = 0, output.tell() > 0
    while True:
        before = output.tell()
        try:
            if before < file.size:
                _receive(output, file, url, patience.timeout, stop)
            output.flush()
            if output.tell() == file.size and sha256(part) == file.sha256:
                return
            if not resumed:
                raise UserError(
                    f"{url} sends another file than the one this study is defined on ({file.path}, {file.size} bytes, "
                    f"sha256 {file.sha256}). Try another mirror"
                )
            _start_over(output)  # what an earlier fetch left does not belong to this file: once more from the start
            resumed = False
        except _RetryError as reason:
            output.flush()
            failures = 1 if output.tell() > before else failures + 1
            if failures >= patience.attempts:
                raise UserError(
                    f"cannot download {file.path} from {url}: {reason} ({failures} tries in a row). What has "
                    "come so far is kept: run this again, set `mirror`, or point data_root at a folder that holds the "
                    "files"
                ) from reason
            pause = max(min(patience.pause * 2 ** (failures - 1), 30.0), min(reason.after, 60.0))
            logger.info("%s: %s; next try in %.1f s", file.path, reason, pause)
            if stop.wait(pause):
                raise InterruptedError from reason


def _receive(output: BinaryIO, file: RawFile, url: str, timeout: float, stop: threading.Event) -> None:
    """Ask once for what ``output`` lacks and append what comes.

    Raises:
        _RetryError: the server is busy, or the connection broke.
        UserError: the server says no, or sends something else.
    """
    import requests  # only a download needs it

    start = output.tell()
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as answer:
            _check_status(answer.status_code, answer.headers, file, url)
            if start and not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                _start_over(output)  # the server sends the whole file, or (416) thinks the part too long
                start = 0
            if answer.status_code == 416:
                raise _RetryError("the server has no such range")
            if "html" in answer.headers.get("Content-Type", "").lower():
                raise UserError(_web_page(file, url))
            for block in answer.iter_content(_BLOCK):
                if stop.is_set():
                    raise InterruptedError
                if start == 0 and block.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
                    raise UserError(_web_page(file, url))
                start += output.write(block)
                if start > file.size:
                    _start_over(output)
                    raise UserError(f"{url} sends more than the {file.size} bytes of {file.path}. Try another mirror")
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _RetryError(f"the connection broke ({_root_cause(error)})") from error
    except requests.RequestException as error:
        raise UserError(f"cannot download {file.path} from {url}: {error}. Check `mirror`") from error
    if start < file.size:
        raise _RetryError(f"the connection ended after {start} of {file.size} bytes")


def _start_over(output: BinaryIO) -> None:
    output.seek(0)
    output.truncate()


def _check_status(status: int, headers: dict, file: RawFile, url: str) -> None:
    if status in _BUSY:
        after = 0.0
        with contextlib.suppress(ValueError):  # it may also be a date: then our own pause has to do
            after = float(headers.get("Retry-After", 0))
        raise _RetryError(f"the server answers {status}", after)
    if status not in (200, 206, 416):
        raise UserError(
            f"cannot download {file.path}: {url} answers {status}. Set `mirror` to an address that has it, or point "
            "data_root at a folder that holds the files"
        )


def _web_page(file: RawFile, url: str) -> str:
    return (
        f"{url} sends a web page instead of {file.path}: a login page of this network, or not the address of the files "
        "themselves? Log in and run this again, or set `mirror`"
    )


def _root_cause(error: BaseException) -> str:
    """The innermost reason of a chain that the HTTP library wraps several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
