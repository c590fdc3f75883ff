"""One module a figure. Each has ``draw(...) -> Figure``, whose arguments commands/figure.py fills in by name."""
