"""Few images a class to learn from: nested draws, from as many patients as there are."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import splits
from mammoflow.models.subsets import Rows, class_weights

ALL = "all"
# More would not be few; Zhou et al. 2022 (CoOp) take as many.
MOST_VALIDATION = 4


def subset(rows: Rows, manifest: pd.DataFrame, *, shots: str, n_classes: int, seed: int) -> Rows:
    """Keep so many training images of each class, and at most four, or as many if these are fewer, to validate with.

    The patients of a class are put in an order drawn from the seed; each gives an image, then each that has one left
    a second, and so on. So a larger draw holds every smaller one, and an image more is a patient more as long as there
    are any. Of a class with fewer images all are taken; where that is so of every class, nothing is left out.

    Parameters
    ----------
    rows
        What the experiment trains on and validates with, positions in the manifest.
    manifest
        `tables.MANIFEST`.
    shots
        Images a class, or "all", which leaves nothing out.
    n_classes, seed
        Number of classes; seed of the draw.

    Returns
    -------
    Rows
        In the manifest's order; classes that have weights have those of the drawn images.
    """
    largest = int(np.bincount(rows.targets[rows.train]).max())
    if shots == ALL or int(shots) >= largest:
        return rows
    train = _draw(rows.train, rows, manifest, number=int(shots), seed=seed)
    validation = _draw(rows.validation, rows, manifest, number=min(int(shots), MOST_VALIDATION), seed=seed)
    weights = None if rows.weights is None else class_weights(rows.targets[train], n_classes)
    return replace(rows, train=train, validation=validation, weights=weights)


def _draw(
    candidates: npt.NDArray[np.int64], rows: Rows, manifest: pd.DataFrame, *, number: int, seed: int
) -> npt.NDArray[np.int64]:
    """So many of these rows of each class."""
    own = manifest.iloc[candidates][["image_id", "patient_id"]].assign(row=candidates, target=rows.targets[candidates])
    own["image"] = _places(own["image_id"], purpose="few-shot image", seed=seed)
    own["patient"] = _places(own["patient_id"], purpose="few-shot patient", seed=seed)
    own = own.sort_values(["patient", "image"])
    own["turn"] = own.groupby(["target", "patient"]).cumcount()
    first = own.sort_values(["turn", "patient"]).groupby("target").head(number)
    return np.sort(first["row"].to_numpy(dtype=np.int64))


def _places(ids: pd.Series, *, purpose: str, seed: int) -> pd.Series:
    """The place of each id in an order drawn from the seed."""
    drawn = splits.rank(ids.unique(), purpose=purpose, seed=seed)
    return ids.map({one: place for place, one in enumerate(drawn)})
