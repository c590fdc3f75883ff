"""The one exception that ends a command with a message instead of a traceback."""


class UserError(Exception):
    """Something a person can put right: the message says what was wrong, where, and what to do.

    ``python -m depth2seg`` prints the message alone and exits with 1; any other exception is a bug of ours and
    keeps its traceback.
    """
