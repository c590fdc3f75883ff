"""Which device a job trains on. Snakemake counts GPUs but assigns none, so jobs lease them from one another."""

import contextlib
import fcntl
import logging
import os
import re
import time
from pathlib import Path
from typing import IO

import torch

from depth2seg.containers.apptainer import NVIDIA_DRIVER, leases
from depth2seg.errors import UserError

logger = logging.getLogger(__name__)

# Oldest driver series of each major version of CUDA (CUDA Compatibility, NVIDIA: minor version compatibility).
OLDEST_DRIVER = {"12": 525, "13": 580}
_leases: list[IO] = []  # open as long as the process lives: the kernel frees the lock, even after SIGKILL


def lease_device(folder: Path | None = None, poll: float = 5.0) -> torch.device:
    """The CPU, or a GPU that no other job of this machine holds; waits until one is free.

    A scheduler's CUDA_VISIBLE_DEVICES is respected: only devices that it names are visible, and locks are named by
    the physical device.
    """
    if not torch.cuda.is_available():
        check_driver()
        return torch.device("cpu")
    names = visible_devices(torch.cuda.device_count())
    folder = folder or leases()
    waiting = False
    while True:
        for number, name in enumerate(names):
            if try_lock(folder / f"depth2seg-gpu-{name}.lock"):
                torch.cuda.set_device(number)
                return torch.device("cuda", number)
        if not waiting:
            logger.info("all %d GPUs are taken by other jobs; waiting", len(names))
            waiting = True
        time.sleep(poll)


def check_driver(cuda: str | None = torch.version.cuda, driver: Path = NVIDIA_DRIVER) -> None:
    """Say why a GPU that is there cannot be used, instead of training on the CPU without a word.

    Raises:
        UserError: the NVIDIA driver is older than this PyTorch's CUDA build wants.
    """
    if cuda is None or not driver.exists() or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return
    found = re.search(r"Kernel Module(?: for \S+)?\s+(\d+)[\d.]*", driver.read_text())
    wanted = OLDEST_DRIVER.get(cuda.split(".")[0])
    if found and wanted and int(found[1]) < wanted:
        other = "; or set cuda: cu128 in the config and run make again" if cuda.startswith("13") else ""
        raise UserError(
            f"this node's NVIDIA driver is of the {found[1]} series, and PyTorch {torch.__version__} for CUDA {cuda} "
            f"wants {wanted} or newer. Use a node with a newer driver{other}; CUDA_VISIBLE_DEVICES= trains on the CPU"
        )


def visible_devices(count: int) -> list[str]:
    """Physical names of the devices that this process may use."""
    names = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return names[:count] if names else [str(number) for number in range(count)]


def try_lock(path: Path) -> bool:
    """Take an exclusive lock for the life of this process; ``False`` if another process has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    with contextlib.suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            _leases.append(file)
            return True
    file.close()  # its holder removed it after we had opened it: this lock keeps nobody out
    return False
