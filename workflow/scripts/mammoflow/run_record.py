"""The record of a run: what it was made with, and the SHA-256 of every file that it left.

Results and private files have a record each, and what is private says nothing outside of its folder. Exported pictures
are in no record, because their index names each with its hash.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.files import sha256, write_text

FORMAT = 1  # of a record; another one is refused
# What is no result, by folder: kept for later runs, logs, times; the user's lists and key, the texts of errors.
LEFT_OUT = {
    "results": ("work", "logs", "benchmarks", "provenance/run.json"),
    "private": ("inputs", "results", "id.key", "run.json"),
}

Progress = Callable[[list[Path]], Iterable[Path]]


@dataclass(frozen=True)
class Difference:
    """A file that is not as the record says."""

    file: str  # below the working directory
    what: Literal["missing", "changed", "not in the record"]


def files_below(folder: Path) -> list[Path]:
    """The files that the record of `results` or `private` names, in order; the folder's path is relative."""
    apart = {*(folder / name for name in LEFT_OUT[folder.name]), *(index.with_suffix("") for index in indexes(folder))}
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        # Pictures may be a million: their folders are not walked. What is hidden a killed job left behind.
        folders[:] = [name for name in folders if Path(place, name) not in apart]
        found += [path for name in names if (path := Path(place, name)) not in apart and not name.startswith(".")]
    return sorted(found)


def indexes(folder: Path) -> list[Path]:
    """The indexes of exported pictures (`tables.PNGS`) below results, in order; each has its folder beside it."""
    return sorted(folder.glob("png/*/*.tsv"))


def write(path: Path, *, about: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Hash the files of a folder, and write the record of it, for its owner only where the folder is.

    Parameters
    ----------
    path
        Where the record goes.
    about
        What the run was made with, as plain values.
    folder
        `results` or `private`, relative to the working directory.
    progress
        Wraps the files.
    """
    hashes = {file.as_posix(): sha256(file) for file in progress(files_below(folder))}
    record = {"format": FORMAT} | about | {"files": hashes}
    text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_text(text, path, mode=folder.stat().st_mode & 0o644)


def read(path: Path) -> dict[str, Any]:
    """A record as it was written.

    Raises
    ------
    UserError
        If there is none, or one of another format.
    """
    if not path.is_file():
        raise UserError(f"{path} is not there; it is written when a run ends: run snakemake in this folder to its end")
    try:
        record = dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        raise UserError(f"{path} is no record of a run; delete it and run snakemake again") from None
    if record.get("format") != FORMAT:
        raise UserError(f"{path} is a record of format {record.get('format')}; needed: {FORMAT}; run snakemake again")
    return record


def differences(record: dict[str, Any], folder: Path, progress: Progress) -> Iterator[Difference]:
    """The files that are not as the record, and the indexes of pictures that it names, say; read the record first.

    Parameters
    ----------
    record
        Of this folder.
    folder
        `results` or `private`, relative to the working directory.
    progress
        Wraps the files.
    """
    recorded: dict[str, str] = record["files"]
    pictures: dict[str, str] = {}
    for index in indexes(folder):
        # An index that was changed says nothing of pictures.
        if recorded.get(index.as_posix()) == sha256(index):
            pngs = tables.read(index, tables.PNGS)
            pictures |= dict(zip(pngs["file"], pngs["sha256"], strict=True))
    wanted = recorded | pictures
    for file in progress(sorted(map(Path, wanted))):
        if not file.is_file():
            yield Difference(file.as_posix(), "missing")
        elif sha256(file) != wanted[file.as_posix()]:
            yield Difference(file.as_posix(), "changed")
    for file in files_below(folder):
        if file.as_posix() not in wanted:
            yield Difference(file.as_posix(), "not in the record")
