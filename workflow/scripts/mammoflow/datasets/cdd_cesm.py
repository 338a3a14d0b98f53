"""CDD-CESM: categorised digital database for low energy and subtracted contrast enhanced spectral mammography.

Khaled et al., Scientific Data 9:122, 2022, doi 10.1038/s41597-022-01238-0. Names are P<patient>_<side>_<type>_<view>,
type DM for low energy and CM for subtracted; one exam a patient. Reports are P<patient>.docx.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from mammoflow.datasets import annotations, source_tables
from mammoflow.dicom.headers import Header, age_band
from mammoflow.dicom.refusals import Refused

IS_DICOM = False

_REPORT = re.compile(r"P\d+")
_NAME = re.compile(r"P(?P<patient>\d+)_(?P<side>[LR])_(?P<type>DM|CM)_(?P<view>CC|MLO)")
_VARIANTS = {"low_energy": "DM", "subtracted": "CM"}
_COLUMNS = {
    "image": ("Image_name",),
    "patient": ("Patient_ID",),
    "side": ("Side",),
    "age": ("Age",),
    "machine": ("Machine",),
    "density": ("Breast density (ACR)", "ACR"),
    "pathology": ("Pathology Classification/ Follow up",),
}
_REGIONS = {"image": ("#filename", "filename"), "shape": ("region_shape_attributes",)}


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image: its name, the workbook's row and, if they are there, the segmentations."""
    rows = _workbook(files).drop_duplicates("image").set_index("image").to_dict("index")
    # Without the file nobody knows what is outlined; with it, whatever is not in it is not.
    outlined = _outlined(files[1]) if len(files) > 1 else None

    def described(relative: str) -> Header:
        header = describe(relative)
        if row := rows.get(header.image):
            header = replace(header, device=f"machine {row['machine']}", age_band=age_band(f"{row['age']:0>3}Y"))
        if outlined is not None:
            header = replace(header, roi="yes" if header.image in outlined else "no")
        return header

    return described


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The images of the variant that the workbook lists."""
    names = _workbook(files)["image"]
    return set(names[names.str.contains(f"_{_VARIANTS[dataset['variant']]}_")])


def describe(relative: str) -> Header:
    """Patient, exam, side and view of an image, by its name.

    Raises
    ------
    Refused
        If the name is not of this data set's form.
    """
    name = _NAME.fullmatch(PurePosixPath(relative).stem.strip())
    if name is None:
        raise Refused("quarantined", "unknown_name")
    patient = f"P{name['patient']}"
    return Header(
        image=name[0],
        exam=patient,
        patient=patient,
        laterality=name["side"],
        view=name["view"],
        device="unknown",
        age_band="",
        year="",
    )


def exam_of_report(relative: str) -> str:
    """The exam that a report is of, by its name P<patient>; "" where the name is not of this form."""
    name = PurePosixPath(relative).stem.strip()
    return name if _REPORT.fullmatch(name) else ""


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Density or pathology of each breast, of which each image of it may state something else.

    Density stands in rows of low-energy images, others hold "_". A calcification is benign in the low-energy image, and
    normal in the subtracted one that does not show it: the gravest of a breast counts.
    """
    rows = _workbook(files)
    value = rows[attribute].str.lower().replace("_", "")
    if attribute == "pathology":
        value = value.groupby([rows["patient"], rows["side"]]).transform(annotations.gravest)
    return pd.DataFrame({"exam": "P" + rows["patient"], "side": rows["side"], "image": "", "value": value})


def _workbook(files: list[Path]) -> pd.DataFrame:
    return source_tables.read(files[0], _COLUMNS)


def _outlined(segmentations: Path) -> set[str]:
    """The images with a region in them, of any shape."""
    rows = source_tables.read(segmentations, _REGIONS)
    names = rows.loc[~rows["shape"].isin(["", "{}"]), "image"]
    return {PurePosixPath(name).stem.strip() for name in names}
