"""Predictions: the one table that every method writes and every evaluation reads."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError

_ABOUT = ["exam_id", "patient_id", "laterality", "view", "subset", "label"]


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
    found = manifest[["image_id", *_ABOUT]].copy()
    # Float32 sums leave 1 by a rounding; probabilities end within [0, 1].
    bounded = np.clip(probabilities.astype(np.float64), 0, 1)
    found[tables.probability_columns(classes)] = bounded
    return found


def merged(members: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Combine experiments: an image gets the mean of the probabilities that those give it who predict it.

    Parameters
    ----------
    members
        A predictions table for each experiment, of one seed.

    Returns
    -------
    pandas.DataFrame
        `tables.PREDICTIONS`: every image that at least one of them predicts.

    Raises
    ------
    UserError
        If they have not the same classes, or say different things of an image, such as its label or its subset.
    """
    first, *others = members.values()
    together = pd.concat(members.values(), ignore_index=True)
    by_image = together.groupby("image_id")
    same_classes = all(list(other.columns) == list(first.columns) for other in others)
    if not same_classes or (by_image[_ABOUT].nunique() > 1).any(axis=None):
        raise UserError(
            f"predictions of {', '.join(members)}: classes, or labels or subsets of the same images, differ; "
            "delete these files to have them made again"
        )
    mean = by_image[tables.probability_columns(tables.predicted_classes(first))].mean()
    return by_image[_ABOUT].first().join(mean).reset_index()
