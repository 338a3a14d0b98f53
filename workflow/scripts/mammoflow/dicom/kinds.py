"""What kind of image a header says that a file is."""

import re

from pydicom.dataset import Dataset

from mammoflow.dicom.values import text, texts

_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Volumes, and the projections that they are computed from.
_TOMOSYNTHESIS = tuple(f"1.2.840.10008.5.1.4.1.1.13.1.{number}" for number in (3, 4, 5))
# What makers call a picture that is computed from a volume.
_SYNTHETIC = re.compile(r"\b(?:c-?view|s-?view|v-?preview|(?:intelligent|insight|synthetic) 2-?d)\b", re.IGNORECASE)


def of_tone(header: Dataset, *, is_synthetic: bool) -> str:
    """What sets the tone curve of an image apart from others of its device; "" for a common mammogram."""
    kinds = {
        "FOR PROCESSING": is_for_processing(header),
        "SYNTHETIC": is_synthetic or is_computed(header),
        "SECONDARY CAPTURE": is_secondary_capture(header),
    }
    return " ".join(name for name, holds in kinds.items() if holds)


def is_secondary_capture(header: Dataset) -> bool:
    """Whether it is a scan or a screenshot, of one frame or of several."""
    sop_class = text(header, "SOPClassUID")
    return sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}.")


def is_for_processing(header: Dataset) -> bool:
    """Whether it is raw data of the detector."""
    return text(header, "SOPClassUID") == _FOR_PROCESSING or text(header, "PresentationIntentType") == "FOR PROCESSING"


def is_computed(header: Dataset) -> bool:
    """Whether it was computed from tomosynthesis."""
    named = _SYNTHETIC.search(text(header, "SeriesDescription"))
    return "GENERATED_2D" in texts(header, "ImageType") or named is not None


def is_tomosynthesis(header: Dataset) -> bool:
    """Whether it is a volume, or one of the projections behind a volume."""
    return text(header, "SOPClassUID") in _TOMOSYNTHESIS or int(text(header, "NumberOfFrames") or 1) > 1
