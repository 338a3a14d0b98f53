"""What counts once in a measure: an image, a breast or an exam."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mammoflow.tables import predicted_classes, probability_columns

KEYS = {"image": ["image_id"], "breast": ["exam_id", "laterality"], "exam": ["exam_id"]}


@dataclass(frozen=True)
class Units:
    """The units of one level, with what a method says of them; sorted by their key."""

    classes: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]  # (N,) what names each unit
    truth: NDArray[np.int64]  # (N,) position of the class
    probabilities: NDArray[np.float64]  # (N, K)
    patient: NDArray[np.int64]  # (N,) position of the patient, 0 to n_patients - 1
    n_images: int
    n_exams: int
    n_patients: int

    def __len__(self) -> int:
        """How many units there are."""
        return len(self.truth)

    def same_rows(self, other: "Units") -> bool:
        """Whether both describe the same units with the same truth, so that a paired comparison is possible."""
        return (self.classes, self.keys) == (other.classes, other.keys) and np.array_equal(self.truth, other.truth)


def of_level(predictions: pd.DataFrame, level: str) -> Units:
    """Average the probabilities over the images of each unit.

    A unit whose images have different labels is left out, and so is, at the level of breasts, an image whose side is
    unknown: the counts are those of what stays.

    Parameters
    ----------
    predictions
        Rows of a predictions table, of classes that have a probability column.
    level
        "image", "breast" or "exam".

    Returns
    -------
    Units
        Perhaps none.
    """
    classes = predicted_classes(predictions)
    keys = KEYS[level]
    rows = predictions[(predictions[keys] != "").all(axis=1)]
    rows = rows[rows.groupby(keys)["label"].transform("nunique") == 1]
    groups = rows.groupby(keys, sort=True)
    first = groups[["label", "patient_id"]].first()
    patients, patient = np.unique(first["patient_id"].to_numpy(dtype=str), return_inverse=True)
    position = {key: at for at, key in enumerate(classes)}
    return Units(
        classes=tuple(classes),
        keys=tuple(key if isinstance(key, tuple) else (key,) for key in first.index),
        truth=first["label"].map(position).to_numpy(dtype=np.int64),
        probabilities=groups[probability_columns(classes)].mean().to_numpy(dtype=np.float64),
        patient=patient.astype(np.int64),
        n_images=len(rows),
        n_exams=rows["exam_id"].nunique(),
        n_patients=len(patients),
    )


def shared(one: pd.DataFrame, other: pd.DataFrame, level: str) -> tuple[Units, Units]:
    """Two methods at the units of a level that both of them tell, so that they can be compared in pairs.

    A unit that has another truth in the one than in the other is left out: an exam whose images have different labels
    may look like another class to a method that sees some of its images only.

    Parameters
    ----------
    one, other
        Rows of two predictions tables of the same classes.
    level
        "image", "breast" or "exam".

    Returns
    -------
    tuple
        Units with the same keys and truth; perhaps none.
    """
    in_both = set(_with_truth(of_level(one, level))) & set(_with_truth(of_level(other, level)))
    keys = {key for key, _ in in_both}
    return of_level(_rows_of(one, keys, level), level), of_level(_rows_of(other, keys, level), level)


def _with_truth(units: Units) -> list[tuple[tuple[str, ...], int]]:
    return list(zip(units.keys, units.truth.tolist(), strict=True))


def _rows_of(predictions: pd.DataFrame, keys: set[tuple[str, ...]], level: str) -> pd.DataFrame:
    """The rows that make up the units of these keys."""
    return predictions[[key in keys for key in predictions[KEYS[level]].itertuples(index=False, name=None)]]


def of_subset(predictions: pd.DataFrame, subset: str) -> pd.DataFrame:
    """The rows that a subset is measured on.

    Parameters
    ----------
    predictions
        A predictions table.
    subset
        "test", or "all": every labelled image, in whatever subset, whose class was kept.
    """
    kept = predictions["label"].isin(predicted_classes(predictions))
    return predictions[kept & (predictions["subset"] == subset if subset != "all" else True)]
