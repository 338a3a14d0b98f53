"""What counts once in a measure: an image, a breast or an exam."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from mammoflow.tables import predicted_classes, probability_columns

KEYS = {"image": ["image_id"], "breast": ["exam_id", "laterality"], "exam": ["exam_id"]}
AGGREGATIONS = ("mean", "geometric")


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
    dense: tuple[bool | None, ...] = ()  # (K,) as `measures.Dense`

    def __len__(self) -> int:
        """How many units there are."""
        return len(self.truth)

    def same_rows(self, other: "Units") -> bool:
        """Whether both describe the same units with the same truth, so that a paired comparison is possible."""
        return (self.classes, self.keys) == (other.classes, other.keys) and np.array_equal(self.truth, other.truth)


def of_level(predictions: pd.DataFrame, level: str, *, aggregation: str = "mean", dense: Sequence[str] = ()) -> Units:
    """Average the probabilities over the images of each unit.

    A unit whose images have different labels is left out, and so is, at the level of breasts, an image whose side is
    unknown: the counts are those of what stays.

    Parameters
    ----------
    predictions
        Rows of a predictions table, of classes that have a probability column.
    level
        "image", "breast" or "exam".
    aggregation
        As for `combined`.
    dense
        Classes of the task's dense half; none where it has no halves.

    Returns
    -------
    Units
        Perhaps none.
    """
    classes = predicted_classes(predictions)
    keys = KEYS[level]
    rows = predictions[(predictions[keys] != "").all(axis=1)]
    rows = rows[rows.groupby(keys)["label"].transform("nunique") == 1]
    first = rows.groupby(keys, sort=True)[["label", "patient_id"]].first()
    patients, patient = np.unique(first["patient_id"].to_numpy(dtype=str), return_inverse=True)
    position = {key: at for at, key in enumerate(classes)}
    return Units(
        classes=tuple(classes),
        keys=tuple(key if isinstance(key, tuple) else (key,) for key in first.index),
        truth=first["label"].map(position).to_numpy(dtype=np.int64),
        probabilities=combined(rows, level, aggregation=aggregation).to_numpy(dtype=np.float64),
        patient=patient.astype(np.int64),
        n_images=len(rows),
        n_exams=rows["exam_id"].nunique(),
        n_patients=len(patients),
        dense=tuple(_half(key, dense) for key in classes) if dense else (),
    )


def combined(predictions: pd.DataFrame, level: str, *, aggregation: str) -> pd.DataFrame:
    """The probabilities of each unit, from those of its images.

    Parameters
    ----------
    predictions
        Rows of a predictions table, each of a unit.
    level
        "image", "breast" or "exam".
    aggregation
        "mean", or "geometric": the mean of the logarithms, made to sum to 1 (Genest and Zidek, 1986), in which one
        view that all but excludes a class outweighs others; probabilities of 0 are raised to 2.2e-16.

    Returns
    -------
    DataFrame
        The probability columns, by the unit's key in order.
    """
    columns = probability_columns(predicted_classes(predictions))
    if aggregation != "geometric":
        return predictions.groupby(KEYS[level], sort=True)[columns].mean()
    least = np.finfo(np.float64).eps
    logarithms = predictions.assign(**{name: np.log(predictions[name].clip(lower=least)) for name in columns})
    means = logarithms.groupby(KEYS[level], sort=True)[columns].mean()
    return pd.DataFrame(softmax(means.to_numpy(), axis=1), index=means.index, columns=columns)


def _half(key: str, dense: Sequence[str]) -> bool | None:
    """Whether a class is of the dense half; None for a merged one `a+b` that is of both."""
    of_parts = {part in dense for part in key.split("+")}
    return of_parts.pop() if len(of_parts) == 1 else None


def of_persons(predictions: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Predictions with one patient id for each person, so that a person is resampled as a whole.

    Parameters
    ----------
    predictions
        A predictions table.
    groups
        `tables.GROUPS`: who is one person with others.
    """
    group = groups.set_index("patient_id")["group_id"]
    return predictions.assign(patient_id=predictions["patient_id"].map(group).fillna(predictions["patient_id"]))


def shared(one: pd.DataFrame, other: pd.DataFrame, level: str, *, aggregation: str = "mean") -> tuple[Units, Units]:
    """Two methods at the units of a level that both of them tell, so that they can be compared in pairs.

    A unit that has another truth in the one than in the other is left out: an exam whose images have different labels
    may look like another class to a method that sees some of its images only.

    Parameters
    ----------
    one, other
        Rows of two predictions tables of the same classes.
    level
        "image", "breast" or "exam".
    aggregation
        As for `of_level`.

    Returns
    -------
    tuple
        Units with the same keys and truth; perhaps none.
    """
    in_both = set(_with_truth(of_level(one, level))) & set(_with_truth(of_level(other, level)))
    keys = {key for key, _ in in_both}
    first, second = (of_level(_rows_of(frame, keys, level), level, aggregation=aggregation) for frame in (one, other))
    return first, second


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
        A subset of the table, such as "test" or "external"; or "all": every labelled image, in whatever subset, whose
        class was kept.
    """
    kept = predictions["label"].isin(predicted_classes(predictions))
    return predictions[kept & (predictions["subset"] == subset if subset != "all" else True)]
