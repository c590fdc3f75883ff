"""The tools that keep the code in shape, as tests: what they say is what fails."""

import re
import subprocess
import sys

import pytest
import studies

# What Snakemake's linter says of rules here on purpose.
ACCEPTED = {
    # One constant command prefix: where this checkout lies changes no result, so it shall rerun nothing.
    "Shell command directly uses variable DEPTH2SEG from outside of the rule",
    "Shell command directly uses variable ON_HOST from outside of the rule",
    # The study's results folder, from which a command finds several of its inputs; it holds its outputs too.
    "Param results is a prefix of input or output file but hardcoded",
    # Building images, and Snakemake's own report, run where Snakemake runs.
    "Specify a conda environment or container for each rule.",
}


@pytest.mark.parametrize(
    "arguments",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["snakefmt", "--check", "Snakefile", "workflow"],
    ],
    ids=" ".join,
)
def test_code_is_in_shape(arguments):
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=studies.REPO,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_no_module_is_left_out():
    run = {"cwd": studies.REPO, "stdout": subprocess.PIPE, "text": True, "check": True}
    seen = subprocess.run([sys.executable, "-m", "ruff", "check", "--show-files", "."], **run).stdout
    tracked = subprocess.run(["git", "ls-files", "*.py"], **run).stdout.splitlines()
    assert {str(studies.REPO / name) for name in tracked} <= set(seen.splitlines())


def test_snakemakes_linter_finds_nothing_new(tmp_path):
    printed = studies.snakemake(tmp_path, "--lint").stdout
    found = set(re.findall(r"^    \* (.*?):?$", printed, flags=re.MULTILINE))
    assert "Lints for" in printed or "Congratulations" in printed, printed
    assert found <= ACCEPTED, printed
