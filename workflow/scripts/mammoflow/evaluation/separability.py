"""How well a simple classifier tells groups of images, such as devices or classes, from their intensities alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mammoflow.evaluation import resampling
from mammoflow.evaluation.measures import Counts, Floats
from mammoflow.evaluation.units import Units

MOST_FOLDS = 5
LEAST_PATIENTS = 3  # of a group: with fewer it cannot be learned on some folds and tested on others
SEED = 0


@dataclass(frozen=True)
class Separability:
    """Balanced accuracy of telling groups apart, between chance and 1, with its 95 % interval over patients.

    `left_out` are groups of too few patients. Where nothing could be measured, `reason` says why: one_group, or
    too_few_patients; numbers are then missing (NaN).
    """

    value: float
    low: float
    high: float
    chance: float
    groups: tuple[str, ...]
    left_out: tuple[str, ...]
    n_images: int
    n_patients: int
    reason: str = ""


def measure(features: Floats, groups: NDArray[np.str_], patients: NDArray[np.str_], *, resamples: int) -> Separability:
    """Balanced accuracy of a logistic regression, cross-validated so that no patient is learned and tested on.

    Parameters
    ----------
    features : (N, D) float64
        Of each image.
    groups : (N,) str
        What is to be told; images of no known group ("") are not used.
    patients : (N,) str
        Kept together in one fold.
    resamples
        Of patients, for the interval, which takes the predictions as given.
    """
    known = groups != ""
    names = np.unique(groups[known])
    count = {str(name): len(np.unique(patients[groups == name])) for name in names}
    kept = tuple(name for name, n in count.items() if n >= LEAST_PATIENTS)
    left_out = tuple(name for name in count if name not in kept)
    rows = np.isin(groups, kept)
    if len(kept) < 2:
        missing = (float("nan"),) * 4
        reason = "one_group" if len(names) < 2 else "too_few_patients"
        return Separability(*missing, kept, left_out, int(known.sum()), len(np.unique(patients[known])), reason)
    truth = np.searchsorted(kept, groups[rows])
    folds = min(MOST_FOLDS, *(count[name] for name in kept))
    units = _units(kept, truth, predict(features[rows], truth, patients[rows], folds=folds), patients[rows])
    once = resampling.confusion_measures(units, np.ones((1, units.n_patients), dtype=np.int64))
    weights = resampling.weights_of(units, resamples=resamples, seed=SEED)
    ends = resampling.interval(resampling.confusion_measures(units, weights)["balanced_accuracy"])
    value = float(once["balanced_accuracy"][0])
    return Separability(value, ends.low, ends.high, 1 / len(kept), kept, left_out, int(rows.sum()), units.n_patients)


def predict(features: Floats, truth: Counts, patients: NDArray[np.str_], *, folds: int) -> Counts:
    """The group that each image is taken for by a classifier that has not seen its patient: (N,) int64.

    The classifier is that of the experiments of method `histogram`, with groups of equal weight, as balanced accuracy
    gives them.
    """
    found = np.empty_like(truth)
    cut = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=SEED)
    for learned, tested in cut.split(features, truth, patients):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced"))
        found[tested] = model.fit(features[learned], truth[learned]).predict(features[tested])
    return found


def _units(groups: tuple[str, ...], truth: Counts, guess: Counts, patients: NDArray[np.str_]) -> Units:
    """Predictions as what counts once in a measure: an image each."""
    names, patient = np.unique(patients, return_inverse=True)
    return Units(
        classes=groups,
        keys=tuple((str(at),) for at in range(len(truth))),
        truth=truth.astype(np.int64),
        probabilities=np.eye(len(groups))[guess],
        patient=patient.astype(np.int64),
        n_images=len(truth),
        n_exams=0,
        n_patients=len(names),
    )
