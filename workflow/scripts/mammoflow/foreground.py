"""Foreground: which pixels of a mammogram are breast.

Found on a picture reduced to some 400 pixels, where noise is averaged out and a component costs a millisecond, and
brought back to full size.
"""

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 400  # least pixels of the longest side of the reduced picture, which has less than twice as many
# Shares of the range of intensities.
ABOVE = 0.03  # breast is brighter than the background by so much: the skin line is kept, noise is not
DARK = 0.2  # the background is darker than this
NARROW = 0.02  # a background is an even grey, this much to either side at most
WHITE = 0.95  # a frame is at least as bright
EVEN = 0.1  # the least share of the picture that an even grey covers, if it is a background beside black
FRAMED = 0.8  # the least share of one side of the picture that a frame covers
LEAST = 0.01  # the least share of the picture that a breast covers
SPREADS = 5.0  # standard deviations of its noise that the background reaches up to

Mask = npt.NDArray[np.bool_]
Box = tuple[slice, slice]  # of rows and of columns


class EmptyForeground(Exception):
    """A picture has no breast."""


def cut_out(pixels: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.uint16], Box]:
    """The part of a picture that holds the breast, with everything else in it set to 0, and its place.

    Parameters
    ----------
    pixels : (rows, columns) uint16
        Stored values, dark background; padding is 0.

    Raises
    ------
    EmptyForeground
        If nothing large enough is brighter than the background.
    """
    box, breast = find(pixels)
    return np.asarray(cv2.copyTo(pixels[box], breast.view(np.uint8)), np.uint16), box


def find(pixels: npt.NDArray[np.uint16]) -> tuple[Box, Mask]:
    """Which pixels are breast: the largest component brighter than the background, its holes filled.

    Returned is a box around it and, of the pixels within, which are breast.

    View markers, labels and a white frame around a digitised film are not. The outline is as exact as a pixel of the
    reduced picture; what has the value 0 is background, wherever it lies.

    Parameters
    ----------
    pixels : (rows, columns) uint16
        Stored values, dark background; padding is 0.

    Raises
    ------
    EmptyForeground
        If nothing large enough is brighter than the background.
    """
    reduced = _reduce(pixels)
    framed = _frame(reduced)
    component = _largest(_bright(reduced, framed))
    if component.mean() < LEAST:
        raise EmptyForeground(f"the largest bright component covers less than {100 * LEAST:.0f} % of the picture")
    return _enlarge(_fill(component), pixels.shape)


def _box(mask: Mask) -> Box:
    """The least box that holds all of a mask, with a line more at each side where there is one."""
    sides = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    rows, columns = (slice(max(0, int(side[0]) - 1), int(side[-1]) + 2) for side in sides)
    return rows, columns


def _reduce(pixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """The picture halved, by means of 2 by 2 pixels, as often as its size allows; odd last lines are left out."""
    while max(pixels.shape) >= 2 * SIDE and min(pixels.shape) > 1:
        rows, columns = (side // 2 for side in pixels.shape)
        whole = pixels[: 2 * rows, : 2 * columns]
        pixels = np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint16)
    return pixels


def _enlarge(mask: Mask, shape: tuple[int, ...]) -> tuple[Box, Mask]:
    """A box of the full size and the mask in it; lines that the reduction left out are like those beside them."""
    factor = 1
    while max(side // factor for side in shape) > max(mask.shape):
        factor *= 2
    box = _box(mask)
    part = mask[box].astype(np.uint8) * 255
    rows, columns = (side * factor for side in part.shape)
    full = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_LINEAR)
    cv2.threshold(full, 127, 1, cv2.THRESH_BINARY, dst=full)
    first = [side.start * factor for side in box]
    # To the end of the picture where the box goes to the end of the reduced one.
    last = [
        whole if side.stop >= reduced else side.stop * factor
        for side, reduced, whole in zip(box, mask.shape, shape, strict=True)
    ]
    more = [(0, end - start - side) for start, end, side in zip(first, last, full.shape, strict=True)]
    if more != [(0, 0), (0, 0)]:
        full = np.pad(full, more, mode="edge")
    return (slice(first[0], last[0]), slice(first[1], last[1])), full.view(bool)


def _frame(reduced: npt.NDArray[np.uint16]) -> Mask:
    """The bright frame of a scan: white components that cover most of a side of the picture."""
    white = (reduced >= WHITE * float(reduced.max())) & (reduced > 0)
    sides = [border for border in (white[0], white[-1], white[:, 0], white[:, -1]) if border.mean() >= FRAMED]
    if not sides or white.all():
        return np.zeros_like(white)
    _, labels = cv2.connectedComponents(white.astype(np.uint8), connectivity=8)
    borders = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    frame = np.isin(labels, np.unique(borders[borders > 0]))
    # Its edge, which the reduction has mixed with what lies beside it.
    return cv2.dilate(frame.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)


def _bright(reduced: npt.NDArray[np.uint16], framed: Mask) -> Mask:
    """Pixels brighter than the background, without a frame."""
    # Every third pixel tells as much of the background as all.
    values = reduced[~framed][::3].astype(np.float64)
    if len(values) == 0:
        raise EmptyForeground("nothing but a frame")
    low, high = np.percentile(values, [0.5, 99.5])
    if high <= low:
        raise EmptyForeground("no pixel is brighter than the background")
    level, spread = _background(values, low, high)
    threshold = level + max(ABOVE * (high - low), SPREADS * spread)
    bright = (reduced > threshold) & ~framed
    # Opened, so that a scratch or a line of noise does not tie a label to the breast.
    return cv2.morphologyEx(bright.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(bool)


def _background(values: npt.NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    """Level and noise of the background: the commonest dark grey.

    Where padding is black and the background beside it is not, both are dark and even; the brighter one counts.
    """
    width = NARROW * (high - low)
    level = _mode(values[values <= low + DARK * (high - low)], width)
    beside = values[(values > max(level + 2 * width, 0)) & (values <= low + DARK * (high - low))]
    if level <= low + width and len(beside):
        other = _mode(beside, width)
        if (np.abs(values - other) <= width / 2).mean() >= EVEN:
            level = other
    # Only what is darker tells the noise, because breast is never darker than the background.
    darker = values[(values < level) & (values >= level - 2 * width)]
    return level, float(np.sqrt(np.mean((level - darker) ** 2))) if len(darker) else 0.0


def _mode(values: npt.NDArray[np.float64], width: float) -> float:
    """The middle of the interval of `width` that holds most values."""
    ordered = np.sort(values)
    held = np.searchsorted(ordered, ordered + width, side="right") - np.arange(len(ordered))
    first = int(np.argmax(held))
    return float(np.median(ordered[first : first + held[first]]))


def _largest(bright: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=4)
    if count < 2:
        raise EmptyForeground("no pixel is brighter than the background")
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))


def _fill(component: Mask) -> Mask:
    """The component without holes."""
    contours, _ = cv2.findContours(component.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(component.shape, np.uint8)
    return cv2.drawContours(filled, contours, -1, color=1, thickness=cv2.FILLED).astype(bool)
