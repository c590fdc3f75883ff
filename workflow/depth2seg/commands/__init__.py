"""One module a verb of : its arguments, and the call that does the work."""
