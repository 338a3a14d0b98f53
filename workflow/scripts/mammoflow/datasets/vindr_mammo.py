"""VinDr-Mammo: 5,000 full-field digital mammography exams from two hospitals in Hanoi.

Nguyen et al., Scientific Data 10:277, 2023, doi 10.1038/s41597-023-02100-7. Images are images/<study>/<image>.dicom. No
table and no header names a patient: a study is one.
"""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow.datasets import image_tables
from mammoflow.dicom.headers import Header
from mammoflow.errors import UserError

IS_DICOM = True
ADMITS = ()

_OFFICIAL = {"training": "development", "test": "test"}
_BOX = ("xmin", "ymin", "xmax", "ymax")
_NO_FINDING = "No Finding"


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image by the name of its file: its row among the breasts', and its findings."""
    row_of = image_tables.rows_by("image_id", _images(files[0]))
    outlined = _outlined(files[1])

    def describe(relative: str) -> Header:
        row = row_of(relative)
        return Header(
            image=row["image_id"],
            exam=row["study_id"],
            patient=row["study_id"],
            laterality=image_tables.side_of(row["laterality"]),
            view=image_tables.view_of(row["view_position"]),
            device="",
            age_band="",
            year="",
            official=_OFFICIAL[row["split"]],
            roi="yes" if row["image_id"] in outlined else "no",
        )

    return describe


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The images of the breasts' table."""
    return set(_images(files[0])["image_id"])


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Density of each breast, which stands in the rows of all its images."""
    table = image_tables.read(files[0], "study_id", "laterality", "image_id", "breast_density")
    value = table["breast_density"].str.lower().str.removeprefix("density").str.strip()
    return pd.DataFrame(
        {"exam": table["study_id"], "side": table["laterality"], "image": table["image_id"], "value": value}
    )


def _images(path: Path) -> pd.DataFrame:
    table = image_tables.read(path, "study_id", "image_id", "laterality", "view_position", "split")
    if unknown := set(table["split"]) - set(_OFFICIAL):
        raise UserError(
            f"{path.name}: split is {min(unknown)!r} in some row; allowed: {', '.join(_OFFICIAL)}; get it again"
        )
    return table


def _outlined(path: Path) -> set[str]:
    """The images with a finding that a box is drawn around."""
    table = image_tables.read(path, "image_id", "finding_categories", *_BOX)
    boxed = table[(table[list(_BOX)] != "").all(axis=1)]
    return {
        image
        for image, cell in zip(boxed["image_id"], boxed["finding_categories"], strict=True)
        if _categories(cell, path) - {_NO_FINDING}
    }


def _categories(cell: str, path: Path) -> set[str]:
    """The findings of a cell, which holds a list as Python writes it."""
    try:
        return set(ast.literal_eval(cell))
    except (ValueError, SyntaxError, TypeError):
        raise UserError(f"{path.name}: finding_categories is no list in some row; get it again") from None
