"""INbreast 1.0.

Moreira et al., Academic Radiology 19:236, 2012, doi 10.1016/j.acra.2011.09.014. Patient, side and view stand in the
names of the images only, the rest in a table whose key is the first part of the name.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from mammoflow.datasets import source_tables
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused

IS_DICOM = True
ADMITS = ()

_NAME = re.compile(r"(?P<image>\d+)_(?P<patient>[0-9a-f]+)_MG_(?P<side>[LR])_(?P<view>[A-Z]+)_ANON", re.IGNORECASE)
# What names call ML is mediolateral oblique.
_VIEWS = {"CC": "CC", "ML": "MLO"}
_COLUMNS = {"image": ("File Name",), "date": ("Acquisition date",), "density": ("ACR",)}
_DENSITY = {"1": "a", "2": "b", "3": "c", "4": "d"}
_NUMBER = re.compile(r"\d+(?:\.0*)?")


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image: its name, the table's row and, if that folder is there, whether an outline is."""
    dates = _table(files).set_index("image")["date"].to_dict()
    # A list of outlines says of the others that they have none.
    outlined = {path.stem for path in files[2].iterdir()} if len(files) > 2 else None

    def described(relative: str) -> Header:
        name = _parts(relative)
        if name is None:
            raise Refused("quarantined", "unknown_name")
        image = name["image"]
        if image not in dates:
            raise Refused("excluded", "not_in_table")
        return Header(
            image=image,
            exam=_exam(name["patient"], dates[image]),
            patient=name["patient"],
            laterality=name["side"].upper(),
            view=_VIEWS.get(name["view"].upper(), "other"),
            device="",
            age_band="",
            year=dates[image][:4],
            roi="" if outlined is None else "yes" if image in outlined else "no",
        )

    return described


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The images of the table."""
    return set(_table(files)["image"])


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Density of each image that is there: without its name nobody knows whose it is."""
    names = {name["image"]: name for path in files[1].iterdir() if (name := _parts(path.name))}
    rows = _table(files)
    rows = rows[rows["image"].isin(names)]
    own = rows["image"].map(names)
    patients, sides = own.map(lambda name: name["patient"]), own.map(lambda name: name["side"].upper())
    return pd.DataFrame(
        {
            "exam": [_exam(*key) for key in zip(patients, rows["date"], strict=True)],
            "side": sides,
            "image": rows["image"],
            "value": rows["density"].map(lambda said: _DENSITY.get(_whole(said), said)),
        }
    )


def _table(files: list[Path]) -> pd.DataFrame:
    """The rows of images; the last ones explain the table."""
    rows = source_tables.read(files[0], _COLUMNS)
    rows = rows[rows["image"].str.fullmatch(_NUMBER)]
    return rows.assign(image=rows["image"].map(_whole), date=rows["date"].map(_whole))


def _whole(number: str) -> str:
    """A number without the point that spreadsheets put behind it."""
    return number.partition(".")[0]


def _parts(relative: str) -> re.Match[str] | None:
    return _NAME.fullmatch(PurePosixPath(relative).stem.strip())


def _exam(patient: str, date: str) -> str:
    """An exam is all of a patient on one date."""
    return f"{patient}_{date}"
