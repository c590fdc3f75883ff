"""Tries of what may fail for a while: which troubles pass, how long to wait, and when to give up."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from depth2seg.errors import UserError

if TYPE_CHECKING:
    import requests

logger = logging.getLogger(__name__)

ELSEWHERE = "set `mirror`, or point `archives` or data_root at a folder that holds the files"

_BUSY = {408, 425, 429, 500, 502, 503, 504}

Result = TypeVar("Result")


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

    def before(self, failures: int, asked: float) -> float:
        """Seconds to wait after so many failures in a row, when the server asked for some."""
        return max(min(self.pause * 2 ** (failures - 1), 30.0), min(asked, 60.0))


class RetryError(Exception):
    """Something that passes: the next try may go on from what is there. ``after``: seconds the server asked for."""

    def __init__(self, reason: str, after: float = 0.0):
        super().__init__(reason)
        self.after = after


def patiently(action: Callable[[], Result], name: str, patience: Patience, stop: threading.Event) -> Result:
    """Do what may raise RetryError until it is done; UserError once patience has run out."""
    failures = 0
    while True:
        try:
            return action()
        except RetryError as reason:
            failures += 1
            pause_after(reason, name, failures, patience, stop)


def pause_after(reason: RetryError, name: str, failures: int, patience: Patience, stop: threading.Event) -> None:
    """Wait before the next try.

    Raises:
        UserError: there have been as many failures in a row as patience allows.
        InterruptedError: ``stop`` was set meanwhile.
    """
    if failures >= patience.attempts:
        raise UserError(
            f"cannot download {name}: {reason} ({failures} tries in a row). What has come so far is kept: run this "
            f"again, {ELSEWHERE}"
        ) from reason
    pause = patience.before(failures, reason.after)
    logger.info("%s: %s; next try in %.1f s", name, reason, pause)
    if stop.wait(pause):
        raise InterruptedError from reason


@contextlib.contextmanager
def passing_troubles(url: str) -> Iterator[None]:
    """Turn what the HTTP library raises into RetryError, or into UserError where no retry can help."""
    import requests

    try:
        yield
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise RetryError(f"the connection broke ({_root_cause(error)})") from error
    except requests.RequestException as error:
        raise UserError(f"cannot download {url}: {error}. Check `mirror`") from error


def check_status(answer: "requests.Response", name: str, url: str, good: tuple[int, ...] = (200, 206, 416)) -> None:
    """Raise RetryError for a busy server, UserError for one that says no."""
    if answer.status_code in _BUSY:
        after = 0.0
        with contextlib.suppress(ValueError):  # it may also be a date: then our own pause has to do
            after = float(answer.headers.get("Retry-After", 0))
        raise RetryError(f"the server answers {answer.status_code}", after)
    if answer.status_code not in good:
        raise UserError(
            f"cannot download {name}: {url} answers {answer.status_code}. Is the address still right? If not, "
            f"{ELSEWHERE}"
        )


def _root_cause(error: BaseException) -> str:
    """The innermost reason of a chain that the HTTP library wraps several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
