"""One module a verb of `python -m depth2seg`: its arguments, and the call that does the work."""
