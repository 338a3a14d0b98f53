"""The text of DICOM structured reports: what their content says, as lines under headers."""

import io
import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from mammoflow.reports.texts import NoText

# Only these are read, and of the content only its kinds, codes, texts and numbers: no name, no date.
HEADER = ["SOPClassUID", "AccessionNumber", "StudyInstanceUID"]
CONTENT = ["ValueType", "ConceptNameCodeSequence", "ContentSequence"]
# Documents that people write; dose reports, findings of computers and key images are structured reports too.
WRITTEN = tuple(f"1.2.840.10008.5.1.4.1.1.88.{number}" for number in (11, 22, 33, 34, 35))
ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."  # PDF, CDA and others within DICOM

_LAST_OF_HEADER = 0x0020000D  # StudyInstanceUID
_MOST_HEADER = 1_000_000  # bytes; pixels lie beyond
_DEFLATED, _META = b"1.2.840.10008.1.2.1.99", 1000  # a transfer syntax, and the bytes in which it is named
_MOST_BYTES = 5_000_000
_MOST_DEPTH = 32
_UNDEFINED = 0xFFFFFFFF
# What modifies an item is read with it; who observed and how is left out.
_CONTEXT = ("HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS ACQ CONTEXT")
# Languages and countries of the content: true, but no part of the report.
_UNSAID = ("121049", "121046")
_MARK_AT, _MARK = 128, b"DICM"
_LOGGER = logging.getLogger("pydicom")
_BROKEN = (
    InvalidDicomError, BytesLengthException, struct.error, ValueError, TypeError, AttributeError, EOFError, OSError,
    NotImplementedError, LookupError,
)  # fmt: skip


def is_dicom(file: BinaryIO) -> bool:
    """Whether a file says that it is DICOM; afterwards it stands at its start again."""
    start = file.read(_MARK_AT + len(_MARK))
    file.seek(0)
    return start[_MARK_AT:] == _MARK


def read_header(file: BinaryIO) -> Dataset:
    """What a DICOM file says of its kind and its exam; of an image no pixel is read.

    Raises
    ------
    NoText
        If the file is damaged, or deflated: pydicom unpacks all of it at once, and a few bytes may fill the memory.
    """
    start = file.read(_MOST_HEADER)
    if _DEFLATED in start[:_META]:
        raise NoText(reason="not_supported")
    with _guarded():
        tags: list[BaseTag | int] = [Tag(tag) for tag in HEADER]
        return read_partial(io.BytesIO(start), stop_when=_is_beyond_header, specific_tags=tags)


def exam_of(header: Dataset, exam_key: str) -> str:
    """The exam's id, written as that of an image's header; "" where there is none."""
    with _guarded():
        return _text(header, exam_key)


def read(file: BinaryIO, header: Dataset) -> str:
    """The content of a structured report as lines.

    A container's name is a header of its own line. Texts, codes and numbers follow their name on one line, and what
    modifies them, such as a side, follows them in brackets. Who observed, and when, is left out.

    Raises
    ------
    NoText
        If it is another kind of file, or damaged.
    """
    with _guarded():
        sop_class = _text(header, "SOPClassUID")
    if sop_class.startswith(ENCAPSULATED):
        raise NoText(reason="not_supported")
    if sop_class not in WRITTEN:
        raise NoText(reason="not_a_report")
    file.seek(0)
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise NoText(reason="too_large")
    whole = io.BytesIO(data)
    with _guarded():
        report = pydicom.dcmread(whole, specific_tags=[*CONTENT])
        # pydicom goes beyond a file's end without a word.
        if whole.tell() > len(data) or _is_cut(report):
            raise NoText(reason="damaged")
        return "\n".join(_lines(report, depth=0))


@contextmanager
def _guarded() -> Iterator[None]:
    """Turns what pydicom raises into a reason, and keeps its warnings silent: they quote values."""
    silent = _LOGGER.disabled
    _LOGGER.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _BROKEN:
        raise NoText(reason="damaged") from None
    except RecursionError:
        raise NoText(reason="too_large") from None
    finally:
        _LOGGER.disabled = silent


def _is_beyond_header(tag: BaseTag, _: str | None, __: int) -> bool:
    return tag > _LAST_OF_HEADER


def _is_cut(report: Dataset) -> bool:
    """Whether the file ends within the content, which pydicom takes for its end."""
    content = report.get_item("ContentSequence")
    if not isinstance(content, RawDataElement) or content.length == _UNDEFINED:
        return False
    return len(content.value or b"") != content.length


def _lines(item: Dataset, *, depth: int) -> list[str]:
    """The lines of an item of the content and of all below it; none of a container without words."""
    if depth > _MOST_DEPTH:
        raise NoText(reason="too_large")
    name, value = _name(item), _value(item)
    content = [child for child in item.get("ContentSequence") or [] if isinstance(child, Dataset)]
    said = [] if depth == 0 else [_value(child) for child in content if _modifies(child)]
    aside = f" ({', '.join(filter(None, said))})" if any(said) else ""
    header = [f"{name}{aside}:"] if name else []
    below: list[str] = []
    interrupted = False
    for child in content:
        if _text(child, "RelationshipType") not in _CONTEXT and (lines := _lines(child, depth=depth + 1)):
            # What goes on after a section within this one belongs to this one again.
            below += [*header, *lines] if interrupted and not _name(child) else lines
            interrupted = _text(child, "ValueType") == "CONTAINER"
    if value:
        return [f"{name}: {value}{aside}" if name else f"{value}{aside}", *below]
    return [*header, *below] if below else []


def _modifies(item: Dataset) -> bool:
    if _text(item, "RelationshipType") != "HAS CONCEPT MOD":
        return False
    return not any(_text(code, "CodeValue") in _UNSAID for code in item.get("ConceptNameCodeSequence") or [])


def _name(item: Dataset) -> str:
    """What an item is called, without a colon of its own."""
    return _meaning(item, "ConceptNameCodeSequence").rstrip(" :")


def _value(item: Dataset) -> str:
    """What an item of a kind that is words or numbers says; "" for all other kinds."""
    kind = _text(item, "ValueType")
    if kind == "TEXT":
        return str(item.get("TextValue") or "").strip()
    if kind == "CODE":
        return _meaning(item, "ConceptCodeSequence")
    if kind == "NUM":
        measured = [one for one in item.get("MeasuredValueSequence") or [] if isinstance(one, Dataset)]
        return ", ".join(f"{_text(one, 'NumericValue')} {_unit(one)}".strip() for one in measured)
    return ""


def _unit(measured: Dataset) -> str:
    """The unit as reports write it (mm); none for a plain number."""
    unit = next(iter(measured.get("MeasurementUnitsCodeSequence") or []), Dataset())
    value = _text(unit, "CodeValue")
    return "" if value == "1" or value.startswith("{") else value or _text(unit, "CodeMeaning")


def _meaning(item: Dataset, codes: str) -> str:
    return ", ".join(filter(None, (_text(code, "CodeMeaning") for code in item.get(codes) or [])))


def _text(item: Dataset, tag: str) -> str:
    """A value in one line; what DICOM parts by backslashes is one text here."""
    value = item.get(tag)
    if value is None or isinstance(value, Sequence | bytes):
        return ""
    parts = value if isinstance(value, MultiValue) else [value]
    return " ".join(" ".join(map(str, parts)).split())
