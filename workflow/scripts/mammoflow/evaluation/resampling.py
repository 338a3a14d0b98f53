"""Bootstrap over patients: 95 % intervals that know that the images of one patient are alike."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoflow.evaluation import confusions, measures, ranks
from mammoflow.evaluation.measures import Counts, Floats, Weights
from mammoflow.evaluation.units import Units

COVERAGE = 0.95
# Fewer defined resamples than this share say more about the missing class than about the measure: no interval.
LEAST_DEFINED = 0.5
# Intervals of fewer patients are marked: benchmarks/coverage.py shows how far they fall short.
FEW_PATIENTS = 30
_CELLS = 2**24  # of weights that are handled at once, as numbers of eight bytes


@dataclass(frozen=True)
class Interval:
    """The 95 % percentile interval of a measure, missing (NaN) where there is none, and what it leaves out."""

    low: float
    high: float
    n_undefined: int  # resamples on which the measure is undefined


def strata(truth: Counts, patient: Counts) -> Counts:
    """The stratum of each patient: the class among the patient's units that is rarest among all units.

    Parameters
    ----------
    truth : (N,) int64
        Position of each unit's class.
    patient : (N,) int64
        Position of each unit's patient, 0 to P - 1.

    Returns
    -------
    (P,) int64
        Rank of the class by the number of its units; of two equally rare ones the first in order ranks first.
    """
    rank = np.argsort(np.argsort(np.bincount(truth), kind="stable"), kind="stable")
    found = np.full(patient.max(initial=-1) + 1, len(rank), dtype=np.int64)
    np.minimum.at(found, patient, rank[truth])
    return found


def patient_weights(of_patient: Counts, *, resamples: int, seed: int) -> Weights:
    """How often each patient is drawn in each resample, with replacement among the patients of the same stratum.

    Parameters
    ----------
    of_patient : (P,) int64
        Stratum of each patient.
    resamples, seed
        Number of resamples, and seed of the generator.

    Returns
    -------
    (resamples, P) uint16
        Every row sums to P, and within a stratum to its size; the same arguments give the same rows, so that methods
        are compared on them. No row where no stratum has two patients, who could be exchanged with each other. Small
        numbers, because 2,000 resamples of 200,000 patients are many.
    """
    rng = np.random.default_rng(seed)
    sizes = np.unique(of_patient, return_counts=True)[1]
    if sizes.max(initial=0) < 2:
        return np.empty((0, len(of_patient)), dtype=np.uint16)
    weights = np.empty((resamples, len(of_patient)), dtype=np.uint16)
    for own in np.split(np.argsort(of_patient, kind="stable"), np.cumsum(sizes)[:-1]):
        for block in _blocks(resamples, len(own)):
            n = len(range(resamples)[block])
            drawn = rng.integers(len(own), size=(n, len(own)))
            cells = drawn + len(own) * np.arange(n)[:, None]
            weights[block, own] = np.bincount(cells.ravel(), minlength=n * len(own)).reshape(n, len(own))
    return weights


def _blocks(resamples: int, patients: int) -> Iterator[slice]:
    step = max(1, _CELLS // max(1, patients))
    for start in range(0, resamples, step):
        yield slice(start, start + step)


def _summed(weights: Weights, by_patient: Floats) -> Floats:
    """Sums over the patients of each resample, (R, M), of what each patient has, (P, M)."""
    # A product of floats is many times faster than one of integers, and exact for counts.
    parts = [weights[block].astype(np.float64) @ by_patient for block in _blocks(*weights.shape)]
    return np.concatenate([np.empty((0, by_patient.shape[1])), *parts])


def weights_of(units: Units, *, resamples: int, seed: int) -> Weights:
    """`patient_weights` of these units' patients: (R, P)."""
    return patient_weights(strata(units.truth, units.patient), resamples=resamples, seed=seed)


