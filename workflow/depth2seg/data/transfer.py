"""One file over http: resumed by byte range after a break, retried with growing pauses, verified before it is named."""

import fcntl
import itertools
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from depth2seg.data.manifest import PART
from depth2seg.data.patience import Patience, RetryError, check_status, passing_troubles, pause_after
from depth2seg.data.progress import Progress
from depth2seg.data.wanted import Wanted
from depth2seg.errors import UserError
from depth2seg.files import require_room

if TYPE_CHECKING:
    import requests

TAG = ".tag"
"""Suffix, after that of a part, of the file that says which version of a file a part belongs to."""

_BLOCK = 1 << 13  # what a broken connection costs at most
Opener = Callable[[str, dict, float], "requests.Response"]
"""Sends a GET of an address with headers and a time limit, and gives the answer before its body."""


def download(
    target: Path, wanted: Wanted, url: str, patience: Patience, stop: threading.Event, opener: Opener | None = None
) -> None:
    """Download one file; its name appears once it is complete and verified.

    Raises:
        UserError: it cannot be had, is not the wanted one, or cannot be written.
        InterruptedError: ``stop`` was set; what has come stays for the next time.
    """
    part = target.with_name(target.name + PART)
    try:
        with part.open("ab") as output:
            fcntl.flock(output, fcntl.LOCK_EX)  # two downloads in one folder: the second waits for the first
            if target.exists():
                part.unlink(missing_ok=True)
                return
            _Download(output, part, wanted, url, patience, stop, opener or plain_get).complete()
            part.replace(target)
            _tag(part).unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, InterruptedError):
            raise
        raise UserError(
            f"cannot write {part}: {error.strerror or error}. What has come so far is kept; make room, then fetch again"
        ) from error


def plain_get(url: str, headers: dict, timeout: float) -> "requests.Response":
    """The opener of addresses that are open to all."""
    import requests  # only a download needs it

    return requests.get(url, headers=headers, stream=True, timeout=timeout)


class _Download:
    """One file on its way: the open part, and what is known of the whole."""

    def __init__(self, output: BinaryIO, part: Path, wanted: Wanted, url: str, patience, stop, opener):
        self.output, self.part, self.wanted, self.url = output, part, wanted, url
        self.patience, self.stop, self.opener = patience, stop, opener
        self.total = wanted.size
        self.progress = Progress(wanted.name)

    def complete(self) -> None:
        """Bring the part to its full, verified contents, however many tries it takes."""
        failures, resumed, furthest = 0, self.output.tell() > 0, self.output.tell()
        if resumed and not self.wanted.verifiable and not _tag(self.part).exists():
            self.start_over()  # nothing would tell if this were the start of another version
            resumed = False
        while True:
            before = self.output.tell()
            try:
                if self.total is None or before < self.total:
                    self.receive()
                self.output.flush()
                if self.wanted.fits(self.part):
                    return
                if not resumed:
                    raise self.another()
                self.start_over()  # what an earlier download left does not belong to this file: once more
                resumed = False
            except RetryError as reason:
                self.output.flush()
                failures = 1 if self.output.tell() > furthest else failures + 1  # what came before is nothing new
                furthest = max(furthest, self.output.tell())
                pause_after(reason, f"{self.wanted.name} from {self.url}", failures, self.patience, self.stop)

    def receive(self) -> None:
        """Ask once for what the part lacks and append what comes; RetryError if the end is not reached."""
        start = self.output.tell()
        tag = _tag(self.part).read_text() if start and _tag(self.part).exists() else None
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        headers |= {"If-Range": tag} if tag else {}
        with passing_troubles(self.url), self.opener(self.url, headers, self.patience.timeout) as answer:
            check_status(answer, self.wanted.name, self.url)
            blocks = answer.iter_content(_BLOCK) if answer.status_code != 416 else iter(())
            first = next(blocks, b"")
            if _is_page(answer, first):  # before anything is dropped for it
                raise UserError(
                    f"{self.url} sends a web page instead of {self.wanted.name}: a login page of this network, or not "
                    "the address of the files themselves? Log in and run this again, or set `mirror`"
                )
            start = self.place(answer, start, tag)
            for block in itertools.chain([first], blocks):
                if self.stop.is_set():
                    raise InterruptedError
                start += self.output.write(block)
                self.progress.tell(start, self.total)
                if self.total is not None and start > self.total:
                    self.start_over()
                    raise UserError(
                        f"{self.url} sends more than the {self.total} bytes of {self.wanted.name} that "
                        f"{self.wanted.origin} expects. Try another mirror{self.wanted.way_out}"
                    )
        if self.total is not None and start < self.total:
            raise RetryError(f"the connection ended after {start} of {self.total} bytes")

    def place(self, answer: "requests.Response", start: int, tag: str | None) -> int:
        """Where in the file an answer's body begins; learns the whole size from its headers, if it was unknown."""
        sent = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
        whole = sent[2] if sent else answer.headers.get("Content-Length") if answer.status_code == 200 else None
        whole = int(whole) if whole and whole.isdecimal() else None
        if self.wanted.size is not None and whole not in (None, self.wanted.size):
            raise self.another(f", of {whole} bytes,")
        if answer.status_code == 416:
            if sent and sent[2] == str(start) and self.total in (None, start):
                self.total = start  # there is nothing after what is here
                return start
            self.start_over()
            raise RetryError("the server has no such range")
        version, begins = _version(answer), int(sent[1]) if sent and sent[1] else 0
        if begins != start or (start and tag and version and version != tag):
            self.start_over()  # the server sends the whole file, or the rest of another version
            if begins:
                raise RetryError("the server does not send the rest of what has come")
            start = 0
        if self.wanted.size is None:
            self.total = whole
        if self.wanted.room and self.total:
            require_room(
                self.part.parent, self.wanted.room * self.total - start, f"{self.wanted.name} with its content"
            )
        if not start and not self.wanted.verifiable and version:
            _tag(self.part).write_text(version)
        return start

    def another(self, found: str = "") -> UserError:
        """The error that what the server has is not the wanted file."""
        return UserError(
            f"{self.url} sends another file{found} than {self.wanted.origin} expects ({self.wanted}). Try another "
            f"mirror{self.wanted.way_out}"
        )

    def start_over(self) -> None:
        """Empty the part."""
        self.output.seek(0)
        self.output.truncate()
        _tag(self.part).unlink(missing_ok=True)


def _tag(part: Path) -> Path:
    return part.with_name(part.name + TAG)


def _is_page(answer: "requests.Response", first: bytes) -> bool:
    if answer.status_code == 416:
        return False
    told = "html" in answer.headers.get("Content-Type", "").lower()
    return told or (answer.status_code == 200 and first.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")))


def _version(answer: "requests.Response") -> str | None:
    """What tells one version of a file from another: a strong entity tag, else the date of its last change."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified")
