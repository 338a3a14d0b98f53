"""Stored values of an image as unsigned integers with a dark background, without loss."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from mammoflow.dicom.refusals import Refused
from mammoflow.dicom.values import first_number, integers, text

MOST_PIXELS = 64_000_000


@dataclass(frozen=True)
class Layout:
    """How pixels are stored: their size, their bits, and which of their values are no picture."""

    rows: int
    columns: int
    bits_allocated: int
    bits: int
    signed: bool
    inverted: bool
    padding: tuple[int, int] | None  # the least and the greatest value of what was cut out of the picture

    @property
    def highest(self) -> int:
        """The highest value, counted from the lowest."""
        return (1 << self.bits) - 1

    @property
    def lowest(self) -> int:
        """The lowest value as stored."""
        return -(1 << (self.bits - 1)) if self.signed else 0


def layout(header: Dataset, *, little: bool) -> Layout:
    """What the header says of its pixels, checked before any of them is touched.

    Raises
    ------
    Refused
        If it contradicts itself, or describes no mammogram.
    """
    photometric = text(header, "PhotometricInterpretation")
    if photometric not in ("MONOCHROME1", "MONOCHROME2") or text(header, "SamplesPerPixel") not in ("", "1"):
        raise Refused("excluded", "not_monochrome")
    rows, columns = _whole(header, "Rows"), _whole(header, "Columns")
    if rows * columns > MOST_PIXELS:
        raise Refused("quarantined", "too_large")
    allocated, bits = _whole(header, "BitsAllocated"), _whole(header, "BitsStored")
    sign = _whole(header, "PixelRepresentation")
    for tag, is_right in (
        ("Rows", rows > 0),
        ("Columns", columns > 0),
        ("BitsAllocated", allocated in (8, 16)),
        ("BitsStored", 0 < bits <= allocated),
        ("PixelRepresentation", sign in (0, 1)),
    ):
        if not is_right:
            raise Refused("quarantined", "bad_header", tag)
    padding = _padding(header, signed=sign == 1, little=little)
    return Layout(rows, columns, allocated, bits, sign == 1, photometric == "MONOCHROME1", padding)


def bring_to_dark(raw: npt.NDArray[np.integer], layout: Layout, *, lossy: bool) -> npt.NDArray[np.uint16]:
    """Stored values below 2**bits on a dark background.

    Signed values are shifted and those of MONOCHROME1 inverted. Bits above the stored ones, which may hold anything,
    are cut off; but where a lossy codec exceeds the range it is held to the range. What was cut out of the picture
    is 0.

    Parameters
    ----------
    raw
        (rows, columns), as decoded.
    layout
        How they are stored.
    lossy
        Whether a lossy codec wrote them.
    """
    raw = raw.view(f"{'i' if layout.signed else 'u'}{raw.dtype.itemsize}")
    held = np.clip(raw, layout.lowest, layout.lowest + layout.highest) if lossy and exceeds(raw, layout) else raw
    values = held.view(np.uint16) if held.dtype.itemsize == 2 else held.astype(np.int16).view(np.uint16)
    if layout.signed:
        # The sign is taken from the stored bits: those above may hold anything.
        values = (values & layout.highest) ^ (1 << (layout.bits - 1))
    elif exceeds(values, layout):
        values = values & layout.highest
    if layout.inverted:
        values = layout.highest - values
    return _without_padding(values, raw, layout)


def exceeds(raw: npt.NDArray[np.integer], layout: Layout) -> bool:
    """Whether a value lies beyond the stored bits."""
    info = np.iinfo(raw.dtype)
    highest = layout.lowest + layout.highest
    too_high = info.max > highest and raw.max() > highest
    return bool(too_high or (info.min < layout.lowest and raw.min() < layout.lowest))


def _without_padding(
    values: npt.NDArray[np.uint16], raw: npt.NDArray[np.integer], layout: Layout
) -> npt.NDArray[np.uint16]:
    """The values with 0 where the raw ones say that there is no picture."""
    if layout.padding is None:
        return values
    low, high = layout.padding
    if low == high == layout.lowest + (layout.highest if layout.inverted else 0):
        return values  # 0 already
    outside = raw == low if low == high else (raw >= low) & (raw <= high)
    return np.where(outside, np.uint16(0), values) if outside.any() else values


def _whole(header: Dataset, tag: str) -> int:
    number = first_number(header, tag)
    if number is None or number != int(number):
        raise Refused("quarantined", "bad_header", tag)
    return int(number)


def _padding(header: Dataset, *, signed: bool, little: bool) -> tuple[int, int] | None:
    """The range of values that fill what is no picture; its two ends may stand in either order."""
    value = integers(header, "PixelPaddingValue", signed=signed, little=little)[:1]
    limit = integers(header, "PixelPaddingRangeLimit", signed=signed, little=little)[:1]
    ends = value + limit if value else []
    return (min(ends), max(ends)) if ends else None
