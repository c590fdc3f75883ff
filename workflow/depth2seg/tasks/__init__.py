"""One module a pre-training task: its recipe's keys, network, loss, measure. See ``base.PretrainingTask``."""

import importlib


def task_class(name: str) -> type:
    """The class of a task: ``FlowTask`` of ``tasks/flow.py``. Its module is imported."""
    return getattr(importlib.import_module(f"depth2seg.tasks.{name}"), f"{name.capitalize()}Task")
