"""Bootstrap over patients: 95 % intervals that know that the images of one patient are alike."""

import logging
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mammoflow.evaluation import measures
from mammoflow.evaluation.measures import Counts, Floats
from mammoflow.evaluation.units import Units

log = logging.getLogger(__name__)

COVERAGE = 0.95
# Fewer defined resamples than this share say more about the missing class than about the measure: no interval.
LEAST_DEFINED = 0.5
_CELLS = 2**22  # of a chunk of (resamples, rows): bounds the memory, changes no value


def patient_weights(n_patients: int, *, resamples: int, seed: int) -> Counts:
    """How often each patient is drawn in each resample, with replacement.

    Parameters
    ----------
    n_patients
        At least 1.
    resamples, seed
        Number of resamples, and seed of the generator.

    Returns
    -------
    (resamples, n_patients) int64
        Every row sums to `n_patients`; the same arguments give the same rows, so that methods are compared on them. No
        row where there is one patient only, who has nobody to be exchanged with.
    """
    shares = np.full(n_patients, 1.0 / n_patients)
    return np.random.default_rng(seed).multinomial(n_patients, shares, size=resamples if n_patients > 1 else 0)


def confusion_measures(units: Units, weights: Counts) -> dict[str, Floats]:
    """Measures that follow from a confusion matrix, on each resample.

    Parameters
    ----------
    units
        N >= 1 units of P patients.
    weights : (R, P) int64
        From `patient_weights`.

    Returns
    -------
    dict
        As `measures.of_confusion`.
    """
    k = len(units.classes)
    by_patient = np.zeros((units.n_patients, k, k))
    np.add.at(by_patient, (units.patient, units.truth, measures.predicted(units.probabilities)), 1)
    # A product of floats is many times faster than one of integers, and exact for counts.
    summed = weights.astype(np.float64) @ by_patient.reshape(units.n_patients, k * k)
    return measures.of_confusion(summed.reshape(-1, k, k))


def mean_scores(units: Units, weights: Counts) -> dict[str, Floats]:
    """The proper scores on each resample: (R,) of each name in `measures.SCORES`."""
    counts = weights @ np.bincount(units.patient, minlength=units.n_patients)
    summed = {
        name: np.bincount(units.patient, weights=of_rows, minlength=units.n_patients)
        for name, of_rows in measures.scores(units.truth, units.probabilities).items()
    }
    return {name: weights @ of_patients / counts for name, of_patients in summed.items()}


def all_measures(units: Units, weights: Counts) -> dict[str, Floats]:
    """Every measure on each resample: (R,), or (R, K) for the measures of a class."""
    values = confusion_measures(units, weights) | mean_scores(units, weights)
    of_class = [
        aurocs(units.truth == k, units.probabilities[:, k], patient=units.patient, weights=weights)
        for k in range(len(units.classes))
    ]
    auroc = np.stack(of_class, axis=1)
    return values | {"auroc": auroc, "auroc_macro": auroc.mean(axis=1)}


def aurocs(positive: NDArray[np.bool_], scores: Floats, *, patient: Counts, weights: Counts) -> Floats:
    """The area under the ROC curve on each resample.

    Parameters
    ----------
    positive : (N,) bool
    scores : (N,) float64
    patient : (N,) int64
        Position of each row's patient, 0 to P - 1.
    weights : (R, P) int64
        From `patient_weights`.

    Returns
    -------
    (R,) float64
        NaN where a resample holds no positive or no negative row.
    """
    parts = [
        measures.weighted_auroc(positive, scores, weights[chunk][:, patient])
        for chunk in _chunks(len(weights), len(scores))
    ]
    return np.concatenate([np.empty(0), *parts])


def interval(values: NDArray[np.float64], *, about: str) -> tuple[float, float]:
    """Percentile interval over resamples.

    Parameters
    ----------
    values : (R,) float64
        NaN where the measure is undefined on a resample; those are left out, and their number is logged.
    about
        What is measured, for the log.

    Returns
    -------
    tuple
        Low and high; both NaN where the measure is defined on fewer than half of the resamples.
    """
    defined = values[~np.isnan(values)]
    if len(defined) < len(values):
        log.info("%s: undefined on %d of %d resamples", about, len(values) - len(defined), len(values))
    if len(defined) < LEAST_DEFINED * len(values) or not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def _chunks(resamples: int, rows: int) -> Iterator[slice]:
    step = max(1, _CELLS // max(1, rows))
    for start in range(0, resamples, step):
        yield slice(start, start + step)
