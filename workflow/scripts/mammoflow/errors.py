"""The one error a user is meant to read."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """Something the user can mend: the message names the file, the row or key, and the remedy, in one line."""


@contextmanager
def pointing_to(page: str) -> Iterator[None]:
    """Name a page to read at the end of what the user is told."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{error}; read {page}") from None
