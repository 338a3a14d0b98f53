"""EMBED, the Emory breast imaging dataset: its open part.

Jeong et al., Radiology: Artificial Intelligence 5:e220047, 2023, doi 10.1148/ryai.220047. The clinical table has a row
a finding, the metadata table a row a file; images are images/<cohort>/<patient>/<study>/<series>/<image>.dcm, however
deep.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow.datasets import image_tables
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused

IS_DICOM = True
ADMITS = ()

# 5 is a man's breast, whose density nobody grades.
_DENSITY = {"1": "a", "2": "b", "3": "c", "4": "d", "5": ""}
# What is no plain mammogram, by its reason in `exclusions`: a picture computed from a volume, a volume, and a
# screenshot with outlined findings.
_FLAGS = {
    "2d": (),
    "cview": ("synthetic_2d",),
    "c-view": ("synthetic_2d",),
    "3d": ("tomosynthesis",),
    "roi_ssc": ("secondary_capture",),
    "roi_ss": ("secondary_capture",),
}


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image by the name of its file: its row in the metadata table."""
    row_of = image_tables.rows_by("image", _images(files[1]))

    def describe(relative: str) -> Header:
        row = row_of(relative)
        if row["FinalImageType"].lower() not in _FLAGS:
            raise Refused("quarantined", "unknown_type")
        return Header(
            image=row["image"],
            exam=row["acc_anon"],
            patient=row["empi_anon"],
            laterality=image_tables.side_of(row["ImageLateralityFinal"]),
            view="other" if row["spot_mag"] == "1" else image_tables.view_of(row["ViewPosition"]),
            device="",
            age_band="",
            year="",
            roi={"": "", "0": "no"}.get(row["num_roi"], "yes"),
            flags=frozenset(_FLAGS[row["FinalImageType"].lower()]),
        )

    return describe


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The images of the metadata table, of every type that is known."""
    images = _images(files[1])
    return set(images.loc[images["FinalImageType"].str.lower().isin(_FLAGS), "image"])


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Density of each exam, which stands in the rows of all its findings, whichever side they are of."""
    table = image_tables.read(files[0], "acc_anon", "tissueden").apply(image_tables.whole)
    value = table["tissueden"].map(lambda code: _DENSITY.get(code, code))
    return pd.DataFrame({"exam": table["acc_anon"], "side": "", "image": "", "value": value})


def _images(path: Path) -> pd.DataFrame:
    """The metadata table; paths in it begin with the authors' own folders, so that a file is known by its name."""
    columns = ("empi_anon", "acc_anon", "anon_dicom_path", "FinalImageType", "ImageLateralityFinal", "ViewPosition")
    table = image_tables.read(path, *columns, "spot_mag", "num_roi").apply(image_tables.whole)
    image = table["anon_dicom_path"].str.replace("\\", "/").str.rpartition("/")[2].str.removesuffix(".dcm")
    return table.drop(columns="anon_dicom_path").assign(image=image)
