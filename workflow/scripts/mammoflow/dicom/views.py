"""Which side a mammogram shows, and in which view: from tags, codes and, for the side, whole words."""

import re
from collections.abc import Iterable, Iterator

from pydicom.dataset import Dataset

from mammoflow.dicom.refusals import Refused
from mammoflow.dicom.values import items, text

# SNOMED CT codes, and the SRT codes of older files, of DICOM CID 4014.
_CODES = {
    "CC": ("399162004", "R-10242"),
    "MLO": ("399368009", "R-10226"),
    "ML": ("399260004", "R-10224"),
    "LM": ("399352003", "R-10228"),
    "LMO": ("399099002", "R-10230"),
    "XCCL": ("399192008", "R-1024A", "Y-X1770"),
    "XCCM": ("399101009", "R-1024B", "Y-X1771"),
    "FB": ("399196006", "R-10244"),
    "ISO": ("441555000", "R-40AAA"),
    "SIO": ("399188001", "R-102D0"),
    "specimen": ("127457009", "G-8310"),
}
_VIEWS = {code: view for view, codes in _CODES.items() for code in codes}
_IMPLANT_DISPLACED = ("399209000", "R-102D5")
_SCREENING = ("CC", "MLO")
# Paddles that press a part of the breast only.
_PART = re.compile(r"\b(?:spot|mag|magnification)\b", re.IGNORECASE)

_SIDES = {
    "L": ("l", "lt", "left", "izq", "izquierda", "izquierdo", "lcc", "lmlo"),
    "R": ("r", "rt", "right", "der", "derecha", "derecho", "rcc", "rmlo"),
}
_SIDE = {word: side for side, words in _SIDES.items() for word in words}
_DESCRIPTIONS = ("SeriesDescription", "ProtocolName")


def view(header: Dataset) -> str:
    """CC or MLO; other for any other view, for a modified one and where tags disagree; "" where none says it."""
    position = text(header, "ViewPosition").upper()
    said = {position} if position else set()
    for code in items(header, "ViewCodeSequence"):
        said |= {_VIEWS[value] for value in _values([code]) if value in _VIEWS}
    if not said:
        return ""
    is_plain = len(said) == 1 and not _modifiers(header) and not _PART.search(text(header, "PaddleDescription"))
    only = said.pop()
    return only if is_plain and only in _SCREENING else "other"


def has_implant(header: Dataset) -> bool:
    """Whether the breast holds an implant, or the view was taken with one pushed aside."""
    return text(header, "BreastImplantPresent") == "YES" or not _modifiers(header).isdisjoint(_IMPLANT_DISPLACED)


def laterality(header: Dataset, *, stated: str = "") -> str:
    """L or R; "" where the header does not say, or says both; `stated` is what a data set's own tables say.

    Raises
    ------
    Refused
        If its sources contradict each other; the detail names them.
    """
    sources = (("the data set's tables", stated), *_tagged(header), *_described(header))
    said = [(source, side) for source, side in sources if side in ("L", "R", "B")]
    sides = {side for _, side in said}
    if len(sides) > 1:
        raise Refused("quarantined", "laterality_conflict", ", ".join(dict.fromkeys(source for source, _ in said)))
    return sides.pop() if sides <= {"L", "R"} and sides else ""


def _tagged(header: Dataset) -> Iterator[tuple[str, str]]:
    """The tags that state a side (L, R, or B for both), and which."""
    for tag in ("ImageLaterality", "Laterality"):
        yield tag, text(header, tag).upper()
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in items(header, groups):
            for anatomy in items(group, "FrameAnatomySequence"):
                yield f"FrameLaterality in {groups}", text(anatomy, "FrameLaterality").upper()


def _described(header: Dataset) -> Iterator[tuple[str, str]]:
    """The descriptions whose words name one side."""
    for tag in _DESCRIPTIONS:
        words = re.split(r"[\W_]+", text(header, tag).lower())
        sides = {_SIDE[word] for word in words if word in _SIDE}
        if len(sides) == 1:
            yield tag, sides.pop()


def _modifiers(header: Dataset) -> set[str]:
    """Codes of modifiers, those within the code of the view and within modifiers too."""
    nested = [*items(header, "ViewModifierCodeSequence")]
    for code in items(header, "ViewCodeSequence"):
        nested += items(code, "ViewModifierCodeSequence")
    for modifier in nested:
        nested += items(modifier, "ViewModifierCodeSequence")
    return set(_values(nested)) | ({""} if nested else set())


def _values(codes: Iterable[Dataset]) -> Iterator[str]:
    for code in codes:
        yield text(code, "CodeValue")
