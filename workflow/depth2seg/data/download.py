"""Downloads of the files of a manifest, several at a time, to a folder that may hold some of them already."""

import errno
import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import quote

from depth2seg.data.manifest import RawFile, survey
from depth2seg.data.patience import Patience
from depth2seg.data.transfer import download
from depth2seg.data.wanted import Wanted
from depth2seg.errors import UserError
from depth2seg.files import require_room

logger = logging.getLogger(__name__)


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
    _require_writable(root, state.missing)
    logger.info("%d of %d files are missing in %s: downloading from %s", len(state.missing), len(files), root, mirror)
    stop = threading.Event()
    with ThreadPoolExecutor(connections) as pool:
        jobs = [
            pool.submit(download, root / file.path, _wanted(file), address(mirror, file), patience or Patience(), stop)
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


def _wanted(file: RawFile) -> Wanted:
    return Wanted(file.path, file.size, file.sha256)


def _require_writable(root: Path, missing: Sequence[RawFile]) -> None:
    """Raise UserError unless the missing files can be written below ``root``, and there is room for them."""
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
    require_room(root, sum(file.size for file in missing), "what is missing")
