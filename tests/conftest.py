"""What tests of several folders share: one finished smoke study."""

import time
from pathlib import Path
from typing import NamedTuple

import pytest
import studies


class Finished(NamedTuple):
    """A study that has run: the folder it ran in, its results, what was printed, the seconds it took."""

    folder: Path
    results: Path
    printed: str
    seconds: float


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The smoke study, run once from nothing. Tests read it, and change nothing in it."""
    folder = tmp_path_factory.mktemp("smoke")
    begun = time.monotonic()
    printed = studies.run(folder)
    return Finished(folder, folder / "results" / "smoke", printed, time.monotonic() - begun)
