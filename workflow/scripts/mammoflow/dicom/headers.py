"""What a mammogram's header says, and whether the workflow wants the image."""

from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

# Only these tags are read: no name, no birth date.
TAGS = [
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "AccessionNumber", "PatientID", "PatientAge", "StudyDate",
    "Modality", "Manufacturer", "ManufacturerModelName", "PresentationIntentType", "ImageType", "NumberOfFrames",
    "ImageLaterality", "Laterality", "ViewPosition", "ViewCodeSequence", "PixelIntensityRelationship", "Rows",
    "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation", "SamplesPerPixel",
]  # fmt: skip
SCREENING_VIEWS = {"399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO"}
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
NEEDED = ("SOPInstanceUID", "Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation")


class Refused(Exception):
    """The image is not accepted: `status` is excluded or quarantined, `reason` a stable code."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


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


def read(path: Path) -> Dataset:
    """Read a file's header, without its pixels.

    Raises
    ------
    Refused
        If the file is empty, no DICOM file, or lacks a tag that decoding needs.
    """
    if path.stat().st_size == 0:
        raise Refused("quarantined", "empty_file")
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=TAGS)
    except InvalidDicomError:
        raise Refused("quarantined", "not_dicom") from None
    except (ValueError, TypeError, KeyError, AttributeError, EOFError, NotImplementedError):
        raise Refused("quarantined", "bad_header") from None
    missing = [tag for tag in NEEDED if header.get(tag) in (None, "")]
    if missing:
        raise Refused("quarantined", "bad_header")
    return header


def describe(header: Dataset, *, exam_key: str) -> Header:
    """Ids, side, view and device of an image; `exam_key` is the tag that names its exam."""
    device = [_text(header, tag) for tag in ("Manufacturer", "ManufacturerModelName", "PixelIntensityRelationship")]
    return Header(
        image=_text(header, "SOPInstanceUID"),
        exam=_text(header, exam_key),
        patient=_text(header, "PatientID"),
        laterality=laterality(header),
        view=view(header),
        device=" ".join(filter(None, device)) or "unknown",
        age_band=age_band(_text(header, "PatientAge")),
        year=_text(header, "StudyDate")[:4],
    )


def check(header: Dataset, *, exam_key: str) -> None:
    """Say whether the workflow wants this image.

    Raises
    ------
    Refused
        With the reason why not.
    """
    sop_class = _text(header, "SOPClassUID")
    if sop_class.startswith(SECONDARY_CAPTURE):
        raise Refused("excluded", "secondary_capture")
    if _text(header, "Modality") != "MG":
        raise Refused("excluded", "wrong_modality")
    if sop_class == FOR_PROCESSING or _text(header, "PresentationIntentType") == "FOR PROCESSING":
        raise Refused("excluded", "for_processing")
    if sop_class == TOMOSYNTHESIS or int(header.get("NumberOfFrames") or 1) > 1:
        raise Refused("excluded", "tomosynthesis")
    if "GENERATED_2D" in [str(value) for value in header.get("ImageType") or []]:
        raise Refused("excluded", "synthetic_2d")
    if not _text(header, exam_key):
        raise Refused("quarantined", "no_exam_id")
    if not _text(header, "PatientID"):
        raise Refused("quarantined", "no_patient_id")
    if not laterality(header):
        raise Refused("quarantined", "no_laterality")
    if view(header) not in SCREENING_VIEWS.values():
        raise Refused("excluded", "non_standard_view")


def laterality(header: Dataset) -> str:
    """L, R, or "" where the header does not say."""
    side = _text(header, "ImageLaterality") or _text(header, "Laterality")
    return side if side in ("L", "R") else ""


def view(header: Dataset) -> str:
    """CC, MLO, or other; a screening view with a modifier (spot, magnification, implant displaced) is other."""
    position = _text(header, "ViewPosition").upper()
    for code in header.get("ViewCodeSequence") or []:
        if code.get("ViewModifierCodeSequence"):
            return "other"
        position = position or SCREENING_VIEWS.get(_text(code, "CodeValue"), "")
    return position if position in SCREENING_VIEWS.values() else "other"


def age_band(age: str) -> str:
    """Bands of ten years, of an age such as 054Y; the oldest, who are few, are one band."""
    if len(age) != 4 or not age[:3].isdigit() or age[3] != "Y":
        return ""
    years = int(age[:3])
    return "80+" if years >= 80 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


def _text(header: Dataset, tag: str) -> str:
    value = header.get(tag)
    return "" if value is None else " ".join(str(value).split())
