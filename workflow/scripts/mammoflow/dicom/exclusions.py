"""Which images the workflow wants, and for what reason it does not want the others."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from mammoflow.dicom import views
from mammoflow.dicom.refusals import Refused
from mammoflow.dicom.values import text, texts

# Reasons that a user may overrule; another would leave an image that cannot be used.
ADMISSIBLE = ("for_processing", "synthetic_2d", "secondary_capture", "wrong_modality", "burned_in")

_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Volumes, and the projections that they are computed from.
_TOMOSYNTHESIS = tuple(f"1.2.840.10008.5.1.4.1.1.13.1.{number}" for number in (3, 4, 5))
# What makers call a picture that is computed from a volume.
_SYNTHETIC = re.compile(r"\b(?:c-?view|s-?view|v-?preview|(?:intelligent|insight|synthetic) 2-?d)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Exclusions:
    """What a user lets in: reasons of `ADMISSIBLE`, and breasts with an implant or not."""

    admit: frozenset[str] = frozenset()
    keep_implants: bool = False

    def check(self, header: Dataset, *, exam_key: str) -> None:
        """Say whether the workflow wants this image; `exam_key` is the tag that names its exam.

        Raises
        ------
        Refused
            With the first reason why not: first what it is, then what it lacks.
        """
        for unwanted in _UNWANTED:
            if unwanted.holds(header) and not self._admits(unwanted.reason, header):
                raise Refused("excluded", unwanted.reason)
        if views.view(header) == "":
            raise Refused("quarantined", "no_view")
        if not text(header, exam_key):
            raise Refused("quarantined", "no_exam_id", exam_key)
        if not text(header, "PatientID"):
            raise Refused("quarantined", "no_patient_id")
        if not views.laterality(header):
            raise Refused("quarantined", "no_laterality")
        if text(header, "BurnedInAnnotation") == "YES" and "burned_in" not in self.admit:
            raise Refused("quarantined", "burned_in")

    def _admits(self, reason: str, header: Dataset) -> bool:
        # A scan or a screenshot has the modality of whatever made it.
        as_capture = reason == "wrong_modality" and is_secondary_capture(header) and "secondary_capture" in self.admit
        return reason in self.admit or as_capture or (reason == "implant" and self.keep_implants)


def kind(header: Dataset) -> str:
    """What sets the tone curve of an image apart from others of its device; "" for a common mammogram."""
    kinds = {
        "FOR PROCESSING": is_for_processing(header),
        "SYNTHETIC": is_synthetic(header),
        "SECONDARY CAPTURE": is_secondary_capture(header),
    }
    return " ".join(name for name, holds in kinds.items() if holds)


def notes(header: Dataset) -> Iterator[str]:
    """Codes of what is worth knowing of an accepted image."""
    if views.has_implant(header):
        yield "implant"
    if text(header, "BurnedInAnnotation") == "YES":
        yield "burned_in"


def is_secondary_capture(header: Dataset) -> bool:
    """Whether it is a scan or a screenshot, of one frame or of several."""
    sop_class = text(header, "SOPClassUID")
    return sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}.")


def is_for_processing(header: Dataset) -> bool:
    """Whether it is raw data of the detector."""
    return text(header, "SOPClassUID") == _FOR_PROCESSING or text(header, "PresentationIntentType") == "FOR PROCESSING"


def is_synthetic(header: Dataset) -> bool:
    """Whether it was computed from tomosynthesis."""
    named = _SYNTHETIC.search(text(header, "SeriesDescription"))
    return "GENERATED_2D" in texts(header, "ImageType") or named is not None


def _is_other_modality(header: Dataset) -> bool:
    return text(header, "Modality") != "MG"


def _is_tomosynthesis(header: Dataset) -> bool:
    return text(header, "SOPClassUID") in _TOMOSYNTHESIS or int(text(header, "NumberOfFrames") or 1) > 1


def _is_other_view(header: Dataset) -> bool:
    return views.view(header) == "other"


@dataclass(frozen=True)
class _Unwanted:
    """A kind of image that is left out."""

    reason: str
    holds: Callable[[Dataset], bool]


# In the order in which they are asked: a screenshot says of itself that it is of any modality.
_UNWANTED = (
    _Unwanted(reason="secondary_capture", holds=is_secondary_capture),
    _Unwanted(reason="wrong_modality", holds=_is_other_modality),
    _Unwanted(reason="for_processing", holds=is_for_processing),
    _Unwanted(reason="tomosynthesis", holds=_is_tomosynthesis),
    _Unwanted(reason="synthetic_2d", holds=is_synthetic),
    _Unwanted(reason="implant", holds=views.has_implant),
    _Unwanted(reason="non_standard_view", holds=_is_other_view),
)
