"""Expensive results kept by content: what was made once from the same inputs, settings and code is never made again.

A result is a folder below results/work, named by its key. It is written under another name and renamed when it is
whole, so that a killed job leaves nothing that could be taken for a result.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def key_of(**parts: Any) -> str:
    """The key of a result: a digest of everything that it depends on, given as plain values by name."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


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
        try:
            temporary.rename(folder)
        except OSError:
            # Another job may have made the same meanwhile; it is as good.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return True
