"""Why a file is not accepted."""

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):
    """The image is not accepted.

    Parameters
    ----------
    status
        excluded or quarantined.
    reason
        A stable code.
    detail
        What the log says of it: names of tags or of packages, never a value.
    """

    def __init__(self, status: str, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.detail = detail


@contextmanager
def refusing(reason: str) -> Iterator[None]:
    """Quarantine for `reason` whatever a library raises of a broken file; only want of memory goes on as such."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 libraries raise anything of what they stumble over
        # The message may quote a patient's values, so only its kind is told.
        raise Refused("quarantined", reason, type(error).__name__) from None
