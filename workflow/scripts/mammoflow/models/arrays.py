"""Pictures as one array: PNGs decoded once, so that no epoch waits for decoding."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mammoflow import pictures, tables

FILE = "squares.npy"


def stack(files: list[str], side: int, path: Path, progress: Callable[..., Any]) -> None:
    """Write PNGs as squares, in their order: (n, side, side) uint8, aspect kept, padded with black.

    Never more than one picture is in memory.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), side, side)}
    # Not through a memory map: a full disk would kill the process without a word.
    with open(path, "wb") as array:
        np.lib.format.write_array_header_1_0(array, header)
        for file in progress(files):
            array.write(pictures.square(pictures.read_png(file), side).tobytes())


def index(pngs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Where each picture stands in the array of this folder, that of its PNGs in their order: `tables.ARRAYS`."""
    rows = pngs[["image_id", "sha256"]].assign(file=str(folder / FILE), row=range(len(pngs)))
    return rows.astype({"row": "Int64"})[list(tables.ARRAYS.columns)]
