"""The Makefile on a bare machine: .venv is made from the lock, and only a finished one counts."""

import os
import shutil
import subprocess
import sys

import pytest
import studies

EMPTY = "# nothing\n"


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile and a lock that installs nothing."""
    shutil.copy(studies.REPO / "Makefile", tmp_path)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "venv.txt").write_text(EMPTY)
    return tmp_path


def make(folder, *arguments, python=sys.executable):
    # What an outer make hands on is not for this one.
    kept = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments, f"PYTHON={python}"],
        cwd=folder,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def program(folder, text):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def ready(folder):
    return [path.name for path in folder.glob(".venv/ready-*")]


def test_help_lists_the_commands(checkout):
    printed = make(checkout).stdout
    assert printed == make(checkout, "help").stdout
    for command in ("results", "plan", "test", "bench", "lock"):
        assert f"\n  {command} " in printed
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 1", "older than Python 3.11"),
        ('case "$*" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
    ],
    ids=["too old", "no venv"],
)
def test_a_python_that_will_not_do_is_refused(checkout, text, said):
    done = make(checkout, "test", python=program(checkout, text))
    assert done.returncode != 0
    assert said in done.stdout
    assert "make test PYTHON=" in done.stdout
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_refused(checkout):
    done = make(checkout, "test", python="/nowhere/python3")
    assert done.returncode != 0
    assert "/nowhere/python3" in done.stdout
    assert "is missing or older" in done.stdout


def test_a_failed_installation_is_begun_again_and_another_lock_asks_for_another(checkout):
    lock = checkout / "envs" / "venv.txt"
    lock.write_text("snakemake==9.27.1\n")  # without a hash: pip refuses before it looks anywhere
    broken = make(checkout, "test")
    assert broken.returncode != 0
    assert not ready(checkout)

    lock.write_text(EMPTY)
    make(checkout, "test")  # there is no pytest in this .venv; only its making matters here
    assert len(ready(checkout)) == 1
    (checkout / ".venv" / "left-over").touch()
    make(checkout, "test")
    assert (checkout / ".venv" / "left-over").exists()

    before = ready(checkout)
    lock.write_text("# another\n")
    make(checkout, "test")
    assert len(ready(checkout)) == 1
    assert ready(checkout) != before
    assert not (checkout / ".venv" / "left-over").exists()
