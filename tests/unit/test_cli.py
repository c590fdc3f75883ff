"""``python -m depth2seg``: its verbs, exit codes, and what it prints when something is wrong."""

import argparse
import errno
import importlib

import pytest
from depth2seg.__main__ import VERBS, main
from depth2seg.commands import cells as command
from depth2seg.errors import UserError


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert VERBS[verb] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_module_with_two_functions(verb):
    module = importlib.import_module(f"depth2seg.commands.{verb.replace('-', '_')}")
    module.add_arguments(argparse.ArgumentParser())
    assert callable(module.run)


@pytest.mark.parametrize("arguments", [[], ["tabel"], ["cells"], ["cells", "--no-such-option"]])
def test_misuse_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m depth2seg" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
@pytest.mark.parametrize("option", ["--batch", "--repeats", "--threads"])
def test_a_count_is_one_or_more(option, value, capsys):
    for verb in ("bench", "step-times"):
        with pytest.raises(SystemExit) as ended:
            main([verb, option, value])
        assert ended.value.code == 2
        assert f"argument {option}: '{value}' is not a whole number of at least 1" in capsys.readouterr().err


def test_help_lists_every_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(verb in printed for verb in VERBS)


def fail_with(error, monkeypatch):
    def run(arguments):
        raise error

    monkeypatch.setattr(command, "run", run)
    return main(["cells", "--out", "cells.csv", "metrics.json"])


def test_what_a_person_can_put_right_is_a_message_alone(monkeypatch, capsys):
    assert fail_with(UserError("a.png: truncated. Download it again"), monkeypatch) == 1
    assert capsys.readouterr().err == "depth2seg cells: a.png: truncated. Download it again\n"


def test_a_full_disk_is_said_in_one_line(monkeypatch, capsys):
    full = OSError(errno.ENOSPC, "No space left on device", "results/cells.csv")
    assert fail_with(full, monkeypatch) == 1
    assert capsys.readouterr().err == "depth2seg cells: No space left on device: results/cells.csv\n"


def test_a_bug_keeps_its_traceback(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        fail_with(ZeroDivisionError(), monkeypatch)
