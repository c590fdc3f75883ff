"""A study: its config's schema, recipes, cells and experiments. Imported by the Snakefile, so nothing heavy here."""

from depth2seg.study.cells import Cell
from depth2seg.study.study import Study, load_study

__all__ = ["Cell", "Study", "load_study"]
