"""The config's schema: every key typed, unknown keys refused. One class a block of the YAML file."""

from depth2seg.study.schema.config import Config, Containers, Experiment
from depth2seg.study.schema.recipes import RecipeBlock, recipe_block
from depth2seg.study.schema.training import Jitter, Schedule, Setting

__all__ = [
    "Config",
    "Containers",
    "Experiment",
    "Jitter",
    "RecipeBlock",
    "Schedule",
    "Setting",
    "recipe_block",
]
