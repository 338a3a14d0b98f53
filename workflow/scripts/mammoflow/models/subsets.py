"""Which rows of the data are trained on and which validate, what they count, and the order in which they are met."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class Rows:
    """Which rows of the data are trained on and which validate, and the class position of every row.

    `weights` are those of the classes in the loss; None where every row counts the same.
    """

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32] | None = None


def rows_of(manifest: pd.DataFrame, classes: list[str], *, weighted: bool) -> Rows:
    """What to train on and to validate on, from `tables.MANIFEST`; a class that is not kept has position -1.

    Where they are weighted, the weight of a class is inverse to its share of the training rows, over which it is 1 in
    the mean.
    """
    position = {label: place for place, label in enumerate(classes)}
    train = np.flatnonzero(manifest["subset"] == "train")
    targets = np.array([position.get(label, -1) for label in manifest["label"]], dtype=np.int64)
    return Rows(
        train=train,
        validation=np.flatnonzero(manifest["subset"] == "validation"),
        targets=targets,
        weights=class_weights(targets[train], len(classes)) if weighted else None,
    )


def class_weights(targets: npt.NDArray[np.int64], n_classes: int) -> npt.NDArray[np.float32]:
    """Weight of each class, inverse to its share of these targets, over which it is 1 in the mean: (n_classes,)."""
    counts = np.bincount(targets, minlength=n_classes)
    # A class without a row meets no loss in training; its weight only has to be a number.
    return (len(targets) / np.count_nonzero(counts) / np.maximum(counts, 1)).astype(np.float32)


def row_weights(rows: Rows, of: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How much each of these rows counts in the loss: (n,), all 1 where classes have no weights."""
    if rows.weights is None:
        return np.ones(len(of))
    return rows.weights[rows.targets[of]].astype(np.float64)


def order(rows: npt.NDArray[np.int64], *, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The rows in an order drawn from the seed and the epoch."""
    return np.random.default_rng([seed, epoch]).permutation(rows)
