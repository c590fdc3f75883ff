"""One module a pre-training task: its network, its loss, what it hands on. See ``base.PretrainingTask``."""

import importlib

# The recipe key ``task`` to the module's class. A new task is a module here, a line here, and a block in a config.
TASKS = {"classification": "ClassificationTask", "depth": "DepthTask", "flow": "FlowTask"}


def task_class(name: str) -> type:
    """The class of a task, its module imported."""
    return getattr(importlib.import_module(f"depth2seg.tasks.{name}"), TASKS[name])
