"""What a training leaves in its work folder: the learning curve and the probabilities, beside the weights."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import tables

CURVE, PROBABILITIES = "curve.tsv", "probabilities.npy"


def save(place: Path, curve: list[dict[str, Any]], probabilities: npt.NDArray[np.float64]) -> None:
    """Keep a training's rows of `tables.CURVE` and its (n, k) probabilities in this folder."""
    tables.write(tables.frame_of(curve, tables.CURVE), place / CURVE, tables.CURVE)
    np.save(place / PROBABILITIES, probabilities)


def load(place: Path) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """The curve and the probabilities that `save` kept."""
    return tables.read(place / CURVE, tables.CURVE), np.load(place / PROBABILITIES, allow_pickle=False)
