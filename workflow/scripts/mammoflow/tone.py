"""Tone: how stored values, which differ from device to device, are brought to one scale before any matching."""

import cv2
import numpy as np
import numpy.typing as npt

from mammoflow.intensity import BRIGHTEST, Counts, Table

LEVELS = BRIGHTEST + 1
ENDS = (0.005, 0.995)  # cumulative shares of the foreground that `percentile` takes for black and white


def of(counts: Counts, voi: Table | None, *, tone: str) -> tuple[Table, str]:
    """The lookup table of a picture's tone, and the tone that it is.

    Parameters
    ----------
    counts : (2**bits,) int64
        Pixel counts of each stored value in the foreground.
    voi : (2**bits,) uint16, or None
        The header's window or lookup table.
    tone
        "stored_range", "percentile" or "voi". A picture whose header gives no window falls back to "stored_range".

    Returns
    -------
    table : (2**bits,) uint16
        From stored values to intensities of 0 to 65,535.
    used
        The tone, other than asked for after a fallback.
    """
    if tone == "percentile":
        return percentile(counts), tone
    if tone == "voi" and voi is not None:
        return voi, tone
    return stored_range(len(counts)), "stored_range"


def stored_range(levels: int) -> Table:
    """The whole range of stored values, linearly: (levels,) uint16."""
    return np.rint(np.arange(levels) * (BRIGHTEST / (levels - 1))).astype(np.uint16)


def percentile(counts: Counts) -> Table:
    """From the 0.5 to the 99.5 percentile of the foreground, linearly; what lies outside is black or white.

    A percentile is the least stored value that at least that share of the foreground does not exceed.

    Parameters
    ----------
    counts : (2**bits,) int64
        Pixel counts of each stored value in the foreground.
    """
    cumulative = np.cumsum(counts)
    low, high = np.searchsorted(cumulative, np.array(ENDS) * cumulative[-1])
    if high <= low:
        return stored_range(len(counts))
    scaled = (np.arange(len(counts)) - low) / (high - low)
    return np.rint(np.clip(scaled, 0, 1) * BRIGHTEST).astype(np.uint16)


def toned(counts: Counts, table: Table) -> Counts:
    """The histogram after a tone: (65,536,) int64."""
    return np.bincount(table, weights=counts, minlength=LEVELS).astype(np.int64)


def look_up(pixels: npt.NDArray[np.uint16], table: Table) -> npt.NDArray[np.uint16]:
    """Pixels by a table that has an entry for each of their values; three times as fast as indexing it."""
    whole = np.zeros(LEVELS, np.uint16)
    whole[: len(table)] = table
    return np.asarray(cv2.LUT(pixels, whole), np.uint16)


def compose(first: Table, then: npt.NDArray[np.uint16]) -> Table:
    """One lookup in place of two, with the background left at 0."""
    table = then[first]
    table[0] = 0
    return table
