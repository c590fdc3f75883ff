"""Recipes outside a study, for tests of what a job does with one."""

from depth2seg.study.schema import RecipeBlock, recipe_block

# What a recipe that trains has to have.
TRAINED = {"dataset": "streets", "size": [64, 64], "schedule": {"iterations": 3, "batch": 2, "lr": 1e-4}}


def recipe(task: str, **values: object) -> RecipeBlock:
    """A recipe of a task, complete."""
    untrained = task in ("none", "imported")
    return recipe_block(**({"label": "", "task": task} | ({} if untrained else TRAINED) | values))
