"""Studies that Snakemake plans or runs in a folder of their own, so that no test touches the working tree."""

import contextlib
import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

REPO = Path(__file__).resolve().parents[1]
CONFIGS = sorted((REPO / "config").glob("*.yaml"))
SMOKE = REPO / "config" / "smoke.yaml"


class Job(NamedTuple):
    """One job of a plan: its rule and first output file, as Snakemake's summary lists them."""

    rule: str
    output: str


def environment() -> dict[str, str]:
    """This process's, with this Python's programs first and without what would configure Snakemake from outside."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SNAKEMAKE_", "PYTHONPATH"))}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONNOUSERSITE": "1"}


def command(folder: Path, *arguments: object, config: Path | list[Path] = SMOKE) -> list[str]:
    """Snakemake's command line for a study in ``folder``; targets and options follow each other in any order."""
    configs = config if isinstance(config, list) else [config]
    options = ["--snakefile", REPO / "Snakefile", "--directory", folder, "--configfile", *configs]
    return [str(part) for part in (sys.executable, "-m", "snakemake", *options, "--nocolor", *arguments)]


def snakemake(
    folder: Path, *arguments: object, config: Path | list[Path] = SMOKE, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess:
    """Run Snakemake to its end; stdout and stderr come together, as a person sees them."""
    return subprocess.run(
        command(folder, *arguments, config=config),
        env=environment() | (variables or {}),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
    )


def run(folder: Path, *targets: str, config: Path | list[Path] = SMOKE, options: list[str] | None = None) -> str:
    """Run a study, on all cores, and return what was printed; a failure is the test's failure."""
    done = snakemake(folder, "--cores", "all", *(options or []), *targets, config=config)
    assert done.returncode == 0, "\n".join(done.stdout.splitlines()[-80:])
    return done.stdout


def summary(folder: Path, *targets: str, config: Path | list[Path] = SMOKE) -> list[dict[str, str]]:
    """Snakemake's table of every output file of the jobs that lead to the targets."""
    done = subprocess.run(
        command(folder, "--summary", *targets, config=config),
        env=environment(),
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    header, *rows = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    return [dict(zip(header, row, strict=True)) for row in rows]


def outputs(folder: Path, *targets: str, config: Path | list[Path] = SMOKE) -> list[Job]:
    """Every output file that leads to the targets, with its rule, made already or not."""
    return [Job(row["rule"], row["output_file"]) for row in summary(folder, *targets, config=config)]


def pending(folder: Path, *targets: str, config: Path | list[Path] = SMOKE) -> set[Job]:
    """The output files that a run would make or make anew, with their rules."""
    rows = summary(folder, *targets, config=config)
    return {Job(row["rule"], row["output_file"]) for row in rows if row["plan"] != "no update"}


def edited(folder: Path, changes: dict[str, object], config: Path = SMOKE) -> Path:
    """A copy of a config in ``folder`` with some values replaced, given by dotted keys; None takes a key out."""
    values = copy.deepcopy(yaml.safe_load(config.read_text()))
    for key, value in changes.items():
        *path, last = key.split(".")
        block = values
        for part in path:
            block[part] = copy.deepcopy(block[part])  # YAML's anchors share blocks: change this one alone
            block = block[part]
        if value is None:
            del block[last]
        else:
            block[last] = value
    path = folder / "edited.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


@contextlib.contextmanager
def started(folder: Path, *arguments: object, config: Path = SMOKE):
    """A Snakemake in the background, in a process group of its own that is gone when the block ends."""
    with (folder / "printed.txt").open("w") as printed:
        process = subprocess.Popen(
            command(folder, *arguments, config=config),
            env=environment(),
            cwd=folder,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill_group(process)


def kill_group(process: subprocess.Popen) -> None:
    """SIGKILL for a process that ``started`` gave and for all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()
