"""Foreground, histograms and matching: which pixels are breast, and what their intensities are brought to.

Intensities after matching are on one scale for all devices: 0 is background, 65,535 the brightest.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

BRIGHTEST = 65535
# Points of a quantile function: steps of 1/2,048 lie below what an 8-bit PNG can show.
QUANTILES = np.linspace(0, 1, 2049)

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


class EmptyForeground(Exception):
    """A histogram counts no pixel, or a picture has no breast."""


@dataclass(frozen=True)
class Reference:
    """What to match to: an intensity distribution, as the intensities that its cumulative shares reach.

    `shares` rise strictly from above 0 to 1; `values`, of the same length, are on any scale.
    """

    shares: Shares
    values: Shares


def foreground(pixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    """Which pixels are breast: the largest bright component, its holes filled, without pixels of value 0.

    Brighter than background means more than 3 % of the way from the 1st to the 99th percentile. View markers and
    labels are components of their own and stay out.

    Parameters
    ----------
    pixels : (rows, columns) uint16
        Stored values, dark background.

    Raises
    ------
    EmptyForeground
        If less than 1 % of the picture is brighter than its background.
    """
    low, high = np.percentile(pixels, [1, 99])
    bright = (pixels > low + 0.03 * (high - low)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=4)
    if count < 2:
        raise EmptyForeground("no pixel is brighter than the background")
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < 0.01 * pixels.size:
        raise EmptyForeground("the largest bright component covers less than 1 % of the picture")
    contours, _ = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(bright), contours, -1, color=1, thickness=cv2.FILLED)
    return filled.astype(bool) & (pixels > 0)


def histogram(pixels: npt.NDArray[np.uint16], inside: npt.NDArray[np.bool_], *, bits: int) -> Counts:
    """Pixel counts of each stored value in the foreground: (2**bits,) int64."""
    return np.bincount(pixels[inside], minlength=2**bits)


def stored_range(bits: int) -> npt.NDArray[np.uint16]:
    """Lookup table without matching: the whole range of stored values, linearly. (2**bits,) uint16."""
    return np.rint(np.arange(2**bits) * (BRIGHTEST / (2**bits - 1))).astype(np.uint16)


def matching_table(source: Counts | Shares, reference: Reference) -> npt.NDArray[np.uint16]:
    """Lookup table that gives pixels with histogram `source` the distribution of `reference`.

    Exact histogram matching, foreground only: level v goes to the reference value with the same cumulative share,
    interpolated between levels and rounded. Where the reference is a histogram, this is what scikit-image's
    `match_histograms` does on the foreground pixels, rounded.

    Parameters
    ----------
    source : (2**bits,) int64, or float64 shares
        Pixel counts of each stored value in the foreground.
    reference
        With values from 0 to 65,535.

    Returns
    -------
    (2**bits,) uint16
        Monotone; level 0 stays 0 (background).

    Raises
    ------
    EmptyForeground
        If the histogram counts no pixel.
    """
    total = source.sum()
    if total == 0:
        raise EmptyForeground("the histogram counts no pixel")
    table = np.interp(np.cumsum(source) / total, reference.shares, reference.values)
    table = np.rint(table).astype(np.uint16)
    table[0] = 0
    return table


def reference_of_histogram(counts: Counts | Shares) -> Reference:
    """The distribution that a foreground histogram of (2**bits,) counts or weights describes, on the common scale."""
    levels = np.flatnonzero(counts)
    if len(levels) == 0:
        raise EmptyForeground("the histogram counts no pixel")
    shares: Shares = np.cumsum(counts[levels], dtype=np.float64) / counts.sum()
    return Reference(shares, levels.astype(np.float64) * (BRIGHTEST / (len(counts) - 1)))


def mean_reference(histograms: list[Counts]) -> Reference:
    """The mean quantile function of pictures: at each cumulative share, the mean of their intensities there.

    Unlike a single reference image it stamps nobody's own breast on the others.

    Parameters
    ----------
    histograms
        One (2**bits,) foreground histogram a picture; bits may differ.
    """
    if not histograms:
        raise EmptyForeground("there is no development image to take a reference from")
    references = [reference_of_histogram(counts) for counts in histograms]
    values = np.stack([np.interp(QUANTILES, own.shares, own.values) for own in references])
    return Reference(QUANTILES, np.asarray(values.mean(axis=0), dtype=np.float64))


def pooled(histograms: list[Counts], labels: list[str]) -> Shares:
    """Pooled histogram of one device's pictures, every picture and then every class of equal weight.

    Devices see different mixes of classes; without equal class weights matching them would shift the class signal
    itself.

    Parameters
    ----------
    histograms
        One (2**bits,) foreground histogram a picture, all of one length.
    labels
        Class of each picture.

    Returns
    -------
    (2**bits,) float64
        Shares; they sum to 1.
    """
    means = []
    for label in sorted(set(labels)):
        shares = [counts / counts.sum() for counts, own in zip(histograms, labels, strict=True) if own == label]
        means.append(np.mean(shares, axis=0))
    return np.mean(means, axis=0)
