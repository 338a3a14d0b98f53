"""Files that are there whole or not at all, and what they hold."""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Changed(Exception):
    """A file changed while it was read: what was read may be half of the old and half of the new."""


@contextmanager
def atomic(path: str | Path, *, mode: int = 0o644) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well, it takes the name `path` by one rename.

    Parameters
    ----------
    path
        Where the file shall stand; its folder is made.
    mode
        Permission bits of the file, of which the umask takes away what it says.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays, because libraries choose the format by it.
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    granted = stat.S_IMODE(os.fstat(handle).st_mode)
    os.close(handle)
    try:
        yield temporary
        # A library may have made the file anew.
        temporary.chmod(granted)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: str | Path, *, mode: int = 0o644) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic(path, mode=mode) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def to_disk(folder: Path) -> None:
    """See to it that the files of a folder are on the disk: some file systems say only then that there is no room."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())


@contextmanager
def steady(file: int | Path) -> Iterator[None]:
    """See to it that a file, given by its number or path, stays the same while the block reads it.

    Raises
    ------
    Changed
        If its size or time did not, whatever else went wrong with it.
    """
    before = os.stat(file)
    try:
        yield
    finally:
        after = os.stat(file)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Changed


def sha256(path: str | Path) -> str:
    """SHA-256 of the content of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
