"""Data sets: where their files are, what their names say, and their own annotations; one module each."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mammoflow.datasets import cdd_cesm
from mammoflow.dicom.headers import Header
from mammoflow.privacy import Pseudonyms

# Data sets of picture files: what a relative path says. The others are DICOM, whose headers say it.
_DESCRIBE = {"cdd_cesm": cdd_cesm.describe}
_LABELS = {"cdd_cesm": cdd_cesm.labels}


def describe(kind: str) -> Callable[[str], Header] | None:
    """What describes a picture file of this kind of data set by its relative path; None where files are DICOM."""
    return _DESCRIBE.get(kind)


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
