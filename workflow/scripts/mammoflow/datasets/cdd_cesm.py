"""CDD-CESM: categorised digital database for low energy and subtracted contrast enhanced spectral mammography.

Khaled et al., Scientific Data 9:122, 2022, doi 10.1038/s41597-022-01238-0. Names are P<patient>_<side>_<type>_<view>,
type DM for low energy and CM for subtracted; one exam a patient. Reports are P<patient>.docx.
"""

import re
from pathlib import Path, PurePosixPath

import pandas as pd

from mammoflow import tables
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms

_REPORT = re.compile(r"P\d+")
_NAME = re.compile(r"P(?P<patient>\d+)_(?P<side>[LR])_(?:DM|CM)_(?P<view>CC|MLO)")
_DENSITY = "Breast density (ACR)"


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
        image=relative,
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


def labels(workbook: Path, *, classes: list[str], pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Density of each breast, from the rows of the low-energy images: the others hold "_".

    Parameters
    ----------
    workbook
        The data set's Radiology-manual-annotations.xlsx.
    classes
        The task's classes.
    pseudonyms
        Makes the ids of the tables.

    Returns
    -------
    pandas.DataFrame
        `tables.LABELS`: a row for each breast with an image of either type.
    """
    annotations = _read(workbook)
    rows: list[dict[str, object]] = []
    for (patient, side), breast in annotations.groupby(["Patient_ID", "Side"]):
        stated = sorted(set(breast[_DENSITY]) - {"_", ""})
        known = [value.lower() for value in stated if value.lower() in classes]
        status, reason = "labelled", ""
        if len(stated) > 1:
            status, reason = "ambiguous", "contradiction"
        elif not known:
            status, reason = "none", "out_of_range" if stated else "not_stated"
        label = known[0] if status == "labelled" else ""
        rows.append(
            {
                "exam_id": pseudonyms.of("exam", f"P{patient}"),
                "side": side,
                "image_id": "",
                "label": label,
                "density": label,
                "status": status,
                "reason": reason,
                "rule": "annotation",
                "evidence": " ".join(stated),
                "edition": "",
                "level": "breast",
            }
        )
    return tables.frame_of(rows, tables.LABELS)


def _read(workbook: Path) -> pd.DataFrame:
    annotations = pd.read_excel(workbook, sheet_name="all", dtype=str, keep_default_na=False)
    annotations.columns = annotations.columns.str.strip()
    # Some copies call the column ACR.
    annotations = annotations.rename(columns={"ACR": _DENSITY})
    missing = {"Image_name", "Patient_ID", "Side", _DENSITY} - set(annotations.columns)
    if missing:
        raise UserError(f"{workbook.name}: sheet 'all' lacks the column {sorted(missing)[0]!r}; download it again")
    return annotations.map(str.strip)
