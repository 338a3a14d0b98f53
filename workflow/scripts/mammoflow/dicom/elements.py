"""A DICOM file taken apart: the elements of its header that may be read, and where its pixels lie.

The file is read from memory, once. Nothing of it is believed: what it states of its lengths is held against the bytes
that are there, and a deflated one is inflated to a bound.
"""

import io
import re
import zlib
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from mammoflow.dicom import syntaxes
from mammoflow.dicom.refusals import Refused, refusing
from mammoflow.dicom.syntaxes import Syntax

# Only these tags are read: no name, and a birth date only where it is asked for. Words of descriptions are looked at
# and not kept.
TAGS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "AccessionNumber", "PatientID", "PatientAge", "StudyDate",
    "Modality", "Manufacturer", "ManufacturerModelName", "PresentationIntentType", "ImageType", "NumberOfFrames",
    "SeriesDescription", "ProtocolName", "ImageLaterality", "Laterality", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "ViewPosition", "ViewCodeSequence", "ViewModifierCodeSequence",
    "PaddleDescription", "BreastImplantPresent", "BurnedInAnnotation", "PixelIntensityRelationship", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation", "SamplesPerPixel",
    "PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence",
)  # fmt: skip
# A file holds one image of at most 64 million pixels of two bytes, and a header.
MOST_BYTES = 2 * 64_000_000 + 2**24

_MARK_AT, _MARK = 128, b"DICM"
_PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
_TAGS: list[BaseTag | int] = [Tag(tag) for tag in TAGS]
_BIRTH: list[BaseTag | int] = [Tag("PatientBirthDate")]
_TRANSFER_SYNTAX: list[BaseTag | int] = [Tag("TransferSyntaxUID")]
# The first element of a data set: of group 2 or 8, its kind in two letters or its length after it.
_FIRST_ELEMENT = re.compile(rb"(?:[\x02\x08]\0.\0|\0[\x02\x08]\0.)(?:[A-Z]{2}|.\0\0\0)", re.DOTALL)


@dataclass(frozen=True)
class Elements:
    """`pixels` is the value of the pixel data as it stands in the file; None where the file ends before."""

    header: Dataset
    syntax: Syntax
    pixels: memoryview | None
    pixels_vr: str
    encapsulated: bool


def take_apart(content: bytes, *, with_birth: bool = False) -> Elements:
    """The header and the pixels of a DICOM file, given whole; the birth date is in the header only if asked for.

    Raises
    ------
    Refused
        If it is no DICOM file, or its header cannot be read.
    """
    if not content:
        raise Refused("quarantined", "empty_file")
    if content[_MARK_AT : _MARK_AT + len(_MARK)] != _MARK:
        raise Refused("quarantined", "no_preamble" if _FIRST_ELEMENT.match(content) else "not_dicom")
    with refusing("bad_header"):
        file = io.BytesIO(content)
        file.seek(_MARK_AT + len(_MARK))
        syntax = _syntax(file)
    if syntax.deflated:
        content = _inflated(content, file.tell())
        file = io.BytesIO(content)
    with refusing("bad_header"):
        return _elements(file, memoryview(content), syntax, _TAGS + _BIRTH if with_birth else _TAGS)


def _syntax(file: io.BytesIO) -> Syntax:
    """The transfer syntax; the file then stands at the end of its meta information, nothing beyond being read."""
    meta = read_dataset(file, False, True, stop_when=_is_beyond_meta, specific_tags=_TRANSFER_SYNTAX)
    return syntaxes.of(str(meta.get("TransferSyntaxUID", "")))


def _is_beyond_meta(tag: BaseTag, _: str | None, __: int) -> bool:
    return tag.group != 2


def _inflated(content: bytes, start: int) -> bytes:
    """A deflated data set, as far as a mammogram may go."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(memoryview(content)[start:], MOST_BYTES)
    except zlib.error:
        raise Refused("quarantined", "decode_error") from None
    if stream.eof:
        return inflated
    raise Refused("quarantined", "too_large" if len(inflated) >= MOST_BYTES else "truncated")


def _elements(file: io.BytesIO, content: memoryview, syntax: Syntax, tags: list[BaseTag | int]) -> Elements:
    found: list[tuple[str | None, int]] = []

    def is_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag == _PIXEL_DATA:
            found[:] = [(vr, length)]
        return tag >= _PIXEL_DATA

    header = read_dataset(file, syntax.implicit, syntax.little, stop_when=is_pixels, specific_tags=tags)
    if not found:
        return Elements(header, syntax, None, "", False)
    vr, length = found[0]
    start = file.tell() + (12 if vr in EXPLICIT_VR_LENGTH_32 else 8)
    encapsulated = length == _UNDEFINED
    return Elements(header, syntax, content[start : None if encapsulated else start + length], vr or "", encapsulated)
