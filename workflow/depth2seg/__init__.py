"""Monocular depth pre-training for semantic segmentation: the steps that the workflow's rules run."""
