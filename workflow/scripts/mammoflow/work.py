"""Expensive results kept by content: what was made once from the same inputs, settings and code is never made again.

A result is a folder below results/work, named by its key. It is written under another name and renamed when it is
whole, so that a killed job leaves nothing that could be taken for a result.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mammoflow.errors import UserError
from mammoflow.files import to_disk


def key_of(**parts: Any) -> str:
    """The key of a result: a digest of everything that it depends on, given as plain values by name."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def resumable(folder: Path, make: Callable[[Path], None]) -> bool:
    """See to it that `folder` holds its result, which a killed job may have begun.

    Parameters
    ----------
    folder
        Where the result stands, named by its key.
    make
        Makes the result in the folder that it is given, and goes on from what it finds there; called only where there
        is no result yet.

    Returns
    -------
    bool
        Whether it had to be made.

    Raises
    ------
    UserError
        If another process makes the same result at this moment.
    """
    if folder.is_dir():
        return False
    begun = folder.with_name(f"{folder.name}.begun")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(f"{folder.name}.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{begun} is being made by another process; wait for it, or end it") from None
        # Processes that make it for this one, and outlive it, keep the lock.
        os.set_inheritable(lock.fileno(), True)
        if folder.is_dir():  # by another process, which has just let go of the lock
            return False
        begun.mkdir(parents=True, exist_ok=True)
        make(begun)
        to_disk(begun)
        begun.rename(folder)
    return True


def result(folder: Path, make: Callable[[Path], None]) -> bool:
    """See to it that `folder` holds its result.

    Parameters
    ----------
    folder
        Where the result stands, named by its key.
    make
        Makes the result in the folder that it is given; called only where there is none yet.

    Returns
    -------
    bool
        Whether it had to be made.
    """
    if folder.is_dir():
        return False
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        make(temporary)
        to_disk(temporary)
        try:
            temporary.rename(folder)
        except OSError:
            # Another job may have made the same meanwhile; it is as good.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return True
