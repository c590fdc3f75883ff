"""The mmengine Runner: built from a recipe or a cell, exact resume, safe loading."""
