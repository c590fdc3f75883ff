"""Training a config with mmengine's Runner, and the work folder in which an interrupted run waits."""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from depth2seg.files import atomic_path
from depth2seg.training.device import lease_device, try_lock
from depth2seg.training.loop import HistoryHook, StateHook
from depth2seg.training.memory import keep_freed_memory
from depth2seg.training.precision import bfloat16_available

logger = logging.getLogger(__name__)


class StudyRunner(Runner):
    """mmengine's Runner without what takes seconds of every start and is not used here."""

    def _log_env(self, env_cfg: dict) -> None:
        """Say nothing of compilers and drivers: metrics.json has what matters."""

    def build_visualizer(self, visualizer: object = None) -> None:
        """Draw nothing: mmengine's visualizer imports Matplotlib."""


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Puts convolution weights into channels-last order before anything else happens to them."""

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Convert the model."""
        runner.model.to(memory_format=torch.channels_last)


class InitialWeightsHook(Hook):
    """Replaces fresh weights by handed-on ones, before a saved state may replace both."""

    priority = "HIGH"

    def __init__(self, load: object):
        self.load = load

    def before_train(self, runner: Runner) -> None:
        """Load."""
        self.load(runner.model)


def machine_precision(threads: int) -> tuple[torch.device, str, int]:
    """Set the thread count, lease a device: the device, the precision that suits it, loader processes.

    Args:
        threads: of the CPU, for computing on it or for feeding a GPU.
    """
    torch.set_num_threads(threads)
    device = lease_device()
    if device.type == "cpu":
        keep_freed_memory()
    precision = "bfloat16" if bfloat16_available(device) else "float32"
    return device, precision, 0 if device.type == "cpu" else max(threads - 1, 0)


def train(
    config: Config, work: Path, load: object = None, hooks: list[Hook] | tuple[Hook, ...] = ()
) -> tuple[torch.nn.Module, list[list[float]]]:
    """Train to the last iteration, from a saved state if there is one.

    Args:
        config: see ``training.config``.
        work: the run's work folder.
        load: called with the model before training, to put handed-on weights in.
        hooks: further hooks.

    Returns:
        The model, and its history: rows of iteration, loss, learning rate, seconds.
    """
    history = HistoryHook(config.run_name)
    hooks = [ChannelsLastHook(), history, StateHook(str(work / "state.pth")), *hooks]
    if load is not None:
        hooks.append(InitialWeightsHook(load))
    runner = StudyRunner(
        model=config.model,
        work_dir=str(work / "mmengine"),
        train_dataloader=config.train_dataloader,
        train_cfg=config.train_cfg,
        optim_wrapper=config.optim_wrapper,
        param_scheduler=config.param_scheduler or None,
        default_hooks={"timer": None, "logger": None, "checkpoint": None, "sampler_seed": None},
        custom_hooks=hooks,
        default_scope=config.default_scope,
        randomness=dict(config.randomness),
        log_level=config.log_level,
        experiment_name=work.name,
    )
    model = runner.train()
    return model, history.rows


@contextmanager
def work_folder(results: Path, identity: str) -> Iterator[Path]:
    """A folder for a run in progress, which no rule declares and only success removes.

    It is named by a hash of ``identity``, all that changes the run's numbers, so that a changed setting never goes on
    from another's state, and a renamed one does. One process at a time has it: an orphan of a lost cluster node and
    the job that replaces it do not write into one another; the second waits for the first.
    """
    folder = results / "work" / hashlib.sha256(identity.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder.with_suffix(".lock")
    waiting = False
    while not try_lock(lock):
        if not waiting:
            logger.info("another process is training this run (%s); waiting for it", lock)
            waiting = True
        time.sleep(1.0)
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    lock.unlink(missing_ok=True)


def write_history(path: Path, rows: list[list[float]]) -> None:
    """history.csv: one row a step."""
    lines = ["iteration,loss,lr,seconds", *(f"{int(i)},{loss:.6g},{lr:.6g},{s:.4f}" for i, loss, lr, s in rows)]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
