"""Tasks' networks with the samples that they train on, for tests of their losses."""

import torch
from depth2seg.tasks import task_class
from depth2seg.training.frames import FrameSets
from depth2seg.training.pretrain import training_split
from recipes import recipe
from torch.utils.data import default_collate

RANGE = [2.0, 80.0]


def build(packed, task="depth", **changes):
    """A task and its training samples, from a recipe's settings."""
    depth = {"depth_range": RANGE} if task == "depth" else {}
    settings = recipe(task, **depth, **changes).model_dump() | {
        "backbone": "resnet18",
        "classes": packed.index["sequence"].nunique(),
    }
    kind = task_class(task)
    torch.manual_seed(0)
    model = kind(**kind.network(settings))
    model.init_weights()
    return model, FrameSets(packed, training_split(packed), **kind.frames(settings))


def batch_of(model, frames, count=2, training=True):
    """The first samples, as the task's preprocessor hands them on."""
    return model.data_preprocessor(default_collate([frames[i] for i in range(count)]), training)


def total(losses):
    """The sum of a task's losses."""
    return sum(losses.values()).item()
