"""Pictures as one array: PNGs decoded once, so that no epoch waits for decoding."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import pictures, tables

FILE = "squares.npy"


@dataclass(frozen=True)
class Squares:
    """The pictures of some images, read from a memory-mapped array as they are asked for."""

    array: npt.NDArray[np.uint8]  # (all, side, side)
    places: npt.NDArray[np.int64]  # (n,) row of each image's picture

    @property
    def side(self) -> int:
        """Pixels."""
        return self.array.shape[1]

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """The pictures of images: (len(rows), side, side), a copy."""
        return self.array[self.places[rows]]


def stack(files: list[str], side: int, path: Path, progress: Callable[..., Any]) -> None:
    """Write PNGs as squares, in their order: (n, side, side) uint8, aspect kept, padded with black.

    Never more than one picture is in memory.
    """
    squares = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(len(files), side, side))
    for row, file in enumerate(progress(files)):
        squares[row] = pictures.square(pictures.read_png(file), side)
    squares.flush()


def index(pngs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Where each picture stands in the array of this folder, that of its PNGs in their order: `tables.ARRAYS`."""
    rows = pngs[["image_id", "sha256"]].assign(file=str(folder / FILE), row=range(len(pngs)))
    return rows.astype({"row": "Int64"})[list(tables.ARRAYS.columns)]
