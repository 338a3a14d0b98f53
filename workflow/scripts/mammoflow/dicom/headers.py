"""What is known of a mammogram, in the words of the tables: by its header, or by a data set's own names and tables."""

from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from mammoflow.dicom import kinds, views
from mammoflow.dicom.refusals import Refused
from mammoflow.dicom.values import text

_DEVICE = ("Manufacturer", "ManufacturerModelName")


@dataclass(frozen=True)
class Header:
    """What the workflow keeps of a header. Ids are still the hospital's own; absent values are empty strings.

    `official` and `roi` are what a public data set's tables say of an image, as in `tables.IMAGES`; `flags` are the
    kinds of image, by their reason codes in `exclusions`, that they say it is of.
    """

    image: str
    exam: str
    patient: str
    laterality: str
    view: str
    device: str
    age_band: str
    year: str
    official: str = ""
    roi: str = ""
    modality: str = "MG"
    flags: frozenset[str] = frozenset()


def describe(header: Dataset, *, exam_key: str) -> Header:
    """Ids, side, view and device of an image; `exam_key` is the tag that names its exam.

    Raises
    ------
    Refused
        If the header does not name the image.
    """
    if not text(header, "SOPInstanceUID"):
        raise Refused("quarantined", "bad_header", "SOPInstanceUID")
    return Header(
        image=text(header, "SOPInstanceUID"),
        exam=text(header, exam_key),
        patient=text(header, "PatientID"),
        laterality=_laterality(header),
        view=views.view(header),
        device=_device(header),
        age_band=age_band(text(header, "PatientAge")),
        year=text(header, "StudyDate")[:4],
        modality=text(header, "Modality"),
    )


def complete(described: Header, header: Dataset) -> Header:
    """What tables say of an image, and its header's word on device, age and modality where they say nothing.

    Headers of public data sets are stripped: one that names no modality is no reason to doubt the tables. Its dates
    are made up as a rule, so that no year is taken from it.
    """
    return replace(
        described,
        device=_device(header, named=described.device, is_synthetic="synthetic_2d" in described.flags),
        age_band=described.age_band or age_band(text(header, "PatientAge")),
        modality=text(header, "Modality") or described.modality,
    )


def age_band(age: str) -> str:
    """Bands of ten years, of an age such as 054Y; the oldest, who are few, are one band."""
    if len(age) != 4 or not age[:3].isdigit() or age[3] != "Y":
        return ""
    years = int(age[:3])
    return "80+" if years >= 80 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


def _device(header: Dataset, *, named: str = "", is_synthetic: bool = False) -> str:
    """Images of one tone curve; `named` takes the place of the maker and the model."""
    names = [named] if named else [text(header, tag) for tag in _DEVICE]
    tone = kinds.of_tone(header, is_synthetic=is_synthetic)
    return " ".join(filter(None, [*names, text(header, "PixelIntensityRelationship"), tone])) or "unknown"


def _laterality(header: Dataset) -> str:
    """The side, for the row of an image that may not be accepted: "" where sources contradict each other."""
    try:
        return views.laterality(header)
    except Refused:
        return ""
