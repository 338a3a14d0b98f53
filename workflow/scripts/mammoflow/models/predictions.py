"""Predictions: the one table that every method writes and every evaluation reads."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import tables


def as_table(manifest: pd.DataFrame, probabilities: npt.NDArray[np.floating], classes: list[str]) -> pd.DataFrame:
    """Put probabilities beside the images of a manifest.

    Parameters
    ----------
    manifest
        `tables.MANIFEST`.
    probabilities : (n, k)
        One row an image of the manifest, in its order; each sums to 1.
    classes
        The k classes kept, in order.

    Returns
    -------
    pandas.DataFrame
        `tables.PREDICTIONS`.
    """
    columns = ["image_id", "exam_id", "patient_id", "laterality", "view", "subset", "label"]
    found = manifest[columns].copy()
    # Float32 sums leave 1 by a rounding; probabilities end within [0, 1].
    bounded = np.clip(probabilities.astype(np.float64), 0, 1)
    found[tables.probability_columns(classes)] = bounded
    return found
