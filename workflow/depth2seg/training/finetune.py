"""One cell: fine-tuned from a recipe's weights on a few labelled images, tested on the fixed test set."""

from pathlib import Path

import numpy as np
from mmengine.config import Config

from depth2seg.data.packing import Packed
from depth2seg.evaluation.confusion import KITTI7
from depth2seg.files import atomic_path, sha256, write_json
from depth2seg.models.backbones import encoder_config
from depth2seg.models.segmentor import Segmentor
from depth2seg.study.cells import Cell
from depth2seg.training import provenance
from depth2seg.training.config import run_identity, training_config, write_config
from depth2seg.training.predict import EvaluationHook
from depth2seg.training.pretrain import load_part
from depth2seg.training.runner import machine_precision, train, work_folder, write_history
from depth2seg.training.state import load_tensors, save_tensors
from depth2seg.training.subsets import label_subset
from depth2seg.training.tested import Tested

# What names a cell without changing its numbers; left out of the work folder's name.
NAMES = ("recipe", "dataset", "setting", "source", "task", "supervision", "init")
SAMPLES = 4


def finetune(settings: dict, packed: Path, encoder: Path, out: Path, results: Path, threads: int) -> None:
    """Train and test one cell and write its folder.

    Args:
        settings: ``Study.finetune_settings``.
        packed: packed frames of the labelled data set.
        encoder: the recipe's encoder.pth.
        out: folder of the results: metrics.json, history.csv, confusion.npz, samples.npz, model.pth, config.py.
        results: the study's results folder, in which the work folder lies.
        threads: of the CPU.

    Raises:
        UserError: too few labelled images, weights that do not fit, or a loss that became NaN.
    """
    _, precision, workers = machine_precision(threads)
    run_config(finetune_config(settings, packed, encoder, precision, workers), out, results)


def finetune_config(settings: dict, packed: Path, encoder: Path, precision: str, workers: int) -> Config:
    """The complete config of a run; arguments as of ``finetune``, and the machine's."""
    frames, handed = Packed(packed), load_tensors(encoder)
    train_rows, _ = label_subset(frames, settings["train_size"], settings["seed"], settings["protocol"])
    config = labelled_config(settings, handed["normalisation"], frames, train_rows, precision, workers)
    config.run = {"verb": "finetune", "settings": settings, "packed": str(packed), "encoder": str(encoder)}
    return config


def labelled_config(
    settings: dict, normalisation: str, frames: Packed, rows: np.ndarray, precision: str, workers: int
) -> Config:
    """What is trained, on which images, without where its weights come from.

    Args:
        settings: as of ``finetune``.
        normalisation: what the encoder was pre-trained with.
        frames: packed frames of the labelled data set.
        rows: packed rows to train on.
        precision: ``bfloat16`` or ``float32``.
        workers: loader processes.
    """
    return training_config(
        name=f"finetune {settings['recipe']}/{settings['setting']}/n{settings['train_size']}/seed{settings['seed']}",
        module=Segmentor.__module__,
        model=segmentor(settings, normalisation, frames),
        frames={"packed": str(frames.folder), "arrays": [truth_array(settings)], "rows": rows.tolist()},
        schedule=settings["schedule"],
        seed=settings["seed"],
        precision=precision,
        workers=workers,
        reset_gradients=settings["protocol"] != "released",
    )


def run_config(config: Config, out: Path, results: Path) -> None:
    """Train and test what ``finetune_config`` describes, on the device that ``machine_precision`` has leased."""
    settings, encoder = config.run.settings, config.run.encoder
    frames, handed = Packed(config.run.packed), load_tensors(encoder)
    _, test_rows = label_subset(frames, settings["train_size"], settings["seed"], settings["protocol"])
    identity = run_identity(config, NAMES, [frames.info, sha256(encoder)])

    def load(model: Segmentor) -> None:
        load_part(model.backbone, handed, "encoder")
        # A recipe of task ``none`` has no decoder to hand on: the baseline starts with a random one.
        if settings["transfer"] == "encoder+decoder" and settings["task"] != "none":
            load_part(model.decode_head.decoder, handed, "decoder")

    with work_folder(results, identity) as work:
        precision = config.optim_wrapper.precision
        along = EvaluationHook(work / "along", settings["evaluate_every"], frames, test_rows, precision)
        model, history = train(config, work, load, hooks=[along])
        tested = Tested(model, frames, test_rows, precision, settings["scales"], along)
        _write(out, config, model, history, tested)


def segmentor(settings: dict, normalisation: str, frames: Packed) -> dict:
    """Config of the segmentation network and its loss."""
    classes = frames.classes
    released = settings["protocol"] == "released"
    label_map = released_label_map(classes.names) if released else None
    loss = {"type": "CrossEntropyLoss", "use_sigmoid": False, "loss_weight": 1.0, "avg_non_ignore": True}
    head = {"type": "DecoderHead", "kind": settings["head"], "backbone": settings["backbone"]}
    return {
        "type": "Segmentor",
        "frozen": "none" if not settings["frozen"] else "statistics" if released else "weights",
        "data_preprocessor": {
            "type": "LabelledPreprocessor",
            "normalisation": normalisation,
            **{name: settings[name] for name in ("jitter", "flip", "crop")},
            "label_map": label_map,
        },
        "backbone": encoder_config(settings["backbone"], settings["output_stride"]),
        "decode_head": {**head, "num_classes": len(classes), "loss_decode": loss},
        "test_cfg": {"mode": "whole"},
    }


def released_label_map(names: tuple[str, ...]) -> list[int]:
    """Train ids that the released protocol trains on: of Cityscapes' classes seven, of any other labelling all."""
    kept = KITTI7 if set(KITTI7) <= set(names) else names
    return [i if i < len(names) and names[i] in kept else 255 for i in range(256)]


def truth_array(settings: dict) -> str:
    """The packed label array that a protocol trains on: the released code resizes labels with the image filter."""
    return "semantic_filtered" if settings["protocol"] == "released" else "semantic"


def _write(out: Path, config: Config, model: Segmentor, history: list, tested: Tested) -> None:
    out.mkdir(parents=True, exist_ok=True)
    settings = config.run.settings
    with atomic_path(out / "confusion.npz") as temporary:
        np.savez_compressed(temporary, **tested.confusion_arrays())
    with atomic_path(out / "samples.npz") as temporary:
        np.savez_compressed(temporary, **tested.samples(SAMPLES))
    save_tensors(out / "model.pth", {n: t.cpu().contiguous() for n, t in model.state_dict().items()})
    with atomic_path(out / "config.py") as temporary:
        write_config(config, temporary)
    write_history(out / "history.csv", history)
    cell = {name: settings[name] for name in Cell.__dataclass_fields__}
    shown = ("source", "task", "supervision", "init", "head", "transfer", "frozen", "protocol")
    write_json(
        out / "metrics.json",
        {"cell": Cell(**cell).path, **cell, **{name: settings[name] for name in shown}}
        | {"height": settings["size"][0], "width": settings["size"][1]}
        | tested.metrics()
        | {
            "iterations": len(history),
            "train_seconds": round(sum(row[3] for row in history), 1),
            "peak_memory_mb": provenance.peak_memory_mb(),
            "device": str(next(model.parameters()).device),
            "precision": config.optim_wrapper.precision,
            "image": provenance.image(),
            "commit": provenance.commit(),
        },
    )
