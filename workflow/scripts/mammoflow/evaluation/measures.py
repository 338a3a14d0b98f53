"""Measures of a classifier: from rows by scikit-learn, and for many resamples at once from counts, ranks and sums.

Both ways give the same values; the tests hold them together. A measure that is undefined, because a class is absent or
never predicted, is missing (NaN): it is never replaced by 0, 0.5 or 1.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

CONFUSION_MEASURES = ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "kappa_quadratic", "kappa_linear")
CLASS_MEASURES = ("precision", "recall", "f1", "auroc")
# Proper scores: least, in the mean, where the probabilities are the true ones.
SCORES = ("log_loss", "brier")
MEASURES = (*CONFUSION_MEASURES, "auroc_macro", *SCORES)


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


def of_rows(truth: Counts, probabilities: Floats) -> dict[str, Floats]:
    """Every measure on these rows, by scikit-learn.

    Parameters
    ----------
    truth : (N,) int64
        Position of each row's class, 0 to K - 1; N >= 1.
    probabilities : (N, K) float64

    Returns
    -------
    dict
        Of each name in MEASURES an array of shape (), of each in CLASS_MEASURES one of shape (K,); NaN where undefined.
        `f1_macro` averages over the classes that are in the truth or the prediction, `balanced_accuracy` over those in
        the truth; `auroc_macro` is the mean of the one-vs-rest areas and needs every class in the truth. `log_loss` is
        in nats, with probabilities of 0 raised to the machine's precision, 2.2e-16; `brier` is the sum over classes, 0
        to 2, for two classes too.
    """
    guess = predicted(probabilities)
    labels = np.arange(probabilities.shape[1])
    by_class = {"labels": labels, "average": None, "zero_division": np.nan}
    auroc = np.array([_auroc_of_rows(truth == k, probabilities[:, k]) for k in labels])
    with warnings.catch_warnings():
        # Absent classes are ordinary in small subsets and are reported as missing values.
        warnings.simplefilter("ignore", UserWarning)
        values = {
            "accuracy": metrics.accuracy_score(truth, guess),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess),
            "f1_macro": metrics.f1_score(truth, guess, average="macro"),
            "f1_weighted": metrics.f1_score(truth, guess, average="weighted"),
            "kappa_quadratic": metrics.cohen_kappa_score(truth, guess, labels=labels, weights="quadratic"),
            "kappa_linear": metrics.cohen_kappa_score(truth, guess, labels=labels, weights="linear"),
            "auroc_macro": auroc.mean(),
            "precision": metrics.precision_score(truth, guess, **by_class),
            "recall": metrics.recall_score(truth, guess, **by_class),
            "f1": metrics.f1_score(truth, guess, **by_class),
            "auroc": auroc,
            "log_loss": metrics.log_loss(truth, probabilities, labels=labels),
            "brier": metrics.brier_score_loss(truth, probabilities, labels=labels, scale_by_half=False),
        }
    return {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}


def _auroc_of_rows(positive: NDArray[np.bool_], scores: Floats) -> float:
    """Area under the ROC curve, by scikit-learn; NaN where one of the two sides is empty."""
    if positive.all() or not positive.any():
        return float("nan")
    return float(metrics.roc_auc_score(positive, scores))


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


def of_confusion(confusion: NDArray[np.number]) -> dict[str, Floats]:
    """Measures of many confusion matrices at once.

    Parameters
    ----------
    confusion : (R, K, K)
        Counts; rows are the truth, columns the prediction.

    Returns
    -------
    dict
        CONFUSION_MEASURES of shape (R,); precision, recall and f1 of shape (R, K); NaN where undefined. Definitions as
        in `of_rows`; weighted kappa after Cohen (1968), with weights |i - j| or (i - j)**2 between positions i and j.
    """
    counts = confusion.astype(np.float64)
    total = counts.sum(axis=(1, 2))
    hits = np.diagonal(counts, axis1=1, axis2=2)
    actual, guessed = counts.sum(axis=2), counts.sum(axis=1)
    recall = _ratio(hits, actual)
    f1 = _ratio(2 * hits, actual + guessed)
    return {
        "accuracy": _ratio(hits.sum(axis=1), total),
        "balanced_accuracy": _mean_of_defined(recall),
        "f1_macro": _mean_of_defined(f1),
        "f1_weighted": _ratio((np.nan_to_num(f1) * actual).sum(axis=1), total),
        "kappa_quadratic": _kappa(counts, power=2),
        "kappa_linear": _kappa(counts, power=1),
        "precision": _ratio(hits, guessed),
        "recall": recall,
        "f1": f1,
    }


def weighted_auroc(positive: NDArray[np.bool_], scores: Floats, weights: Counts) -> Floats:
    """Areas under the ROC curve for many weightings of the same rows.

    The share of pairs of a positive and a negative row that the scores order rightly, ties counting half (Mann and
    Whitney's U). Weights are counts, so every sum is exact.

    Parameters
    ----------
    positive : (N,) bool
    scores : (N,) float64
    weights : (R, N) int64
        How often each row counts in each resample.

    Returns
    -------
    (R,) float64
        NaN where a resample holds no positive or no negative row.
    """
    order = np.argsort(scores, kind="stable")
    tied_from = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])
    sorted_weights = weights[:, order]
    up = np.add.reduceat(sorted_weights * positive[order], tied_from, axis=1)
    down = np.add.reduceat(sorted_weights * ~positive[order], tied_from, axis=1)
    below = np.cumsum(down, axis=1) - down
    return _ratio((up * (below + 0.5 * down)).sum(axis=1), up.sum(axis=1) * down.sum(axis=1))


def _ratio(over: NDArray[np.number], under: NDArray[np.number]) -> Floats:
    """The quotient, NaN where the divisor is 0."""
    return np.divide(over, under, out=np.full(np.shape(over), np.nan), where=np.asarray(under) != 0)


def _mean_of_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN."""
    return _ratio(np.nan_to_num(values).sum(axis=-1), (~np.isnan(values)).sum(axis=-1))


def _kappa(counts: Floats, *, power: int) -> Floats:
    """Weighted kappa of each of (R, K, K) confusion matrices."""
    k = np.arange(counts.shape[1])
    weights = np.abs(k[:, None] - k[None, :]).astype(np.float64) ** power
    actual, guessed = counts.sum(axis=2), counts.sum(axis=1)
    expected = _ratio(actual[:, :, None] * guessed[:, None, :], counts.sum(axis=(1, 2))[:, None, None])
    return 1.0 - _ratio((weights * counts).sum(axis=(1, 2)), (weights * expected).sum(axis=(1, 2)))
