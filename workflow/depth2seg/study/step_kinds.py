"""The kinds of training step that a study has: what differs in time, and a job of each."""

import json
from dataclasses import dataclass, replace

from depth2seg.models.families import FAMILIES, OUTPUT_STRIDES
from depth2seg.study.schema import RecipeBlock, Setting
from depth2seg.study.study import Study

USUAL_DECODER = "depth-decoder"


@dataclass(frozen=True, order=True)
class StepKind:
    """What the time of a training step depends on.

    Attributes:
        step: a task, for depth with its supervision, with a decoder other than Monodepth2's (``depth-video-dpt``); or
            ``finetune-`` and the head, with an output stride that is not the decoder's usual one (``-os8``), and
            ``-frozen`` where the encoder's weights do not train.
        backbone: the encoder.
        height: of the image that the network sees: the crop's, where there is one.
        width: the same.
        batch: samples a step.
    """

    step: str
    backbone: str
    height: int
    width: int
    batch: int

    def __str__(self) -> str:
        return f"{self.step} {self.backbone}, {self.width} x {self.height}, batch {self.batch}"


@dataclass(frozen=True)
class Example:
    """A job of a kind: its settings as ``Study`` gives them, the classes of its labels, its images' normalisation."""

    settings: dict
    classes: str | None
    normalisation: str

    @property
    def finetunes(self) -> bool:
        """Whether it is a cell."""
        return "head" in self.settings


def pretraining(recipe: RecipeBlock, backbone: str) -> StepKind:
    """The kind of a pre-training's steps."""
    decoder = getattr(recipe, "decoder", USUAL_DECODER)
    parts = [recipe.task, recipe.supervision, None if decoder == USUAL_DECODER else decoder]
    return StepKind("-".join(filter(None, parts)), backbone, *recipe.size, recipe.schedule.batch)


def finetuning(setting: Setting, backbone: str) -> StepKind:
    """The kind of a cell's steps."""
    parts, stride = ["finetune", setting.head], setting.output_stride
    if FAMILIES[backbone] == "resnet" and stride != OUTPUT_STRIDES[setting.head]:
        parts.append(f"os{stride}")
    if setting.frozen and setting.protocol == "corrected":  # released, the weights train all the same
        parts.append("frozen")
    return StepKind("-".join(parts), backbone, *(setting.crop or setting.size), setting.schedule.batch)


def examples(study: Study, largest_batch: int | None = None) -> dict[StepKind, Example]:
    """Every kind of training step of a study, with the first job that has it; batches of at most ``largest_batch``."""
    found: dict[StepKind, Example] = {}
    for name, backbone in sorted({(recipe, backbone) for recipe, backbone, _ in study.networks}):
        recipe = study.recipe(name)
        if recipe.schedule is not None:
            settings = json.loads(study.pretrain_settings(name, backbone, 0))
            _add(found, pretraining(recipe, backbone), Example(settings, None, recipe.normalisation), largest_batch)
    for cell in study.cells:
        classes, recipe = study.block(cell.dataset).get("classes"), study.recipe(cell.recipe)
        example = Example(json.loads(study.finetune_settings(cell)), classes, recipe.normalisation)
        _add(found, finetuning(study.setting(cell.setting), cell.backbone), example, largest_batch)
    return found


def _add(found: dict[StepKind, Example], kind: StepKind, example: Example, largest_batch: int | None) -> None:
    kind = replace(kind, batch=min(kind.batch, largest_batch or kind.batch))
    example.settings["schedule"]["batch"] = kind.batch
    found.setdefault(kind, example)
