"""This project's loop in a process of its own, one step at a time."""

import platform
import re
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from depth2seg.benchmark.processes import FAILED
from depth2seg.errors import UserError
from depth2seg.training.provenance import peak_memory_mb
from depth2seg.training.runner import machine_precision, train


class TurnHook(Hook):
    """Waits before each step until it is asked for, and tells when it is done."""

    priority = "LOWEST"

    def __init__(self, connection: Connection, machine: dict):
        self.connection, self.machine = connection, machine

    def before_train(self, runner: Runner) -> None:
        """Say that everything is there, and wait for the first step."""
        self.connection.send(self.machine)
        self.connection.recv()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Tell what this step took, and wait for the next, if there is one."""
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()  # a GPU is still at work when the loop goes on
        self.connection.send({"peak_memory_mb": peak_memory_mb()})
        if batch_idx + 1 < runner.max_iters:
            self.connection.recv()


def serve(connection: Connection, configure: Callable[[str, int], Config], work: Path, threads: int) -> None:
    """Take the steps of a config, one for every message on the connection; answer with the memory held at most.

    Before the first step it sends what the machine is: ``device``, its ``name``, ``cores`` (0 for a GPU),
    ``precision``, ``torch``. Where memory runs out or settings do not fit, it says so under ``failed`` and ends.

    Args:
        connection: the other end belongs to the measuring process.
        configure: from precision and number of loader processes to the config.
        work: folder for what training writes.
        threads: of the CPU.
    """
    # mmengine prefers forking for loaders' processes, of which there are none on a CPU.
    warnings.filterwarnings("ignore", message="Multi-processing start method")
    try:
        device, precision, workers = machine_precision(threads)
        machine = {"device": str(device), "precision": precision, "torch": torch.__version__}
        machine |= {"name": device_name(device, threads), "cores": threads if device.type == "cpu" else 0}
        train(configure(precision, workers), work, hooks=[TurnHook(connection, machine)])
    except (UserError, MemoryError, torch.OutOfMemoryError) as error:
        connection.send({FAILED: _first_line(error)})
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # what PyTorch says when the CPU's memory is out
            raise
        connection.send({FAILED: _first_line(error)})


def device_name(device: torch.device, threads: int) -> str:
    """What a table of step times calls a device."""
    return cpu_name(threads) if device.type == "cpu" else torch.cuda.get_device_name(device)


def cpu_name(threads: int, described: Path = Path("/proc/cpuinfo")) -> str:
    """Number of cores and the processor's name, as far as the system tells."""
    found = re.search(r"^model name\s*:\s*(.+)$", described.read_text(), re.MULTILINE) if described.exists() else None
    name = " ".join(found[1].split()) if found else platform.processor() or platform.machine()
    return f"{threads} core{'s' if threads > 1 else ''}, {name}"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
