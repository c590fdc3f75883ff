"""Blocks of recipes, one class a task; those of pre-training tasks are made of what each task declares."""

from typing import Annotated, Literal, Union

from pydantic import Field, TypeAdapter, create_model

from depth2seg.block import Backbone, Block, Count, Digest, Size
from depth2seg.models.sources import SOURCES
from depth2seg.study.schema.training import Jitter, Schedule
from depth2seg.study.task_specs import TaskSpec, task_specs


class RecipeBlock(Block):
    """How the weights that fine-tuning starts from were made: what every recipe has."""

    label: str
    seeds: Count = 1
    normalisation: Literal["none", "imagenet"] = "none"
    supervision: None = None  # which depth alone has


class UntrainedRecipe(RecipeBlock):
    """A recipe that trains nothing."""

    init: Literal["random"] = "random"
    dataset: None = None
    size: None = None
    schedule: None = None


class RandomRecipe(UntrainedRecipe):
    """Random weights."""

    task: Literal["none"]


class ImportedRecipe(UntrainedRecipe):
    """Published weights, laid out as their publisher does, from a file or an http address.

    ``{backbone}`` in path or address is filled in. ``sha256`` is the whole digest or its beginning, which names of
    published files often hold. Both may be one for all backbones, or one for each.
    """

    task: Literal["imported"]
    weights: str | dict[Backbone, str]
    layout: Literal[tuple(SOURCES)] = "torchvision"
    sha256: Digest | dict[Backbone, Digest] | None = None

    def published(self, backbone: str) -> tuple[str | None, str | None]:
        """Path or address of a backbone's weights, and the digest; None where the block has none for it."""
        weights, digest = (
            value.get(backbone) if isinstance(value, dict) else value for value in (self.weights, self.sha256)
        )
        return weights and weights.format(backbone=backbone), digest


class TrainedRecipe(RecipeBlock):
    """A pre-training: the keys that all tasks share. Each task adds its own, see ``task_specs``."""

    init: str = "random"
    dataset: str
    size: Size
    schedule: Schedule
    jitter: Jitter | None = None


def _trained_recipe(name: str, spec: TaskSpec) -> type[TrainedRecipe]:
    keys = {key: _key(**rule) for key, rule in spec.keys.items()}
    return create_model(f"{name.capitalize()}Recipe", __base__=TrainedRecipe, task=(Literal[name], ...), **keys)


def _key(default: object = ..., choices: list[str] | None = None, **limits: float) -> tuple:
    if choices is not None:
        return (Literal[tuple(choices)], default)
    if isinstance(default, list):
        items = list[Annotated[type(default[0]), Field(**limits)]]
        return (Annotated[items, Field(min_length=len(default), max_length=len(default))], default)
    return (Annotated[type(default), Field(**limits)], default)


_RECIPES = (RandomRecipe, ImportedRecipe, *(_trained_recipe(name, spec) for name, spec in task_specs().items()))
Recipe = Annotated[Union[_RECIPES], Field(discriminator="task")]  # noqa: UP007 (a tuple made at run time)


def recipe_block(**values: object) -> RecipeBlock:
    """One recipe outside a config, checked like those in one; pydantic.ValidationError if it is wrong."""
    return TypeAdapter(Recipe).validate_python(values)
