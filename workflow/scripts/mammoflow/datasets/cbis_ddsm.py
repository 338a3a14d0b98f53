"""CBIS-DDSM: curated breast imaging subset of DDSM, scanned films.

Lee et al., Scientific Data 4:170177, 2017, doi 10.1038/sdata.2017.177. A folder, such as Mass-Training_P_00001_LEFT_CC,
holds one mammogram; crops and masks of its abnormalities lie in folders of the same name with a number behind it.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from mammoflow.datasets import annotations, source_tables
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused

IS_DICOM = True
# Scans of film.
ADMITS = ("secondary_capture",)

_FOLDER = re.compile(
    r"(?P<mammogram>(?:Mass|Calc)-(?P<part>Training|Test)_(?P<patient>P_\d+)_(?P<side>LEFT|RIGHT)_(?P<view>CC|MLO))"
    r"(?P<lesion>_\d+)?"
)
_COLUMNS = {
    # The other two paths, of crop and mask, are swapped in some rows, and nothing here reads them.
    "image": ("image file path",),
    "density": ("breast_density", "breast density"),
    "pathology": ("pathology",),
}
# 0 is on no scale: it was not said.
_DENSITY = {"0": "", "1": "a", "2": "b", "3": "c", "4": "d"}
_PATHOLOGY = {"BENIGN": "benign", "BENIGN_WITHOUT_CALLBACK": "benign", "MALIGNANT": "malignant"}


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes a file by the folder that it lies in."""
    known = listed(files, dataset)

    def described(relative: str) -> Header:
        name = _folder(relative)
        if name is None:
            raise Refused("quarantined", "unknown_name")
        if name["lesion"]:
            raise Refused("excluded", "lesion_image")
        if name[0] not in known:
            raise Refused("excluded", "not_in_table")
        return Header(
            image=name[0],
            exam=name["patient"],
            patient=name["patient"],
            laterality=name["side"][0],
            view=name["view"],
            device="",
            age_band="",
            year="",
            official="test" if name["part"] == "Test" else "development",
            # Only mammograms with an abnormality were taken into the set, and each is outlined.
            roi="yes",
        )

    return described


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The mammograms of the four tables."""
    return set(_rows(files)["image"])


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Density of each mammogram, or pathology of each breast, of whose abnormalities the gravest counts."""
    rows = _rows(files)
    names = rows["image"].map(_folder)
    rows["exam"] = names.map(lambda name: name["patient"])
    rows["side"] = names.map(lambda name: name["side"][0])
    if attribute == "density":
        rows["value"] = rows["density"].map(lambda said: _DENSITY.get(said, said))
    else:
        rows["value"] = rows["pathology"].map(lambda said: _PATHOLOGY.get(said.upper(), said))
        rows["value"] = rows.groupby(["exam", "side"])["value"].transform(annotations.gravest)
    return rows[["exam", "side", "image", "value"]]


def _rows(files: list[Path]) -> pd.DataFrame:
    """The rows of all tables, one an abnormality, with the mammogram's folder for its path."""
    rows = pd.concat([source_tables.read(file, _COLUMNS) for file in files], ignore_index=True)
    found = rows["image"].map(_folder)
    return rows[found.notna()].assign(image=found.dropna().map(lambda name: name["mammogram"]))


def _folder(path: str) -> re.Match[str] | None:
    """The folder of a mammogram, or of a lesion, on the way to a file."""
    return next((name for part in PurePosixPath(path).parts if (name := _FOLDER.fullmatch(part))), None)
