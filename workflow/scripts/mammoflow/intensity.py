"""Intensities of the foreground: histograms, what they are matched to, and the lookup tables that match them.

After tone and matching, intensities are on one scale for all devices: 0 is background, 65,535 the brightest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

BRIGHTEST = 65535
# Points of a quantile function: steps of 1/2,048 lie below what an 8-bit PNG can show.
QUANTILES = np.linspace(0, 1, 2049)
# OpenCV counts in 32-bit floats, which are whole numbers up to here only.
MOST_COUNTED = 2**24

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]
Table = npt.NDArray[np.uint16]


class EmptyHistogram(Exception):
    """A histogram counts no pixel, or there is none."""


@dataclass(frozen=True)
class Reference:
    """What to match to: an intensity distribution, as the intensities that its cumulative shares reach.

    `shares` rise strictly from above 0 to 1; `values`, of the same length, are on any scale.
    """

    shares: Shares
    values: Shares


def histogram(pixels: npt.NDArray[np.uint16], *, bits: int) -> Counts:
    """Pixel counts of each stored value in the foreground.

    Parameters
    ----------
    pixels : (rows, columns) uint16
        Values below 2**bits; 0 is background and is not counted.

    Returns
    -------
    (2**bits,) int64
    """
    counts = np.zeros(2**bits, np.int64)
    parts = np.array_split(pixels, -(-pixels.size // (MOST_COUNTED - pixels.shape[1])))
    for part in parts:
        counts += cv2.calcHist([part], [0], None, [2**bits], [0, 2**bits]).ravel().astype(np.int64)
    counts[0] = 0
    return counts


def matching_table(source: Counts | Shares, reference: Reference) -> Table:
    """Lookup table that gives pixels with histogram `source` the distribution of `reference`.

    Exact histogram matching, foreground only: level v goes to the reference value with the same cumulative share,
    interpolated between levels and rounded. Where the reference is a histogram, this is what scikit-image's
    `match_histograms` does on the foreground pixels, rounded.

    Parameters
    ----------
    source : (n,) int64, or float64 shares
        Pixel counts of each level in the foreground.
    reference
        With values from 0 to 65,535.

    Returns
    -------
    (n,) uint16
        Monotone.

    Raises
    ------
    EmptyHistogram
        If the histogram counts no pixel.
    """
    cumulative = np.cumsum(source)
    if not cumulative[-1]:
        raise EmptyHistogram("the histogram counts no pixel")
    table = np.interp(cumulative / cumulative[-1], reference.shares, reference.values)
    return np.rint(table).astype(np.uint16)


def reference_of_histogram(counts: Counts | Shares) -> Reference:
    """The distribution that a foreground histogram of (n,) counts or weights describes, on the common scale."""
    levels = np.flatnonzero(counts)
    if len(levels) == 0:
        raise EmptyHistogram("the histogram counts no pixel")
    cumulative = np.cumsum(counts[levels])
    return Reference(cumulative / cumulative[-1], levels.astype(np.float64) * (BRIGHTEST / (len(counts) - 1)))


def mean_reference(histograms: Iterable[Counts]) -> Reference:
    """The mean quantile function of pictures: at each cumulative share, the mean of their intensities there.

    Unlike a single reference image it stamps nobody's own breast on the others.

    Parameters
    ----------
    histograms
        One (n,) foreground histogram a picture; lengths may differ.

    Raises
    ------
    EmptyHistogram
        If there is none.
    """
    total, count = np.zeros(len(QUANTILES)), 0
    for counts in histograms:
        own = reference_of_histogram(counts)
        total += np.interp(QUANTILES, own.shares, own.values)
        count += 1
    if not count:
        raise EmptyHistogram("there is no picture to take a reference from")
    return Reference(QUANTILES, total / count)


def pooled(histograms: Iterable[Counts], labels: Iterable[str], *, pooling: str) -> Shares:
    """Pooled histogram of the pictures of one device.

    Parameters
    ----------
    histograms
        One (n,) foreground histogram a picture, all of one length.
    labels
        Class of each picture.
    pooling
        "class_weighted": every class weighs the same, and within it every picture. "plain": every pixel does. Devices
        see different mixes of classes; pooled plainly, their tables would shift the class signal itself.

    Returns
    -------
    (n,) float64
        Shares; they sum to 1.
    """
    sums: dict[str, Shares] = {}
    for counts, label in zip(histograms, labels, strict=True):
        weights = counts / counts.sum() if pooling == "class_weighted" else counts.astype(np.float64)
        sums[label] = sums.get(label, np.zeros(len(counts))) + weights
    if not sums:
        raise EmptyHistogram("there is no picture to pool")
    if pooling == "plain":
        total = np.sum(list(sums.values()), axis=0)
    else:
        total = np.sum([sums[label] / sums[label].sum() for label in sorted(sums)], axis=0)
    return total / total.sum()
