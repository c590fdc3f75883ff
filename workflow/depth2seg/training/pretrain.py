"""One recipe with one backbone and seed: trained, measured on held-out frames, its weights handed on."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from depth2seg.files import atomic_path, sha256, write_json
from depth2seg.models.backbones import build_encoder
from depth2seg.tasks import task_class
from depth2seg.training import provenance
from depth2seg.training.config import run_identity, training_config, write_config
from depth2seg.training.loop import step_seed
from depth2seg.training.precision import autocast
from depth2seg.training.runner import machine_precision, train, work_folder, write_history
from depth2seg.training.state import load_tensors, save_tensors
from depth2seg.training.weights import imported_encoder, misfits

# What names a run without changing its numbers; left out of the work folder's name.
NAMES = ("recipe", "init", "dataset")


def pretrain(settings: dict, packed: Path | None, init: Path | None, out: Path, results: Path, threads: int) -> None:
    """Run one pre-training and write its folder.

    Args:
        settings: ``Study.pretrain_settings``.
        packed: packed frames; None for tasks that train nothing.
        init: another recipe's encoder.pth to start from, the file of imported weights that were downloaded, or None.
        out: folder of the results: encoder.pth, history.csv, metrics.json, samples.npz, config.py.
        results: the study's results folder, in which the work folder lies.
        threads: of the CPU.

    Raises:
        UserError: frames, weights or settings do not fit, or the loss became NaN.
    """
    _, precision, workers = machine_precision(threads)
    run_config(pretrain_config(settings, packed, init, precision, workers), out, results)


def pretrain_config(settings: dict, packed: Path | None, init: Path | None, precision: str, workers: int) -> Config:
    """The complete config of a run; arguments as of ``pretrain``, and the machine's."""
    run = {"verb": "pretrain", "settings": settings, "packed": packed and str(packed), "init": init and str(init)}
    if settings["schedule"] is None:
        return Config({"run": run})
    frames = Packed(packed)
    task = task_class(settings["task"])
    network = task.network(settings | {"classes": frames.index["sequence"].nunique()})
    config = training_config(
        name=f"pretrain {settings['recipe']}/{settings['backbone']}/seed{settings['seed']}",
        module=task.__module__,
        model={"type": task.__name__, **network},
        frames={"packed": str(packed), "split": training_split(frames), **task.frames(settings)},
        schedule=settings["schedule"],
        seed=settings["seed"],
        precision=precision,
        workers=workers,
    )
    config.run = run
    return config


def training_split(frames: Packed) -> str:
    """The split that pre-training sees: ``video``, or ``train`` where there is none (single objects)."""
    return "video" if len(frames.rows("video")) else "train"


def run_config(config: Config, out: Path, results: Path) -> None:
    """Train what ``pretrain_config`` describes, on the device that ``machine_precision`` has leased."""
    settings, init = config.run.settings, config.run.init
    if settings["schedule"] is None:
        _write(out, config, untrained(settings, init), [], settings, (None, None, {}), "cpu")
        return
    frames = Packed(config.run.packed)
    handed = None if init is None else load_tensors(init)
    identity = run_identity(config, NAMES, [frames.info, init and sha256(init)])
    with work_folder(results, identity) as work:
        model, history = train(config, work, handed and (lambda model: load_part(model.encoder, handed, "encoder")))
        model.eval()
        device = next(model.parameters()).device
        with autocast(device.type, config.optim_wrapper.precision):
            assessed = model.assess(frames, settings["schedule"]["batch"])
        _write(out, config, model.handed_on(), history, settings, assessed, device)


def untrained(settings: dict, weights: str | None = None) -> dict:
    """Weights of a recipe that trains nothing: random ones of its seed, or imported ones, from ``weights`` if given."""
    torch.manual_seed(step_seed(settings["seed"], 0))
    encoder = build_encoder(settings["backbone"])
    encoder.init_weights()
    if settings["task"] == "imported":
        path = weights or settings["weights"]
        encoder.load_state_dict(imported_encoder(path, settings["sha256"], encoder.state_dict(), settings["layout"]))
    return {"encoder": encoder.state_dict(), "decoder": None}


def load_part(module: nn.Module, handed: dict, part: str) -> None:
    """Load ``encoder`` or ``decoder`` weights of an encoder.pth; all must fit.

    Raises:
        UserError: with the names and shapes that do not.
    """
    weights = handed[part]
    if weights is None:
        raise UserError(f"recipe '{handed['recipe']}' hands on no {part}; set the setting's transfer to 'encoder'")
    wrong = misfits(weights, module.state_dict())
    if wrong:
        raise UserError(f"{part} weights of recipe '{handed['recipe']}' do not fit:\n  " + "\n  ".join(wrong))
    module.load_state_dict(weights)


def _write(
    out: Path,
    config: Config,
    handed: dict,
    history: list,
    settings: dict,
    assessed: tuple,
    device: torch.device | str,
) -> None:
    errors, baseline, samples = assessed
    out.mkdir(parents=True, exist_ok=True)
    described = {name: settings[name] for name in ("recipe", "backbone", "task", "normalisation", "seed")}
    weights = {part: state and {n: t.cpu().contiguous() for n, t in state.items()} for part, state in handed.items()}
    save_tensors(out / "encoder.pth", weights | described)
    with atomic_path(out / "config.py") as temporary:
        write_config(config, temporary)
    with atomic_path(out / "samples.npz") as temporary:
        np.savez_compressed(temporary, **samples)
    write_history(out / "history.csv", history)
    write_json(
        out / "metrics.json",
        described
        | {name: settings[name] for name in ("supervision", "init", "dataset", "size")}
        | {
            "iterations": len(history),
            "final_loss": float(np.mean([row[1] for row in history[-20:]])) if history else None,
            "errors": errors,
            "baseline": baseline,
            "train_seconds": round(sum(row[3] for row in history), 1),
            "peak_memory_mb": provenance.peak_memory_mb(),
            "device": str(device),
            "precision": config.get("optim_wrapper", {}).get("precision"),
            "image": provenance.image(),
            "commit": provenance.commit(),
        },
    )
