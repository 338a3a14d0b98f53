"""What a mammogram's header says of it, in the words of the tables."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from mammoflow.dicom import exclusions, views
from mammoflow.dicom.refusals import Refused
from mammoflow.dicom.values import text

_DEVICE = ("Manufacturer", "ManufacturerModelName", "PixelIntensityRelationship")


@dataclass(frozen=True)
class Header:
    """What the workflow keeps of a header. Ids are still the hospital's own; absent values are empty strings."""

    image: str
    exam: str
    patient: str
    laterality: str
    view: str
    device: str
    age_band: str
    year: str


def describe(header: Dataset, *, exam_key: str) -> Header:
    """Ids, side, view and device of an image; `exam_key` is the tag that names its exam.

    Raises
    ------
    Refused
        If the header does not name the image.
    """
    if not text(header, "SOPInstanceUID"):
        raise Refused("quarantined", "bad_header", "SOPInstanceUID")
    device = [*(text(header, tag) for tag in _DEVICE), exclusions.kind(header)]
    return Header(
        image=text(header, "SOPInstanceUID"),
        exam=text(header, exam_key),
        patient=text(header, "PatientID"),
        laterality=_laterality(header),
        view=views.view(header) or "other",
        device=" ".join(filter(None, device)) or "unknown",
        age_band=age_band(text(header, "PatientAge")),
        year=text(header, "StudyDate")[:4],
    )


def age_band(age: str) -> str:
    """Bands of ten years, of an age such as 054Y; the oldest, who are few, are one band."""
    if len(age) != 4 or not age[:3].isdigit() or age[3] != "Y":
        return ""
    years = int(age[:3])
    return "80+" if years >= 80 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


def _laterality(header: Dataset) -> str:
    """The side, for the row of an image that may not be accepted: "" where sources contradict each other."""
    try:
        return views.laterality(header)
    except Refused:
        return ""
