"""Data sets: what their files' names and tables say, and their own annotations; one module each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow.datasets import cdd_cesm, folder
from mammoflow.dicom.headers import Header
from mammoflow.privacy import Pseudonyms

_LABELS = {"cdd_cesm": cdd_cesm.labels}
_REPORT_NAMES = {"cdd_cesm": cdd_cesm.exam_of_report}


def describer(dataset: dict[str, Any], annotations: list[Path]) -> Callable[[str], Header] | None:
    """What describes a picture file by its relative path; None where files are DICOM, whose headers do.

    Parameters
    ----------
    dataset
        The config's `dataset`, without paths.
    annotations
        Its annotation files, in the order of its layout.
    """
    if dataset["kind"] == "cdd_cesm":
        return cdd_cesm.describe
    if "image_table" in dataset:
        return folder.describer(annotations[0], dataset)
    return None


def report_namer(kind: str) -> Callable[[str], str] | None:
    """What tells the exam of a report by its relative path; None where the file's name is the exam's id."""
    return _REPORT_NAMES.get(kind)


def labels(kind: str, files: list[Path], *, classes: list[str], pseudonyms: Pseudonyms) -> pd.DataFrame:
    """The annotations of a public data set as `tables.LABELS`.

    Parameters
    ----------
    kind
        Kind of data set.
    files
        Its annotation files, in the order of its layout.
    classes
        The task's classes.
    pseudonyms
        Makes the ids of the tables.
    """
    return _LABELS[kind](*files, classes=classes, pseudonyms=pseudonyms)
