"""The training loop and its hooks: steps that are pure functions of seed and number, history, exact resume."""

import logging
import os
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, LOOPS
from mmengine.runner import IterBasedTrainLoop, Runner

from depth2seg.errors import UserError
from depth2seg.training.precision import NotFiniteError
from depth2seg.training.state import load_tensors, save_tensors

logger = logging.getLogger(__name__)


@LOOPS.register_module()
class ResumableLoop(IterBasedTrainLoop):
    """mmengine's iteration loop, in which step k depends on the seed, k and the weights alone.

    A loss that is NaN or infinite ends it with a UserError.

    Torch's generator is seeded anew before each step, and the sampler is a function of its position: so a resumed
    run needs no generator's state, and reads no data that it has already trained on (mmengine's own loop does).
    """

    def run(self) -> torch.nn.Module:
        """Train from the current iteration to the last."""
        self.runner.call_hook("before_train")
        self.runner.call_hook("before_train_epoch")
        self.dataloader.sampler.start = self._iter * self.dataloader.batch_sampler.batch_size
        batches = iter(self.dataloader)
        self.runner.model.train()
        while self._iter < self._max_iters:
            torch.manual_seed(step_seed(self.runner.seed, self._iter))
            try:
                self.run_iter(next(batches))
            except NotFiniteError as error:
                raise self._stopped(error.args[0]) from None
        self.runner.call_hook("after_train_epoch")
        self.runner.call_hook("after_train")
        return self.runner.model

    def _stopped(self, loss: float) -> UserError:
        rate = self.runner.optim_wrapper.get_lr()["lr"][0]
        return UserError(
            f"{history_of(self.runner).name}: the loss became {loss} at step {self._iter + 1} of {self._max_iters} "
            f"(learning rate {rate:g}). Nothing was written. Lower schedule.lr of this recipe or setting, or look at "
            "its data"
        )


def step_seed(seed: int, step: int) -> int:
    """A seed for one step, far from those of its neighbours."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0] >> 1)


@HOOKS.register_module()
class HistoryHook(Hook):
    """Records every step, and logs progress every few seconds.

    Args:
        name: what the log calls the run.
        every: seconds between two log lines.
    """

    priority = "VERY_HIGH"

    def __init__(self, name: str, every: float = 10.0):
        self.name, self.every = name, every
        self.rows: list[list[float]] = []

    def before_train(self, runner: Runner) -> None:
        """Start the clocks."""
        self.begun = self.logged = self.last = time.monotonic()
        self.first = runner.iter

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Note the step."""
        loss, lr = outputs["loss"].item(), runner.optim_wrapper.get_lr()["lr"][0]
        now = time.monotonic()
        self.rows.append([batch_idx + 1, loss, lr, now - self.last])
        self.last = now
        if now - self.logged >= self.every or batch_idx + 1 == runner.max_iters:
            self.logged = now
            done = batch_idx + 1 - self.first
            left = (now - self.begun) / done * (runner.max_iters - batch_idx - 1)
            logger.info(
                "%s: step %d/%d, loss %.4f, %.0f s left", self.name, batch_idx + 1, runner.max_iters, loss, left
            )


@HOOKS.register_module()
class StateHook(Hook):
    """Saves all that a run needs to go on, and goes on from it. A saved state is complete or absent.

    Args:
        path: the file; its folder is named by what changes the run's numbers, so a state never meets another run.
        every: seconds between two saves.
    """

    priority = "LOWEST"

    def __init__(self, path: str, every: float = 30.0):
        self.path = Path(path)
        # For tests: seconds between two saves, and the step after which the process ends itself, by SIGKILL.
        self.every = float(os.environ.get("DEPTH2SEG_TEST_SAVE_EVERY", every))
        self.die_at = int(os.environ.get("DEPTH2SEG_TEST_DIE_AT", 0))

    def before_train(self, runner: Runner) -> None:
        """Go on from a saved state, if there is one."""
        self.saved = time.monotonic()
        if not self.path.exists():
            return
        state = load_tensors(self.path)
        runner.model.load_state_dict(state["model"])
        runner.optim_wrapper.load_state_dict(state["optimizer"])
        for scheduler, saved in zip(runner.param_schedulers or [], state["schedulers"], strict=True):
            scheduler.load_state_dict(saved)
        for name, parameter in runner.model.named_parameters():
            parameter.grad = state["gradients"].get(name)
        runner.train_loop._iter = state["iteration"]
        history = history_of(runner)
        history.rows, history.first = state["history"], state["iteration"]
        logger.info("%s: going on from step %d", history.name, state["iteration"])

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Save when it is time, but not after the last step: the results follow at once."""
        due = time.monotonic() - self.saved >= self.every
        if due and batch_idx + 1 < runner.max_iters:
            self._save(runner, batch_idx + 1)
        if self.die_at == batch_idx + 1:
            os.kill(os.getpid(), 9)

    def _save(self, runner: Runner, iteration: int) -> None:
        keep = not runner.optim_wrapper.reset_gradients  # the released protocol: gradients are part of the state
        gradients = {n: p.grad for n, p in runner.model.named_parameters() if keep and p.grad is not None}
        state = {
            "iteration": iteration,
            "model": runner.model.state_dict(),
            "optimizer": runner.optim_wrapper.state_dict(),
            "schedulers": [scheduler.state_dict() for scheduler in runner.param_schedulers or []],
            "gradients": gradients,
            "history": history_of(runner).rows,
        }
        save_tensors(self.path, state)
        self.saved = time.monotonic()


def history_of(runner: Runner) -> HistoryHook:
    """The runner's history hook."""
    return next(hook for hook in runner.hooks if isinstance(hook, HistoryHook))
