"""Complete mmengine configs, from a recipe's or a cell's settings: what config.py of a run holds."""

from pathlib import Path

from mmengine.config import Config

IMPORTS = [
    "depth2seg.models.segmentor",
    "depth2seg.tasks.classification",
    "depth2seg.tasks.depth",
    "depth2seg.tasks.flow",
    "depth2seg.training.frames",
    "depth2seg.training.loop",
    "depth2seg.training.precision",
]


def training_config(
    name: str,
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
            "custom_imports": {"imports": IMPORTS, "allow_failed_imports": False},
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
    common = {"by_epoch": False, "begin": 0, "end": iterations}
    match schedule["policy"]:
        case "step":
            return [{"type": "MultiStepLR", "milestones": schedule["milestones"], "gamma": 0.1, **common}]
        case "cosine":
            return [{"type": "CosineAnnealingLR", "T_max": iterations, "eta_min": 0.0, **common}]
        case "poly":
            return [{"type": "PolyLR", "power": 0.9, "eta_min": 0.0, **common}]
        case _:
            return []


def write_config(config: Config, path: str | Path) -> None:
    """Write a config as Python, for ``python -m depth2seg rerun``."""
    Path(path).write_text(config.pretty_text)
