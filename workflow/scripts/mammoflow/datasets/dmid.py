"""DMID: digital mammography dataset for breast cancer diagnosis research.

Oza et al., Biomedical Engineering Letters 14:317, 2024, doi 10.1007/s13534-023-00339-y. Every image has a report of its
own, so that an exam is an image here. Nothing names a patient: an image is one, too.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from mammoflow import user_tables
from mammoflow.datasets import films
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError

IS_DICOM = False

_NAME = re.compile(r"IMG\d+")
# The workbook explains itself at length before the first image, and names no columns.
_COLUMNS = ("image", "view", "tissue", "kind", "severity", "x", "y", "radius")
_VIEWS = {"CCLT": ("L", "CC"), "CCRT": ("R", "CC"), "MLOLT": ("L", "MLO"), "MLORT": ("R", "MLO")}


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image by its line in the workbook, which is found by its name."""
    lines = _lines(files[0])
    views = lines.drop_duplicates("image").set_index("image")["view"].to_dict()
    outlined = set(lines.loc[lines["radius"].str.fullmatch(r"\d+"), "image"])

    def described(relative: str) -> Header:
        image = exam_of_report(relative)
        if not image:
            raise Refused("quarantined", "unknown_name")
        if image not in views:
            raise Refused("excluded", "not_in_table")
        if views[image] not in _VIEWS:
            raise Refused("excluded", "non_standard_view")
        side, view = _VIEWS[views[image]]
        return Header(
            image=image,
            exam=image,
            patient=image,
            laterality=side,
            view=view,
            device="unknown",
            age_band="",
            year="",
            roi="yes" if image in outlined else "no",
        )

    return described


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The images of the workbook whose view is known."""
    lines = _lines(files[0])
    return set(lines.loc[lines["view"].isin(_VIEWS), "image"])


def exam_of_report(relative: str) -> str:
    """The image, and so the exam, that a file is of, by its name, in capitals or not; "" where it is none."""
    name = PurePosixPath(relative).stem.strip().upper()
    return name if _NAME.fullmatch(name) else ""


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Tissue or pathology of each image; its density stands in its report only."""
    lines = _lines(files[0])
    side = lines["view"].map(lambda view: _VIEWS.get(view, ("", ""))[0])
    value = films.values(lines, attribute)
    return pd.DataFrame({"exam": lines["image"], "side": side, "image": lines["image"], "value": value})


def _lines(workbook: Path) -> pd.DataFrame:
    """The lines about images, one an abnormality."""
    found = [
        dict(zip(_COLUMNS, [cell.upper() for cell in cells], strict=False))
        for _, cells in user_tables.rows(workbook)
        if _NAME.fullmatch(cells[0].upper())
    ]
    if not found:
        raise UserError(f"{workbook.name} has no line about an image, such as IMG001, MLORT, G, CIRC, B")
    lines = pd.DataFrame(found, columns=list(_COLUMNS), dtype=str).fillna("")
    return lines.assign(view=lines["view"].str.replace(" ", ""))
