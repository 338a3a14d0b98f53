"""A full disk: no file's fault, so that it stops the run wherever it is met, and the run goes on when there is room."""

import errno
import os
import re
from pathlib import Path

from mammoflow.errors import UserError

_LEAST = 2**20  # bytes: what Snakemake writes before the first job, and then some
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Some libraries tell it in words only: safetensors, NumPy of an array cut short, PyTorch of a file cut short.
_IN_WORDS = re.compile(
    r"No space left on device|Disk quota exceeded|\d+ requested and \d+ written|unexpected pos \d+ vs \d+"
)


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that it came from, says that a disk has no room."""
    seen: BaseException | None = error
    while seen is not None:
        if (isinstance(seen, OSError) and seen.errno in _FULL) or _IN_WORDS.search(str(seen)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def check() -> None:
    """See to it that there is some room to begin with, because Snakemake cannot even say that there is none.

    Raises
    ------
    UserError
        If there is not.
    """
    if min(map(_free, _places())) < _LEAST:
        raise UserError(remedy())


def remedy() -> str:
    """What to tell the user: where there is the least room, and what to do."""
    place = min(_places(), key=_free)
    return (
        f"no room is left on the disk of {place}, mounted at {_mount(place)}, or your quota of it is used up; make "
        "room and run the same command again: what is finished is kept"
    )


def _places() -> list[Path]:
    """Folders that are written to, each of which may lie on a disk of its own."""
    temporary = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 only looked at
    folders = (Path.cwd(), Path("results"), Path("results/work"), Path("private"), Path(temporary))
    return [folder for folder in folders if folder.is_dir()]


def _free(place: Path) -> int:
    """Bytes that we may still write there; none where no further file can be made."""
    about = os.statvfs(place)
    return about.f_bavail * about.f_frsize if about.f_favail or not about.f_files else 0


def _mount(place: Path) -> Path:
    """Where the file system that holds a folder is mounted."""
    place = place.resolve()
    return next(folder for folder in (place, *place.parents) if folder.is_mount())
