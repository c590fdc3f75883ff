"""Building an image: in a folder of its own that is gone afterwards, to a temporary name, recorded when it passed."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from depth2seg.containers.record import write_record
from depth2seg.errors import UserError

logger = logging.getLogger(__name__)

# zstd: a fresh container imports twice as fast from it as from gzip, and at level 3 it is written in a twentieth of the
# time. The small images are started by jobs that import little, and are made smaller.
COMPRESSION_LEVEL = {"train": 3}
SMALL_LEVEL = 15
BUILD = ("apptainer", "build", "--fakeroot")
# What building takes: wheels, unpacked tree and image lie there together (train: 3.4, 6.0 and 3.5 GB), a fifth on top.
NEEDED_GB = {"base": 1.0, "analysis": 3.0, "train": 16.0}
FOR_JOBS = ("APPTAINER_BIND", "APPTAINER_CONTAINALL", "APPTAINER_NV", "APPTAINER_NO_PRIVS")
JANITOR = Path(__file__).with_name("janitor.py")


def check_disk(folder: Path, name: str) -> None:
    """Raise UserError if the disk that ``folder`` will lie on has less room than building the image takes."""
    free = shutil.disk_usage(next(p for p in [folder, *folder.absolute().parents] if p.exists())).free / 1e9
    if free < NEEDED_GB[name]:
        raise UserError(
            f"building {name}.sif takes {NEEDED_GB[name]:.0f} GB in {folder}, where {free:.1f} GB are free. Make room "
            "there, or run in a folder on a larger disk (snakemake --directory)"
        )


@contextlib.contextmanager
def build_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder for the build that is removed at its end, even if this process is killed: a second one watches it."""
    parent.mkdir(parents=True, exist_ok=True)
    for stray in parent.glob(f".build-{name}-*"):  # of a machine that went down: Snakemake's lock excludes a live one
        remove(stray)
    folder = (parent / f".build-{name}-{uuid.uuid4().hex[:8]}").absolute()
    folder.mkdir()
    janitor = subprocess.Popen([sys.executable, "-I", JANITOR, folder], stdin=subprocess.PIPE, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield folder
    finally:
        janitor.stdin.close()  # what it waits for, whether this process ends well or is killed
        janitor.wait()


def remove(folder: Path) -> None:
    """Remove a build folder, also where files in it belong to this user's subordinate ids."""
    subprocess.run([sys.executable, "-I", JANITOR, folder], stdin=subprocess.DEVNULL, check=True)


def run_logged(command: list[str], environment: dict[str, str] | None = None, what: str = "") -> None:
    """Run a command, its output going where this one's goes.

    Raises:
        UserError: the command failed; its own words stand above.
    """
    # What Snakemake's jobs are given in containers (see ``apptainer.job_environment``) is not for a build.
    kept = {name: value for name, value in os.environ.items() if name not in FOR_JOBS}
    done = subprocess.run(command, env=kept | (environment or {}), stderr=subprocess.STDOUT)
    if done.returncode:
        raise UserError(f"{what or command[0]} failed (exit code {done.returncode}); the reason stands above")


def build(definition: Path, arguments: dict[str, str], binds: list[str], folder: Path, out: Path) -> None:
    """Build ``definition`` in ``folder`` as ``out``, with its record beside it; nothing is left if its test fails.

    Raises:
        UserError: the build or its test failed.
    """
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()] + [f"--bind={b}" for b in binds]
    _apptainer_build([*options], definition, folder, out)


def build_base(tree: Path, folder: Path, out: Path) -> None:
    """Build the tar archive of a root file system as the image ``out``; every file in it becomes root's.

    Raises:
        UserError: the build failed.
    """
    unpacked = folder / "tree"
    unpacked.mkdir()
    run_logged(["tar", "--extract", "--no-same-owner", f"--directory={unpacked}", f"--file={tree}"])
    _apptainer_build([], unpacked, folder, out)


def _apptainer_build(options: list[str], source: Path, folder: Path, out: Path) -> None:
    """Build under fakeroot, for root too: in a sandbox, root often lacks capabilities that a build as root asks for."""
    built, temporary = folder / out.name, folder / "tmp"
    temporary.mkdir()
    command = [*BUILD, *compression(out.stem), *options, str(built), str(source)]
    run_logged(command, {"APPTAINER_TMPDIR": f"{temporary}/"}, f"building {out.name}")
    write_record(built, labels(built), out)
    built.replace(out)
    logger.info("built %s, %.0f MB", out, out.stat().st_size / 1e6)


def compression(name: str) -> list[str]:
    """The options of ``apptainer build`` that choose an image's compression."""
    return ["--mksquashfs-args", f"-comp zstd -Xcompression-level {COMPRESSION_LEVEL.get(name, SMALL_LEVEL)}"]


def labels(image: Path) -> dict[str, str]:
    """The labels of an image file, read by the Python client of Apptainer."""
    from spython.main import Client  # prints as it is imported, so only where it is used

    return Client.inspect(str(image))["attributes"]["labels"]
