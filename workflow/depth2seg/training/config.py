"""Complete mmengine configs, from a recipe's or a cell's settings: what config.py of a run holds."""

import json
from pathlib import Path

from mmengine.config import Config

from depth2seg.errors import UserError

IMPORTS = [
    "depth2seg.training.frames",
    "depth2seg.training.loop",
    "depth2seg.training.precision",
]


def training_config(
    name: str,
    module: str,
    model: dict,
    frames: dict,
    schedule: dict,
    seed: int,
    precision: str,
    workers: int,
    reset_gradients: bool = True,
) -> Config:
    """A config that mmengine's Runner trains from, without anything left to defaults that changes numbers.

    Args:
        name: what logs call the run.
        module: the module that registers the model; ``rerun`` imports it.
        model: a registered model and its arguments.
        frames: arguments of ``FrameSets``.
        schedule: ``study.schema.Schedule`` as a dict.
        seed: of initial weights, order of samples and augmentation.
        precision: ``bfloat16`` or ``float32``.
        workers: loader processes; 0 reads in the training process, which memory-mapped frames allow.
        reset_gradients: False for the released protocol.
    """
    iterations = schedule["iterations"]
    return Config(
        {
            "default_scope": "mmseg",
            "custom_imports": {"imports": [module, *IMPORTS], "allow_failed_imports": False},
            "run_name": name,
            "model": model,
            "train_dataloader": {
                "batch_size": schedule["batch"],
                "num_workers": workers,
                "persistent_workers": workers > 0,
                "sampler": {"type": "EndlessSampler", "seed": seed},
                "dataset": {"type": "FrameSets", **frames},
                "collate_fn": {"type": "stack_samples"},
            },
            "optim_wrapper": {
                "type": "StudyOptimWrapper",
                "precision": precision,
                "reset_gradients": reset_gradients,
                "optimizer": _optimizer(schedule),
            },
            "param_scheduler": _schedulers(schedule, iterations),
            "train_cfg": {"type": "ResumableLoop", "max_iters": iterations},
            "randomness": {"seed": seed},
            "log_level": "ERROR",
        }
    )


def _optimizer(schedule: dict) -> dict:
    common = {"lr": schedule["lr"], "weight_decay": schedule["weight_decay"]}
    if schedule["optimizer"] == "adam":
        return {"type": "Adam", "betas": (0.9, 0.999), "fused": True, **common}
    return {"type": "SGD", "momentum": schedule["momentum"], "fused": True, **common}


def _schedulers(schedule: dict, iterations: int) -> list[dict]:
    warmup = schedule["warmup"]
    rising = {"type": "LinearLR", "start_factor": 1 / (warmup + 1), "by_epoch": False, "begin": 0, "end": warmup + 1}
    return ([rising] if warmup else []) + _policy(schedule, warmup, iterations)


def _policy(schedule: dict, begin: int, iterations: int) -> list[dict]:
    common = {"by_epoch": False, "begin": begin, "end": iterations}
    match schedule["policy"]:
        case "step":
            # It counts its milestones from its own beginning.
            milestones = [milestone - begin for milestone in schedule["milestones"]]
            return [{"type": "MultiStepLR", "milestones": milestones, "gamma": schedule["gamma"], **common}]
        case "cosine":
            return [{"type": "CosineAnnealingLR", "T_max": iterations - begin, "eta_min": 0.0, **common}]
        case "poly":
            return [{"type": "PolyLR", "power": 0.9, "eta_min": 0.0, **common}]
        case _:
            return []


def run_identity(config: Config, names: tuple[str, ...], inputs: list) -> str:
    """All that changes a run's numbers, as one text: its work folder is named by it.

    Args:
        config: the run's.
        names: its settings that are labels.
        inputs: what describes the contents of its input files, whose paths do not count.
    """
    values = config.to_dict()
    values.pop("run_name")
    settings = {name: value for name, value in values.pop("run")["settings"].items() if name not in names}
    loader = values["train_dataloader"]
    del loader["dataset"]["packed"], loader["num_workers"], loader["persistent_workers"]
    return json.dumps([values, settings, *inputs], sort_keys=True)


def read_config(path: str | Path) -> Config:
    """Read a run's config.py.

    Raises:
        UserError: there is none, or it is no run's.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: there is no such config")
    config = Config.fromfile(path)
    if "verb" not in config.get("run", {}):
        raise UserError(f"{path}: has no `run` with a verb; expected the config.py of a pre-training or a cell")
    return config


def write_config(config: Config, path: str | Path) -> None:
    """Write a config as Python, for ``python -m depth2seg rerun``."""
    Path(path).write_text(config.pretty_text)
