"""What each pre-training task says of its recipes: their own keys, the frames it trains on, what it hands on.

A task is a module of ``depth2seg/tasks`` with a literal ``RECIPE`` at its top, which is read here without importing the
module: that would import torch, and the study has to be light.
"""

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TASKS_FOLDER = Path(__file__).parents[1] / "tasks"
NAME = "RECIPE"


@dataclass(frozen=True)
class TaskSpec:
    """The literal ``RECIPE`` of one task.

    Attributes:
        trains_on: ``video``, ``objects`` (single objects with their class) or ``images`` (either, one at a time).
        backbones: the families of backbones (``models.families``) that it can train.
        hands_on: ``encoder``, and ``decoder`` where fine-tuning can take it over.
        keys: the recipe keys that this task alone has. Each maps to ``default`` (without one the key is required) and
            limits: ``choices`` of words, or ``gt``, ``ge``, ``lt``, ``le`` of a number or of each number of a list.
        shows: images in samples.npz that make the task's picture in the report, with the label of each. Depth and flow
            have figures of their own.
    """

    trains_on: str
    hands_on: list[str]
    backbones: list[str] = field(default_factory=lambda: ["resnet"])
    keys: dict[str, dict] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)


@cache
def task_specs() -> dict[str, TaskSpec]:
    """The tasks that train something, by name, from the modules of ``depth2seg/tasks`` that have a ``RECIPE``.

    Raises:
        ValueError: a ``RECIPE`` is no literal; TypeError: it has other entries than ``TaskSpec``.
    """
    found = {path.stem: _literal(path) for path in sorted(TASKS_FOLDER.glob("*.py"))}
    return {name: TaskSpec(**values) for name, values in found.items() if values is not None}


def _literal(path: Path) -> dict | None:
    source = path.read_text()
    if f"\n{NAME} = " not in source:
        return None
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == [NAME]:
            return ast.literal_eval(node.value)
    return None
