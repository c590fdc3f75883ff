"""A study: its config's schema, recipes, cells and experiments. Imported by the Snakefile, so nothing heavy here."""

from depth2seg.study.cells import CELL_PATTERN, Cell
from depth2seg.study.study import Study, canonical, load_study

__all__ = ["CELL_PATTERN", "Cell", "Study", "canonical", "load_study"]
