"""This project's loop in a process of its own, one step at a time."""

import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from depth2seg.benchmark.configs import Shape, step_config
from depth2seg.benchmark.frames import Frames
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
        self.connection.send({"peak_memory_mb": peak_memory_mb()})
        if batch_idx + 1 < runner.max_iters:
            self.connection.recv()


def serve(connection: Connection, name: str, shape: Shape, frames: Frames, threads: int) -> None:
    """Take the steps of ``shape``, one for every message on the connection; answer with the memory held at most.

    Arguments as of ``plain.serve``. Before the first step it sends what the machine is: device, precision, PyTorch.
    """
    # mmengine prefers forking for loaders' processes, of which there are none here.
    warnings.filterwarnings("ignore", message="Multi-processing start method")
    device, precision, _ = machine_precision(threads)
    machine = {"device": str(device), "precision": precision, "torch": torch.__version__}
    config = step_config(name, shape, frames, precision)
    work = Path(frames.packed).parent / f"work-{name}-{shape.backbone}"
    train(config, work, hooks=[TurnHook(connection, machine)])
