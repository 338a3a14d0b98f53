"""Values of a header's elements as plain text and numbers."""

import math

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence


def text(header: Dataset, tag: str) -> str:
    """A value in one line; what DICOM parts by backslashes is one text here; "" where there is none."""
    value = header.get(tag)
    if value is None or isinstance(value, Sequence | bytes):
        return ""
    parts = value if isinstance(value, MultiValue) else [value]
    return " ".join(" ".join(map(str, parts)).split())


def texts(header: Dataset, tag: str) -> list[str]:
    """The values of an element of several."""
    value = header.get(tag)
    return [str(part) for part in value] if isinstance(value, MultiValue) else list(filter(None, [text(header, tag)]))


def items(header: Dataset, tag: str) -> list[Dataset]:
    """The items of a sequence; none where there is none."""
    value = header.get(tag)
    return list(value) if isinstance(value, Sequence) else []


def first_number(header: Dataset, tag: str) -> float | None:
    """The first value of an element as a number; None where there is none."""
    value = header.get(tag)
    if isinstance(value, MultiValue):
        value = value[0] if value else None
    if value is None or value == "":
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def integers(header: Dataset, tag: str, *, signed: bool, little: bool) -> list[int]:
    """The values of an element that is signed as the pixels are, which an implicit file does not say of itself."""
    value = header.get(tag)
    if isinstance(value, bytes):
        order = "<" if little else ">"
        return [int(number) for number in np.frombuffer(value, f"{order}{'i' if signed else 'u'}2")]
    parts = value if isinstance(value, MultiValue) else [value]
    return [int(part) for part in parts if part is not None and part != ""]
