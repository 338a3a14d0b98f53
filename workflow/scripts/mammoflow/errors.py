"""The one error a user is meant to read."""


class UserError(Exception):
    """Something the user can mend: the message names the file, the row or key, and the remedy, in one line."""
