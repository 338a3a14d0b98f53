"""Measures of a classifier on given rows, by scikit-learn and scipy; `resampling` has them on many resamples at once.

Both ways give the same values; the tests hold them together. A measure that is undefined, because a class is absent or
never predicted, is missing (NaN): it is never replaced by 0, 0.5 or 1.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Weights = NDArray[np.uint16]  # how often each patient is drawn in each resample
# Of each class whether it is of the dense half; None for a merged class that is of both; () where there are no halves.
Dense = Sequence[bool | None]

# Proper scores: least, in the mean, where the probabilities are the true ones.
SCORES = ("log_loss", "brier")
MEASURES = (
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "f1_weighted",
    "precision_macro",
    "precision_weighted",
    "kappa_quadratic",
    "kappa_linear",
    "auroc_macro",
    "average_precision_macro",
    *SCORES,
    "calibration_error",
)
BINARY_MEASURES = ("sensitivity", "specificity", "harmonic_mean")  # of two classes, the last of which is the positive
ORDINAL_MEASURES = ("within_one_class", "mean_absolute_error")  # of more than two
DENSE_MEASURES = ("dense_accuracy", "dense_auroc")
CLASS_MEASURES = ("precision", "recall", "f1", "auroc", "average_precision")
CALIBRATION_BINS = 15


def names(n_classes: int, dense: Dense = ()) -> tuple[str, ...]:
    """The measures of all classes together that a task of so many classes has."""
    own = BINARY_MEASURES if n_classes == 2 else ORDINAL_MEASURES
    return (*MEASURES, *own, *(DENSE_MEASURES if dense else ()))


def predicted(probabilities: Floats) -> Counts:
    """The class of the largest probability, as its position; of equal ones the first in the task's order.

    Parameters
    ----------
    probabilities : (N, K) float64

    Returns
    -------
    (N,) int64
    """
    return np.argmax(probabilities, axis=1).astype(np.int64)


def ratio(over: NDArray[np.number], under: NDArray[np.number]) -> Floats:
    """The quotient, NaN where the divisor is 0."""
    return np.divide(over, under, out=np.full(np.shape(over), np.nan), where=np.asarray(under) != 0)


def has_halves(dense: Dense) -> bool:
    """Whether there is a dense half and another, and every class is of one of them."""
    return None not in dense and len(set(dense)) == 2


def dense_half(truth: Counts, probabilities: Floats, dense: Dense) -> tuple[NDArray[np.bool_], Floats]:
    """Of each row whether it is of the dense half, and the probability that it is; `dense` has halves."""
    of_class = np.array(dense, dtype=bool)
    return of_class[truth], probabilities[:, of_class].sum(axis=1)


def of_rows(
    truth: Counts, probabilities: Floats, *, dense: Dense = (), only: Iterable[str] | None = None
) -> dict[str, Floats]:
    """Measures on these rows.

    Parameters
    ----------
    truth : (N,) int64
        Position of each row's class, 0 to K - 1; N >= 1.
    probabilities : (N, K) float64
        Each row sums to 1.
    dense : (K,)
        As `Dense`.
    only
        Measures that are wanted: those of `names` and CLASS_MEASURES where none are named.

    Returns
    -------
    dict
        Of each of CLASS_MEASURES an array of shape (K,), of each other one of shape (); NaN where undefined.
        docs/evaluation.md has the definitions.
    """
    rows = _Rows(truth, probabilities, dense)
    wanted = only or (*names(probabilities.shape[1], dense), *CLASS_MEASURES)
    with warnings.catch_warnings():
        # Absent classes are ordinary in small subsets and are reported as missing values.
        warnings.simplefilter("ignore", UserWarning)
        return {name: np.asarray(_OF_ROWS[name](rows), dtype=np.float64) for name in wanted}


@dataclass(frozen=True)
class _Rows:
    """Rows, and what several measures have in common."""

    truth: Counts
    probabilities: Floats
    dense: Dense

    @cached_property
    def guess(self) -> Counts:
        return predicted(self.probabilities)

    @cached_property
    def labels(self) -> Counts:
        return np.arange(self.probabilities.shape[1], dtype=np.int64)

    @cached_property
    def precision(self) -> Floats:
        return metrics.precision_score(self.truth, self.guess, labels=self.labels, average=None, zero_division=np.nan)

    @cached_property
    def recall(self) -> Floats:
        return metrics.recall_score(self.truth, self.guess, labels=self.labels, average=None, zero_division=np.nan)

    @cached_property
    def auroc(self) -> Floats:
        return np.array([_auroc(self.truth == k, self.probabilities[:, k]) for k in self.labels])

    @cached_property
    def average_precision(self) -> Floats:
        return np.array([_average_precision(self.truth == k, self.probabilities[:, k]) for k in self.labels])


def _auroc(positive: NDArray[np.bool_], scores: Floats) -> float:
    """Area under the ROC curve; NaN where one of the two sides is empty."""
    if positive.all() or not positive.any():
        return float("nan")
    return float(metrics.roc_auc_score(positive, scores))


def _average_precision(positive: NDArray[np.bool_], scores: Floats) -> float:
    """Average precision; NaN where no row is positive."""
    return float(metrics.average_precision_score(positive, scores)) if positive.any() else float("nan")


def _accuracy(rows: _Rows) -> float:
    return metrics.accuracy_score(rows.truth, rows.guess)


def _f1(rows: _Rows, average: str | None) -> Floats:
    labels = rows.labels if average is None else None
    return metrics.f1_score(rows.truth, rows.guess, labels=labels, average=average, zero_division=np.nan)


def _kappa(rows: _Rows, weights: str) -> float:
    return metrics.cohen_kappa_score(rows.truth, rows.guess, labels=rows.labels, weights=weights)


def _precision_macro(rows: _Rows) -> float:
    """Over the classes that are in the truth or the prediction; undefined where one of them is never predicted."""
    return float(rows.precision[np.unique(np.r_[rows.truth, rows.guess])].mean())


def _precision_weighted(rows: _Rows) -> float:
    present, counts = np.unique(rows.truth, return_counts=True)
    return float(np.average(rows.precision[present], weights=counts))


def _brier(rows: _Rows) -> float:
    return metrics.brier_score_loss(rows.truth, rows.probabilities, labels=rows.labels, scale_by_half=False)


def calibration_gaps(truth: Counts, probabilities: Floats) -> tuple[Counts, Floats]:
    """Of each row the bin of its greatest probability, and how far that is from being right (1) or wrong (0).

    The expected calibration error is the sum over bins of the absolute sum of gaps, divided by the number of rows
    (Naeini, Cooper and Hauskrecht, 2015; Guo et al., 2017).

    Parameters
    ----------
    truth, probabilities
        As for `of_rows`.

    Returns
    -------
    tuple
        (N,) int64, 0 to CALIBRATION_BINS - 1, of bins of equal width, each with its upper end; (N,) float64.
    """
    confidence = probabilities.max(axis=1)
    inner = np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS
    right = predicted(probabilities) == truth
    return np.searchsorted(inner, confidence, side="left").astype(np.int64), right - confidence


def _calibration_error(rows: _Rows) -> float:
    bins, gaps = calibration_gaps(rows.truth, rows.probabilities)
    return float(np.abs(np.bincount(bins, weights=gaps)).sum() / len(gaps))


def _harmonic_mean(rows: _Rows) -> float:
    return stats.hmean(rows.recall)


def _within_one_class(rows: _Rows) -> float:
    return float((np.abs(rows.truth - rows.guess) <= 1).mean())


def _dense_accuracy(rows: _Rows) -> float:
    if not has_halves(rows.dense):
        return float("nan")
    of_class = np.array(rows.dense, dtype=bool)
    return metrics.accuracy_score(of_class[rows.truth], of_class[rows.guess])


def _dense_auroc(rows: _Rows) -> float:
    if not has_halves(rows.dense):
        return float("nan")
    return _auroc(*dense_half(rows.truth, rows.probabilities, rows.dense))


_OF_ROWS: dict[str, Callable[[_Rows], object]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": lambda rows: metrics.balanced_accuracy_score(rows.truth, rows.guess),
    "f1_macro": lambda rows: _f1(rows, "macro"),
    "f1_weighted": lambda rows: _f1(rows, "weighted"),
    "precision_macro": _precision_macro,
    "precision_weighted": _precision_weighted,
    "kappa_quadratic": lambda rows: _kappa(rows, "quadratic"),
    "kappa_linear": lambda rows: _kappa(rows, "linear"),
    "auroc_macro": lambda rows: rows.auroc.mean(),
    "average_precision_macro": lambda rows: rows.average_precision.mean(),
    "log_loss": lambda rows: metrics.log_loss(rows.truth, rows.probabilities, labels=rows.labels),
    "brier": _brier,
    "calibration_error": _calibration_error,
    "sensitivity": lambda rows: rows.recall[1],
    "specificity": lambda rows: rows.recall[0],
    "harmonic_mean": _harmonic_mean,
    "within_one_class": _within_one_class,
    "mean_absolute_error": lambda rows: metrics.mean_absolute_error(rows.truth, rows.guess),
    "dense_accuracy": _dense_accuracy,
    "dense_auroc": _dense_auroc,
    "precision": lambda rows: rows.precision,
    "recall": lambda rows: rows.recall,
    "f1": lambda rows: _f1(rows, None),
    "auroc": lambda rows: rows.auroc,
    "average_precision": lambda rows: rows.average_precision,
}


def scores(truth: Counts, probabilities: Floats) -> dict[str, Floats]:
    """The proper scores of each row; their means are those of `of_rows`.

    Parameters
    ----------
    truth, probabilities
        As for `of_rows`.

    Returns
    -------
    dict
        Of each name in SCORES an array of shape (N,): -log of the true class's probability, in nats, and the sum over
        the classes of the squared difference between probability and truth (Brier, 1950).
    """
    precision = np.finfo(np.float64).eps
    of_truth = np.take_along_axis(probabilities, truth[:, None], axis=1)[:, 0]
    return {
        "log_loss": -np.log(np.clip(of_truth, precision, 1 - precision)),
        "brier": ((probabilities - np.eye(probabilities.shape[1])[truth]) ** 2).sum(axis=1),
    }
