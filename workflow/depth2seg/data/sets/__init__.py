"""Data sets, one module each: its block of the config, and how its files become a frame index.

A module is found by its block's ``source``, whose name it has (``rendered-street``: ``rendered_street.py``). It offers

- ``Dataset``: the block's class, a ``DatasetBlock`` with a ``source`` of its own;
- ``build_index(root, dataset)``: the frame index, from the files under ``root`` and the block as a dict.

What more depends on how its files come to ``root`` (``comes_by`` of the class):

- by rendering: ``sequences(dataset)``, the names of the jobs, and ``render(dataset, job, root)``;
- in archives: ``sequences(dataset)``, the names of the jobs that prepare what archives do not hold;
  ``prepare(root, dataset, sequence)``, one such job; and ``preflight(root, dataset)``, what is wrong with the folder;
- as files: ``manifest()`` and ``MIRROR``, what they are and where they are downloaded from.

``rows_at_most(dataset)``, where the number of frames is known before they are there, lists how many rows of which split
its index can have at most, and the columns that they fill: plans ask it. It is empty where the block makes that
unknown.

``CLASSES`` are class tables that its labels alone have (``data.classes``). Modules are imported wherever a config is
read, so what is heavy (numpy, pandas, cv2) they import in functions.
"""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from depth2seg.errors import UserError


@cache
def modules() -> tuple[ModuleType, ...]:
    """All of them, in the order of their names."""
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in _names())


def module(source: str) -> ModuleType:
    """The module of a source, imported alone; UserError if there is none."""
    found = {name.replace("_", "-"): name for name in _names()}
    if source not in found:
        raise UserError(f"source '{source}': there is no such data set; there are {', '.join(found)}")
    return importlib.import_module(f"{__name__}.{found[source]}")


def _names() -> list[str]:
    return [found.name for found in pkgutil.iter_modules(__path__)]
