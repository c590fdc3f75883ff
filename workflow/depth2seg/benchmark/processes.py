"""Processes that take training steps when they are asked to, and what becomes of those that cannot."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable

from depth2seg.errors import UserError

FAILED = "failed"  # key of an answer that says why there will be no more
LAST_WORDS = 30  # seconds that a process which has hung up is given to end


class StepProcess:
    """A process that serves steps, for as long as the ``with`` block lasts. It may have processes of its own.

    Args:
        serve: runs there, with one end of a connection and ``arguments``: it sends a dict when it is ready, and another
            after the step that it takes for every message.
        arguments: of ``serve``.
    """

    def __init__(self, serve: Callable, *arguments: object):
        processes = multiprocessing.get_context("spawn")
        self.connection, there = processes.Pipe()
        self.process = processes.Process(target=serve, args=(there, *arguments))
        self.process.start()
        there.close()  # this end belongs to the process: if it dies, reading ends with an error instead of waiting

    def __enter__(self) -> "StepProcess":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.join()
        self.connection.close()

    def answer(self) -> dict:
        """What the process says next.

        Raises:
            UserError: it has failed; with what it says of that, or how it ended.
        """
        try:
            said = self.connection.recv()
        except (EOFError, ConnectionError):
            self.process.join(LAST_WORDS)
            raise UserError(_ended(self.process.exitcode)) from None
        if FAILED in said:
            raise UserError(said[FAILED])
        return said

    def step(self) -> tuple[float, dict]:
        """Have one step taken: its seconds, and what the process says of it.

        Raises:
            UserError: see ``answer``.
        """
        begun = time.perf_counter()
        with contextlib.suppress(ConnectionError):  # then the answer tells why
            self.connection.send(True)
        said = self.answer()
        return time.perf_counter() - begun, said


def _ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed, as the system does when memory runs out"
    return f"its process ended with code {code}; what it printed says why"
