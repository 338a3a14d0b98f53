"""How often 95 % intervals hold the true value, on simulated patients: ours, and those of images drawn one by one.

Run with: make bench
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow.evaluation import measures, resampling
from mammoflow.evaluation.units import Units

CLASSES = ("a", "b", "c", "d")
SHARES = (0.12, 0.21, 0.47, 0.20)
VIEWS = 4
# Of the grade that a method sees, in classes: what all views of a patient share, and what each has for itself.
PATIENT_ERROR, VIEW_ERROR = 0.6, 0.4
MEASURES = ("accuracy", "balanced_accuracy", "kappa_quadratic", "auroc_macro")
TRIALS, RESAMPLES = 1000, 2000
MANY = 100_000  # patients, whose values are taken for the true ones


def main() -> None:
    """Print the figures."""
    truth = true_values()
    print("true values: " + ", ".join(f"{name} {value:.3f}" for name, value in truth.items()))
    for n_patients in (150, 60, 30, 16):
        for clustered in (True, False):
            shares = coverage(truth, n_patients=n_patients, clustered=clustered, trials=TRIALS, resamples=RESAMPLES)
            said = ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
            print(f"{n_patients} patients, {'patients' if clustered else 'images'} drawn: {said}", flush=True)


def true_values() -> dict[str, float]:
    """What each measure comes to with very many patients."""
    many = cohort(MANY, np.random.default_rng(0))
    found = measures.of_rows(many.truth, many.probabilities, only=MEASURES)
    return {name: float(value) for name, value in found.items()}


def coverage(
    truth: dict[str, float], *, n_patients: int, clustered: bool, trials: int, resamples: int
) -> dict[str, float]:
    """The share of trials whose interval holds the true value, of each measure.

    Parameters
    ----------
    truth
        From `true_values`.
    n_patients
        In each trial.
    clustered
        Whether patients are drawn, or images as if each were a patient of its own.
    trials, resamples
        How many trials, and resamples in each.
    """
    rng = np.random.default_rng(1)
    held = dict.fromkeys(truth, 0)
    for trial in range(trials):
        own = cohort(n_patients, rng, clustered=clustered)
        weights = resampling.weights_of(own, resamples=resamples, seed=trial)
        drawn = resampling.confusion_measures(own, weights) | resampling.rank_measures(own, weights)
        for name, value in truth.items():
            ends = resampling.interval(drawn[name])
            held[name] += ends.low <= value <= ends.high
    return {name: count / trials for name, count in held.items()}


def cohort(n_patients: int, rng: np.random.Generator, *, clustered: bool = True) -> Units:
    """Four views of each patient; every class has its share of the patients, as a stratified test set has."""
    sizes = np.diff(np.round(np.cumsum([0, *SHARES]) * n_patients)).astype(int)
    of_patient = np.repeat(np.arange(len(CLASSES)), sizes)
    patient = np.repeat(np.arange(n_patients), VIEWS)
    truth = of_patient[patient]
    shared = rng.normal(scale=PATIENT_ERROR, size=n_patients)[patient]
    seen = truth + shared + rng.normal(scale=VIEW_ERROR, size=len(truth))
    near = np.exp(-((seen[:, None] - np.arange(len(CLASSES))) ** 2))
    n_images = len(truth)
    return Units(
        classes=CLASSES,
        keys=tuple((str(at),) for at in range(n_images)),
        truth=truth,
        probabilities=near / near.sum(axis=1, keepdims=True),
        patient=patient if clustered else np.arange(n_images),
        n_images=n_images,
        n_exams=n_patients,
        n_patients=n_patients if clustered else n_images,
    )


if __name__ == "__main__":
    main()
