"""Snapshots that were broken before they came here: every fault ends in one line that names the file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from safetensors import SafetensorError

from mammoflow.errors import UserError

# What libraries raise over configurations that describe no model, and over weights that are cut, or another model's.
_FAULTS = (
    SafetensorError,
    UnpicklingError,
    EOFError,
    StopIteration,
    AssertionError,
    AttributeError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
_SHOWN = 200  # characters of a library's message


@contextmanager
def naming(path: Path, what: str, *, remedy: str = "") -> Iterator[None]:
    """Name a file, what it does not hold, and the remedy, where a library stumbles over it; of a snapshot left out."""
    try:
        yield
    except _FAULTS as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
        mend = remedy or f"mend it where the snapshot came from, delete {path.parent}.tsv and run again"
        raise UserError(f"{path} holds no {what} ({said}); {mend}") from None


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """A JSON file of a snapshot.

    Raises
    ------
    UserError
        If it is not there, or not one.
    """
    path = folder / name
    if not path.is_file():
        raise UserError(f"{path} is not there; delete {folder}.tsv and run again")
    with naming(path, "JSON"):
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise TypeError(f"a {type(found).__name__}")
        return found


def find_weights(folder: Path, names: tuple[str, ...]) -> Path:
    """The first of these files that is there.

    Raises
    ------
    UserError
        If none is.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise UserError(f"{folder / names[0]} is not there; delete {folder}.tsv and run again")
