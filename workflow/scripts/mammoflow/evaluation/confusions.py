"""Measures of many confusion matrices at once: those that do not look at the probabilities."""

import numpy as np
from numpy.typing import NDArray

from mammoflow.evaluation.measures import Dense, Floats, has_halves, ratio


def measures_of(confusion: NDArray[np.number], *, dense: Dense = ()) -> dict[str, Floats]:
    """Measures of each confusion matrix.

    Parameters
    ----------
    confusion : (R, K, K)
        Counts; rows are the truth, columns the prediction.
    dense : (K,)
        As `measures.Dense`.

    Returns
    -------
    dict
        The measures of `measures.of_rows` that follow from counts alone, with the same definitions: precision, recall
        and f1 of shape (R, K), the others (R,); NaN where undefined. Weighted kappa after Cohen (1968), with weights
        |i - j| or (i - j)**2 between positions i and j.
    """
    counts = confusion.astype(np.float64)
    total = counts.sum(axis=(1, 2))
    hits = np.diagonal(counts, axis1=1, axis2=2)
    actual, guessed = counts.sum(axis=2), counts.sum(axis=1)
    precision, recall = ratio(hits, guessed), ratio(hits, actual)
    f1 = ratio(2 * hits, actual + guessed)
    seen = actual + guessed > 0
    apart = _apart(counts.shape[1])
    found = {
        "accuracy": ratio(hits.sum(axis=1), total),
        "balanced_accuracy": _mean_of_defined(recall),
        "f1_macro": _mean_of_defined(f1),
        "f1_weighted": ratio((np.nan_to_num(f1) * actual).sum(axis=1), total),
        "precision_macro": ratio(np.where(seen, precision, 0).sum(axis=1), seen.sum(axis=1)),
        "precision_weighted": ratio(np.where(actual > 0, precision * actual, 0).sum(axis=1), total),
        "kappa_quadratic": _kappa(counts, apart**2),
        "kappa_linear": _kappa(counts, apart),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }
    if counts.shape[1] == 2:
        found |= {"sensitivity": recall[:, 1], "specificity": recall[:, 0], "harmonic_mean": _harmonic_mean(recall)}
    else:
        found |= {
            "within_one_class": ratio((counts * (apart <= 1)).sum(axis=(1, 2)), total),
            "mean_absolute_error": ratio((counts * apart).sum(axis=(1, 2)), total),
        }
    return found | ({"dense_accuracy": _dense_accuracy(counts, dense)} if dense else {})


def _apart(n_classes: int) -> Floats:
    """How many classes lie between a truth and a prediction, plus one; 0 where they are the same."""
    places = np.arange(n_classes)
    return np.abs(places[:, None] - places[None, :]).astype(np.float64)


def _mean_of_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN."""
    return ratio(np.nan_to_num(values).sum(axis=-1), (~np.isnan(values)).sum(axis=-1))


def _kappa(counts: Floats, weights: Floats) -> Floats:
    """Weighted kappa of each of (R, K, K) confusion matrices."""
    actual, guessed = counts.sum(axis=2), counts.sum(axis=1)
    expected = ratio(actual[:, :, None] * guessed[:, None, :], counts.sum(axis=(1, 2))[:, None, None])
    return 1.0 - ratio((weights * counts).sum(axis=(1, 2)), (weights * expected).sum(axis=(1, 2)))


def _harmonic_mean(values: Floats) -> Floats:
    """Harmonic mean of two shares, (R, 2); 0 where one of them is."""
    product, total = values.prod(axis=1), values.sum(axis=1)
    return np.where(total == 0, 0.0, 2 * product / np.where(total == 0, 1, total))


def _dense_accuracy(counts: Floats, dense: Dense) -> Floats:
    """Share of predictions of the right half; NaN where the classes have no halves."""
    if not has_halves(dense):
        return np.full(len(counts), np.nan)
    of_class = np.array(dense, dtype=bool)
    same = of_class[:, None] == of_class[None, :]
    return ratio((counts * same).sum(axis=(1, 2)), counts.sum(axis=(1, 2)))
