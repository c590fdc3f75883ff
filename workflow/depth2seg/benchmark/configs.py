"""The config of each measured step, as a study's job would have it."""

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from depth2seg.benchmark.frames import Frames
from depth2seg.benchmark.steps import FINETUNE, decoder_of, task_of
from depth2seg.data.packing import Packed
from depth2seg.study.schema import Schedule, Setting, recipe_block
from depth2seg.study.step_kinds import Example
from depth2seg.study.task_specs import task_specs
from depth2seg.training.finetune import labelled_config
from depth2seg.training.pretrain import pretrain_config

JITTER = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}
# Keys of a recipe that differ from the default: contrastive learning draws its own views.
CHANGES = {"contrastive": {"jitter": None}}


@dataclass(frozen=True)
class Shape:
    """What a step is made of: samples a step, height and width of the images, backbone, steps in all."""

    batch: int
    size: tuple[int, int]
    backbone: str
    steps: int


def step_config(name: str, shape: Shape, frames: Frames, precision: str, workers: int = 0) -> Config:
    """The complete config of a step of ``step_names``."""
    schedule = Schedule(iterations=shape.steps, batch=shape.batch, lr=1e-4).model_dump()
    common = {"label": "", "size": list(shape.size), "schedule": schedule, "jitter": JITTER}
    block = _setting(name, common, shape) if name == FINETUNE else _recipe(name, common)
    if "decoder" in block:
        block["decoder"] = decoder_of(shape.backbone)
    settings = block | {"backbone": shape.backbone, "seed": 0}
    return job_config(Example(settings, None, "none"), shape.steps, frames.packed, precision, workers)


def _setting(name: str, common: dict, shape: Shape) -> dict:
    block = Setting(head=decoder_of(shape.backbone), flip=True, **common).model_dump()
    return block | {"recipe": "none", "setting": name, "train_size": "all"}


def _recipe(name: str, common: dict) -> dict:
    task, supervision = task_of(name)
    block = common | {"task": task, "dataset": "drive"} | CHANGES.get(task, {})
    block |= {"supervision": supervision} if supervision else {}
    return recipe_block(**block).model_dump() | {"recipe": name}


def job_config(example: Example, steps: int, packed: Path, precision: str, workers: int) -> Config:
    """The config that a study's job would get, but for how many steps it takes.

    Args:
        example: the job.
        steps: to take.
        packed: of ``Frames``.
        precision: ``bfloat16`` or ``float32``.
        workers: loader processes.
    """
    settings = example.settings
    if example.finetunes:
        frames = Packed(packed)
        rows = frames.rows("train", "semantic")
        config = labelled_config(settings, example.normalisation, frames, rows, precision, workers)
    else:
        config = pretrain_config(settings, packed, None, precision, workers)
        if task_specs()[settings["task"]].trains_on == "objects":
            config.train_dataloader.dataset.split = "train"
    config.train_cfg.max_iters = steps
    return config
