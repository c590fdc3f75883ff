"""Confusion matrices, IoU, bootstrap intervals."""
