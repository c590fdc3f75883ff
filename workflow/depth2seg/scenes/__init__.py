"""Rendered data sets: procedural streets and single objects."""