def confusion_measures(units: Units, weights: Weights) -> dict[str, Floats]:
    """Measures that follow from a confusion matrix, on each resample.

    Parameters
    ----------
    units
        N >= 1 units of P patients.
    weights : (R, P) uint16
        From `patient_weights`.

    Returns
    -------
    dict
        As `confusions.measures_of`.
    """
    k = len(units.classes)
    by_patient = np.zeros((units.n_patients, k, k))
    np.add.at(by_patient, (units.patient, units.truth, measures.predicted(units.probabilities)), 1)
    summed = _summed(weights, by_patient.reshape(units.n_patients, k * k))
    return confusions.measures_of(summed.reshape(-1, k, k), dense=units.dense)


def mean_scores(units: Units, weights: Weights) -> dict[str, Floats]:
    """The proper scores on each resample: (R,) of each name in `measures.SCORES`."""
    of_units = np.stack(list(measures.scores(units.truth, units.probabilities).values()), axis=1)
    by_patient = np.zeros((units.n_patients, len(measures.SCORES)))
    np.add.at(by_patient, units.patient, of_units)
    means = _summed(weights, by_patient) / _drawn_units(units, weights)[:, None]
    return dict(zip(measures.SCORES, means.T, strict=True))


def calibration_errors(units: Units, weights: Weights) -> Floats:
    """The expected calibration error on each resample: (R,)."""
    bins, gaps = measures.calibration_gaps(units.truth, units.probabilities)
    by_patient = np.zeros((units.n_patients, measures.CALIBRATION_BINS))
    np.add.at(by_patient, (units.patient, bins), gaps)
    return np.abs(_summed(weights, by_patient)).sum(axis=1) / _drawn_units(units, weights)


def _drawn_units(units: Units, weights: Weights) -> Floats:
    """How many units each resample holds: (R,)."""
    of_patient = np.bincount(units.patient, minlength=units.n_patients).astype(np.float64)
    return _summed(weights, of_patient[:, None])[:, 0]


def rank_measures(units: Units, weights: Weights) -> dict[str, Floats]:
    """Measures that follow from the order of probabilities, on each resample: (R, K) of each class, else (R,)."""

    def areas(positive: NDArray[np.bool_], scores: Floats) -> ranks.Areas:
        return ranks.areas(positive, scores, patient=units.patient, weights=weights)

    of_class = [areas(units.truth == k, units.probabilities[:, k]) for k in range(len(units.classes))]
    auroc = np.stack([one.auroc for one in of_class], axis=1)
    precision = np.stack([one.average_precision for one in of_class], axis=1)
    found = {
        "auroc": auroc,
        "auroc_macro": auroc.mean(axis=1),
        "average_precision": precision,
        "average_precision_macro": precision.mean(axis=1),
    }
    if measures.has_halves(units.dense):
        found["dense_auroc"] = areas(*measures.dense_half(units.truth, units.probabilities, units.dense)).auroc
    elif units.dense:
        found["dense_auroc"] = np.full(len(weights), np.nan)
    return found


def all_measures(units: Units, weights: Weights) -> dict[str, Floats]:
    """Every measure on each resample: (R,), or (R, K) for the measures of a class."""
    return (
        confusion_measures(units, weights)
        | mean_scores(units, weights)
        | rank_measures(units, weights)
        | {"calibration_error": calibration_errors(units, weights)}
    )


def interval(values: NDArray[np.float64]) -> Interval:
    """Percentile interval over resamples.

    Parameters
    ----------
    values : (R,) float64
        NaN where the measure is undefined on a resample; those are left out, and counted.

    Returns
    -------
    Interval
        Without ends where the measure is defined on fewer than half of the resamples.
    """
    defined = values[~np.isnan(values)]
    n_undefined = len(values) - len(defined)
    if len(defined) < LEAST_DEFINED * len(values) or not len(defined):
        return Interval(float("nan"), float("nan"), n_undefined)
    low, high = np.quantile(defined, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Interval(float(low), float(high), n_undefined)
