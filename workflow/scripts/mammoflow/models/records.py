"""Saved models: a folder that holds all that is needed to use a trained model on new images, and says what it is.

The folder holds the weights, the tables that pictures are matched by, a record for programs, and a card for people.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mammoflow.errors import UserError
from mammoflow.files import sha256, write_text

RECORD, CARD = "record.json", "README.md"
FORMAT = 1  # of the record; another one is refused


@dataclass(frozen=True)
class Record:
    """What a saved model is, and what it takes to use it."""

    experiment: str
    seed: int
    task: str
    classes: list[str]  # in the order of the outputs
    settings: dict[str, Any]  # the experiment in the catalogue
    training: dict[str, Any]  # how it was trained: every setting, named in the catalogue or not
    recipe: dict[str, Any]  # how pictures are made
    scan: dict[str, Any]  # how files are read
    source: dict[str, Any]  # the snapshot that it began with: settings of an encoder, commits, files and their SHA-256
    data_key: str  # digest of images, labels and subsets
    subsets: dict[str, dict[str, int]]  # images and patients of each subset
    split_unit: str
    validation: dict[str, float]  # loss and accuracy of what was kept
    commit: str  # of the workflow
    warning: str  # what numbers are worth; empty where there is nothing to say
    files: dict[str, str]  # SHA-256 of each other file of the folder but the card


def write(record: Record, folder: Path, card: str) -> None:
    """Put record and card into the folder, the record last: where it stands, all else does."""
    write_text(card, folder / CARD)
    write_text(json.dumps({"format": FORMAT} | asdict(record), indent=1, ensure_ascii=False) + "\n", folder / RECORD)


def read(folder: Path) -> Record:
    """The record of a saved model.

    Raises
    ------
    UserError
        If the folder holds no saved model, or one of another format.
    """
    path = folder / RECORD
    if not path.is_file():
        raise UserError(f"{folder} holds no {RECORD}; name the folder of a saved model, as in results/models/trained")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known = found.pop("format")
        record = Record(**found)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is no record of a saved model; save the model again") from None
    if known != FORMAT:
        raise UserError(f"{path} has format {known}, and this version reads {FORMAT}; save the model again")
    return record


def check(record: Record, folder: Path) -> None:
    """See that the folder's files are those that were written.

    Raises
    ------
    UserError
        If one is gone, or has changed.
    """
    for name, digest in record.files.items():
        if not (folder / name).is_file() or sha256(folder / name) != digest:
            raise UserError(f"{folder / name} is gone, or is not the file that was saved; copy the whole folder again")
