"""Apptainer images: what they are built from, building them, and running jobs in them."""
