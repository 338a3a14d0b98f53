"""Data sets: what their files' names and tables say, and their own annotations; one module each, found by its name."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from mammoflow.datasets import (
    annotations,
    cbis_ddsm,
    cdd_cesm,
    dmid,
    embed,
    folder,
    inbreast,
    mini_mias,
    rsna,
    vindr_mammo,
)
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError, pointing_to
from mammoflow.layouts import page
from mammoflow.privacy import Pseudonyms
from mammoflow.tasks import Task

# A public data set's module has
#   IS_DICOM                        whether its images are DICOM files; pictures else
#   ADMITS                          of DICOM files: what `exclusions` would leave out, and all of the set's images are
#   describer(files, dataset)       a function that gives the `Header` of an image by its relative path, or raises
#                                   `Refused`; `files` are the annotation files in the order of its layout
#   listed(files, dataset)          the `Header.image` of every image that those files list
#   stated(files, attribute)        what they say of an attribute: a frame of `annotations.STATED`
# What is wrong with a file is a UserError, which ends here with the page to read.
_PUBLIC: dict[str, ModuleType] = {
    "cbis_ddsm": cbis_ddsm,
    "cdd_cesm": cdd_cesm,
    "dmid": dmid,
    "embed": embed,
    "inbreast": inbreast,
    "mini_mias": mini_mias,
    "rsna": rsna,
    "vindr_mammo": vindr_mammo,
}
_REPORT_NAMES = {"cdd_cesm": cdd_cesm.exam_of_report, "dmid": dmid.exam_of_report}

# What lists call files that say what images are of (`layouts.Source.name_of`).
_OWN = ("dataset.root/", "dataset.image_table.file")


def own_files(annotations: pd.DataFrame) -> list[Path]:
    """Of the files listed as annotations (`tables.INPUT_FILES`) the data set's own, in the order of its layout."""
    return [Path(path) for path in annotations.loc[annotations["relative"].str.startswith(_OWN), "path"]]


def is_public(kind: str) -> bool:
    """Whether it is a public data set, with annotations of its own."""
    return kind in _PUBLIC


def is_described(dataset: dict[str, Any]) -> bool:
    """Whether its names and tables, and not DICOM headers, say what its images are of."""
    return is_public(dataset["kind"]) or "image_table" in dataset


def are_pictures(dataset: dict[str, Any]) -> bool:
    """Whether its images are JPEG, PNG, TIFF or PGM files, and not DICOM ones."""
    return not _PUBLIC[dataset["kind"]].IS_DICOM if is_public(dataset["kind"]) else "image_table" in dataset


def admitted(dataset: dict[str, Any]) -> frozenset[str]:
    """Reasons of `exclusions.ADMISSIBLE` that hold for all of its images, and are none against them."""
    if not is_public(dataset["kind"]) or are_pictures(dataset):
        return frozenset()
    return frozenset(_PUBLIC[dataset["kind"]].ADMITS)


def describer(dataset: dict[str, Any], files: list[Path]) -> Callable[[str], Header] | None:
    """What describes an image file by its relative path; None where DICOM headers do.

    Parameters
    ----------
    dataset
        The config's `dataset`, without paths.
    files
        Its annotation files, in the order of its layout.

    Raises
    ------
    UserError
        If a file is not what the data set has.
    """
    if is_public(dataset["kind"]):
        with pointing_to(page(dataset["kind"])):
            describe: Callable[[str], Header] = _PUBLIC[dataset["kind"]].describer(files, dataset)
        return describe
    if "image_table" in dataset:
        return folder.describer(files[0], dataset)
    return None


def found(dataset: dict[str, Any], files: list[Path], relatives: Iterable[str]) -> list[str]:
    """The `Header.image` of files of a public data set, by their relative paths; "" for one that is none of its images.

    No file is looked into.
    """
    describe = describer(dataset, files)
    assert describe is not None, "only of public data sets"

    def image(relative: str) -> str:
        try:
            return describe(relative).image
        except Refused:
            return ""

    return [image(relative) for relative in relatives]


def listed(dataset: dict[str, Any], files: list[Path]) -> set[str]:
    """The `Header.image` of every image that the files of a public data set list.

    Raises
    ------
    UserError
        If a file is not what the data set has, or none lists an image.
    """
    with pointing_to(page(dataset["kind"])):
        images: set[str] = _PUBLIC[dataset["kind"]].listed(files, dataset)
        if not images:
            raise UserError(f"{files[0].name} lists no image; get it again")
    return images


def report_namer(kind: str) -> Callable[[str], str] | None:
    """What tells the exam of a report by its relative path; None where the file's name is the exam's id."""
    return _REPORT_NAMES.get(kind)


def labels(
    kind: str, files: list[Path], *, task: Task, level: str, sides_differ: str, pseudonyms: Pseudonyms
) -> pd.DataFrame:
    """The annotations of a public data set as `tables.LABELS`.

    Parameters
    ----------
    kind
        Kind of data set.
    files
        Its annotation files, in the order of its layout.
    task
        Says which attribute counts, and which of its values are a class.
    level
        What gets a label: "exam", "breast" or "image".
    sides_differ
        At level exam, where the breasts of an exam differ: "ambiguous", or "denser", the later class.
    pseudonyms
        Makes the ids of the tables.

    Raises
    ------
    UserError
        If a file is not what the data set has.
    """
    with pointing_to(page(kind)):
        stated = _PUBLIC[kind].stated(files, task.attribute)
    return annotations.labels(stated, task=task, level=level, sides_differ=sides_differ, pseudonyms=pseudonyms)
