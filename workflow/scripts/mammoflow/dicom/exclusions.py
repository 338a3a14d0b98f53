"""Which images the workflow wants, and for what reason it does not want the others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from mammoflow.dicom import kinds, views
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused
from mammoflow.dicom.values import text

# Reasons that a user may overrule; another would leave an image that cannot be used.
ADMISSIBLE = ("for_processing", "synthetic_2d", "secondary_capture", "wrong_modality", "burned_in")


@dataclass(frozen=True)
class _Unwanted:
    """A kind of image that is left out."""

    reason: str
    holds: Callable[[Dataset, Header], bool]


# In the order in which they are asked: a screenshot says of itself that it is of any modality.
_UNWANTED = (
    _Unwanted(reason="secondary_capture", holds=lambda header, _: kinds.is_secondary_capture(header)),
    _Unwanted(reason="wrong_modality", holds=lambda _, described: described.modality != "MG"),
    _Unwanted(reason="for_processing", holds=lambda header, _: kinds.is_for_processing(header)),
    _Unwanted(reason="tomosynthesis", holds=lambda header, _: kinds.is_tomosynthesis(header)),
    _Unwanted(reason="synthetic_2d", holds=lambda header, _: kinds.is_computed(header)),
    _Unwanted(reason="implant", holds=lambda header, _: views.has_implant(header)),
    _Unwanted(reason="non_standard_view", holds=lambda _, described: described.view == "other"),
)


@dataclass(frozen=True)
class Exclusions:
    """What a user lets in: reasons of `ADMISSIBLE`, and breasts with an implant or not."""

    admit: frozenset[str] = frozenset()
    keep_implants: bool = False

    def check(self, header: Dataset, described: Header, *, exam_key: str = "") -> None:
        """Say whether the workflow wants this image.

        Parameters
        ----------
        header
            Says what kind of image it is.
        described
            Says what it is of, and of what kind its data set's tables say that it is.
        exam_key
            The tag that names its exam, for the log.

        Raises
        ------
        Refused
            With the first reason why not: first what it is, then what it lacks.
        """
        for unwanted in _UNWANTED:
            is_such = unwanted.reason in described.flags or unwanted.holds(header, described)
            if is_such and not self._admits(unwanted.reason, header):
                raise Refused("excluded", unwanted.reason)
        if not described.view:
            raise Refused("quarantined", "no_view")
        if not described.exam:
            raise Refused("quarantined", "no_exam_id", exam_key)
        if not described.patient:
            raise Refused("quarantined", "no_patient_id")
        views.laterality(header, stated=described.laterality)
        if not described.laterality:
            raise Refused("quarantined", "no_laterality")
        if text(header, "BurnedInAnnotation") == "YES" and "burned_in" not in self.admit:
            raise Refused("quarantined", "burned_in")

    def _admits(self, reason: str, header: Dataset) -> bool:
        # A scan or a screenshot has the modality of whatever made it.
        is_capture = kinds.is_secondary_capture(header)
        as_capture = reason == "wrong_modality" and is_capture and "secondary_capture" in self.admit
        return reason in self.admit or as_capture or (reason == "implant" and self.keep_implants)


def notes(header: Dataset, described: Header) -> Iterator[str]:
    """Codes of what is worth knowing of an accepted image."""
    if "implant" in described.flags or views.has_implant(header):
        yield "implant"
    if text(header, "BurnedInAnnotation") == "YES":
        yield "burned_in"
