"""The config of each measured step, as a study's job would have it."""

from dataclasses import dataclass

from mmengine.config import Config

from depth2seg.benchmark.frames import Frames
from depth2seg.benchmark.steps import FINETUNE, decoder_of, task_of
from depth2seg.data.packing import Packed
from depth2seg.models.segmentor import Segmentor
from depth2seg.study.schema import Schedule, Setting, recipe_block
from depth2seg.study.task_specs import task_specs
from depth2seg.training.config import training_config
from depth2seg.training.finetune import segmentor, truth_array
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


def step_config(name: str, shape: Shape, frames: Frames, precision: str) -> Config:
    """The complete config of a step of ``step_names``."""
    schedule = Schedule(iterations=shape.steps, batch=shape.batch, lr=1e-4).model_dump()
    common = {"label": "", "size": list(shape.size), "schedule": schedule, "jitter": JITTER}
    return (_finetuning if name == FINETUNE else _pretraining)(name, common, shape, frames, precision)


def _finetuning(name: str, common: dict, shape: Shape, frames: Frames, precision: str) -> Config:
    block = Setting(head=decoder_of(shape.backbone), flip=True, **common)
    settings = block.model_dump() | {"backbone": shape.backbone}
    return training_config(
        name=name,
        module=Segmentor.__module__,
        model=segmentor(settings, "none", Packed(frames.packed)),
        frames={"packed": str(frames.packed), "split": "train", "arrays": [truth_array(settings)]},
        schedule=settings["schedule"],
        seed=0,
        precision=precision,
        workers=0,
    )


def _pretraining(name: str, common: dict, shape: Shape, frames: Frames, precision: str) -> Config:
    task, supervision = task_of(name)
    spec = task_specs()[task]
    block = common | {"task": task, "dataset": "drive"} | CHANGES.get(task, {})
    block |= {"supervision": supervision} if supervision else {}
    block |= {"decoder": decoder_of(shape.backbone)} if "decoder" in spec.keys else {}
    settings = recipe_block(**block).model_dump() | {"recipe": name, "backbone": shape.backbone, "seed": 0}
    config = pretrain_config(settings, frames.packed, None, precision, workers=0)
    if spec.trains_on == "objects":
        config.train_dataloader.dataset.split = "train"
    return config
