"""RSNA Screening Mammography Breast Cancer Detection, 2023: screening exams from two sites, the training part.

Images are train_images/<patient>/<image>.dcm, one exam a patient, in headers of which only ids and pixels are left.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow.datasets import image_tables
from mammoflow.dicom.headers import Header

IS_DICOM = True
ADMITS = ()


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image by the name of its file: its row in train.csv."""
    row_of = image_tables.rows_by("image_id", _images(files[0]))

    def describe(relative: str) -> Header:
        row = row_of(relative)
        return Header(
            image=row["image_id"],
            exam=row["patient_id"],
            patient=row["patient_id"],
            laterality=image_tables.side_of(row["laterality"]),
            view=image_tables.view_of(row["view"]),
            device=f"site {row['site_id']} machine {row['machine_id']}",
            age_band=image_tables.age_band(row["age"]),
            year="",
            flags=frozenset({"implant"} if row["implant"] == "1" else ()),
        )

    return describe


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The images of train.csv."""
    return set(_images(files[0])["image_id"])


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Density of each exam, or the pathology of each breast, which stand in the rows of all its images."""
    columns = {"density": ["density"], "pathology": ["cancer", "biopsy"]}[attribute]
    table = image_tables.read(files[0], "patient_id", "image_id", "laterality", *columns).apply(image_tables.whole)
    is_density = attribute == "density"
    return pd.DataFrame(
        {
            "exam": table["patient_id"],
            "side": "" if is_density else table["laterality"],
            "image": table["image_id"],
            "value": table["density"].str.lower() if is_density else _pathology(table),
        }
    )


def _pathology(table: pd.DataFrame) -> pd.Series:
    """Malignant with a cancer, benign where a biopsy found none; without a biopsy nothing is said."""
    value = table["biopsy"].map({"1": "benign"}).fillna("")
    return value.mask(table["cancer"] == "1", "malignant")


def _images(path: Path) -> pd.DataFrame:
    columns = ("site_id", "patient_id", "image_id", "laterality", "view", "age", "implant", "machine_id")
    return image_tables.read(path, *columns).apply(image_tables.whole)
