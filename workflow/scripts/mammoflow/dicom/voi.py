"""The window or lookup table that a header asks for, computed for each stored value and not for each pixel.

DICOM PS3.3, C.11.2: of several the first is taken, and a lookup table goes before a window.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from mammoflow.dicom.refusals import Refused, refusing
from mammoflow.dicom.stored import Layout
from mammoflow.dicom.values import first_number, integers, items, text

Floats = npt.NDArray[np.float64]

_TOP = 65535


def is_stated(header: Dataset) -> bool:
    """Whether a header asks for a window or a lookup table."""
    return any(tag in header for tag in ("WindowCenter", "WindowWidth", "VOILUTSequence"))


def table(header: Dataset, layout: Layout, *, little: bool) -> npt.NDArray[np.uint16] | None:
    """From stored values on a dark background to 0..65,535.

    Returns
    -------
    (2**bits,) uint16, or None
        None where the header asks for nothing, or for what cannot be done: a width of 0, an unknown function, a broken
        table.
    """
    try:
        with refusing("bad_header"):
            shown = _shown(header, _ramp(header, layout), layout, little=little)
    except Refused:
        # A picture without a window is a picture: whoever asks for the window finds none.
        return None
    if shown is None:
        return None
    return np.rint((1 - shown if layout.inverted else shown) * _TOP).astype(np.uint16)


def _ramp(header: Dataset, layout: Layout) -> Floats:
    """What each of our values was before it was shifted and inverted, after the header's rescaling."""
    ramp = np.arange(layout.highest + 1, dtype=np.float64)
    if layout.inverted:
        ramp = layout.highest - ramp
    ramp += layout.lowest
    if items(header, "ModalityLUTSequence"):
        raise Refused("quarantined", "bad_header", "ModalityLUTSequence")
    slope, intercept = first_number(header, "RescaleSlope"), first_number(header, "RescaleIntercept")
    return ramp * (1 if slope is None else slope) + (intercept or 0)


def _shown(header: Dataset, ramp: Floats, layout: Layout, *, little: bool) -> Floats | None:
    """Brightness in [0, 1] of each value of the ramp."""
    tables = items(header, "VOILUTSequence")
    if tables:
        return _looked_up(tables[0], ramp, layout, little=little)
    center, width = first_number(header, "WindowCenter"), first_number(header, "WindowWidth")
    function = _FUNCTIONS.get(text(header, "VOILUTFunction").upper() or "LINEAR")
    if center is None or width is None or function is None:
        return None
    return function(ramp, center, width)


def _linear(ramp: Floats, center: float, width: float) -> Floats | None:
    if width < 1:
        return None
    if width == 1:
        return np.where(ramp > center - 0.5, 1.0, 0.0)
    return np.clip((ramp - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def _linear_exact(ramp: Floats, center: float, width: float) -> Floats | None:
    return np.clip((ramp - center) / width + 0.5, 0, 1) if width > 0 else None


def _sigmoid(ramp: Floats, center: float, width: float) -> Floats | None:
    if width <= 0:
        return None
    # Beyond this the exponential is nothing or everything.
    return 1 / (1 + np.exp(np.clip(-4 * (ramp - center) / width, -700, 700)))


def _looked_up(item: Dataset, ramp: Floats, layout: Layout, *, little: bool) -> Floats | None:
    """By a table that begins at its first value; below and above it goes on as it begins and ends."""
    entries, first, bits = integers(item, "LUTDescriptor", signed=False, little=little)
    if layout.signed and first >= 1 << 15:
        first -= 1 << 16
    data = item.get("LUTData")
    values = np.asarray(integers(item, "LUTData", signed=False, little=little), dtype=np.float64)
    entries = entries or 1 << 16
    if isinstance(data, bytes) and len(data) in (entries, entries + 1) and bits <= 8:
        values = np.frombuffer(data, np.uint8).astype(np.float64)
    if len(values) < entries or not 0 < bits <= 16:
        return None
    place = np.clip(np.rint(ramp - first), 0, entries - 1).astype(np.int64)
    return np.clip(values[place] / ((1 << bits) - 1), 0, 1)


_FUNCTIONS: dict[str, Callable[[Floats, float, float], Floats | None]] = {
    "LINEAR": _linear,
    "LINEAR_EXACT": _linear_exact,
    "SIGMOID": _sigmoid,
}
