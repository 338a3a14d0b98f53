"""Contrast-limited adaptive histogram equalisation, of the breast only.

As OpenCV does it on pictures of 8 bits: a histogram of 256 bins a tile, cut at a limit, what was cut shared out, and
tables interpolated between the middles of tiles. But background enters no histogram, because at the skin line it would
spend most of the range on itself; and intensities keep more than 8 bits. OpenCV's own 16-bit form divides the limit by
65,536 bins, so that pictures of some hundred pixels get no contrast at all.
"""

import numpy as np
import numpy.typing as npt

BINS = 256
LEVELS = 4096  # of intensities that tables tell apart
BRIGHTEST = 65535

Pixels = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]


def equalise(pixels: Pixels, inside: npt.NDArray[np.bool_], *, clip: float, tiles: int) -> Pixels:
    """Equalise the foreground of a picture tile by tile.

    Parameters
    ----------
    pixels : (rows, columns) uint16
        Intensities of 0 to 65,535.
    inside : (rows, columns) bool
        The foreground; what lies outside becomes 0.
    clip
        Most pixels of a bin, as a multiple of the mean of the bins, before what was cut is shared out; more gives more
        contrast, and almost 0 none.
    tiles
        Tiles in each direction.
    """
    row_tile, row_first, row_part = _places(pixels.shape[0], tiles)
    column_tile, column_first, column_part = _places(pixels.shape[1], tiles)
    tables = _tables(pixels, inside, row_tile[:, None] * tiles + column_tile, clip=clip, tiles=tiles)
    levels = pixels // (BRIGHTEST // LEVELS + 1)
    row_second = np.minimum(row_first + 1, tiles - 1)
    column_second = np.minimum(column_first + 1, tiles - 1)

    def looked_up(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Floats:
        return tables[(rows[:, None] * tiles + columns) * LEVELS + levels]

    above = _between(looked_up(row_first, column_first), looked_up(row_first, column_second), column_part)
    below = _between(looked_up(row_second, column_first), looked_up(row_second, column_second), column_part)
    found = _between(above, below, row_part[:, None])
    return np.where(inside, np.rint(found * BRIGHTEST), 0).astype(np.uint16)


def _places(length: int, tiles: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Of each row or column: its tile, the tile whose middle comes before it, and how far it is on to the next."""
    position = (np.arange(length) + 0.5) * tiles / length
    between = np.clip(position - 0.5, 0, tiles - 1)
    first = between.astype(np.int64)
    return position.astype(np.int64), first, (between - first).astype(np.float32)


def _tables(
    pixels: Pixels, inside: npt.NDArray[np.bool_], tile: npt.NDArray[np.int64], *, clip: float, tiles: int
) -> Floats:
    """The table of each tile, one after the other: (tiles**2 * LEVELS,) float32 of 0 to 1."""
    own = tile[inside] * BINS + pixels[inside] // ((BRIGHTEST + 1) // BINS)
    counts = np.bincount(own, minlength=tiles**2 * BINS).reshape(-1, BINS).astype(np.float64)
    size = counts.sum(axis=1, keepdims=True)
    limit = np.maximum(clip * size / BINS, 1)
    kept = np.minimum(counts, limit)
    kept += (size - kept.sum(axis=1, keepdims=True)) / BINS
    # A tile without foreground leaves intensities as they are; its table is only met between tiles.
    kept[size[:, 0] == 0] = 1
    reached = np.cumsum(kept, axis=1) / kept.sum(axis=1, keepdims=True)
    edges = np.concatenate([np.zeros((len(reached), 1)), reached], axis=1)
    at = np.linspace(0, BINS, LEVELS)
    ends = np.arange(BINS + 1)
    return np.concatenate([np.interp(at, ends, own_edges) for own_edges in edges]).astype(np.float32)


def _between(first: Floats, second: Floats, part: Floats) -> Floats:
    return first + (second - first) * part
