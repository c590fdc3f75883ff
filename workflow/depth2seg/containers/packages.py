"""The wheels of a lock, downloaded by this machine's pip for an image to install.

Downloading happens here and not in the build, so that whatever the machine's pip is set to (indexes, local folders,
proxy, certificates, credentials) holds, and none of it gets into an image.
"""

import logging
import sys
from pathlib import Path

from depth2seg.containers.build import run_logged
from depth2seg.errors import UserError

logger = logging.getLogger(__name__)

PYTHON = "3.11"  # the images'
# pip takes --platform literally, and a wheel names the oldest C library that it runs with.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(36, 4, -1)]
PLATFORMS += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]


def download_wheels(lock: Path, folder: Path) -> None:
    """Download every wheel of ``lock``, hashes checked, into ``folder``.

    Raises:
        UserError: the lock is missing, or pip could not get a file of it.
    """
    if not lock.is_file():
        raise UserError(f"the lock {lock} is missing; envs/lock.sh writes it")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}", "--abi=cp311", "--abi=abi3"]
    command += ["--abi=none", *(f"--platform={platform}" for platform in PLATFORMS)]
    command += ["--dest", str(folder), "--requirement", str(lock)]
    logger.info("downloading the packages of %s", lock.name)
    run_logged(command, what=f"downloading the packages of {lock.name}")
