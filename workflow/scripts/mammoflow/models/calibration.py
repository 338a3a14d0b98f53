"""Calibration: probabilities of another method, moved by a temperature or by a bias for each class.

All three ways are softmax(log(p) / temperature + bias). Each is the one solution of a convex problem, so that neither a
grid, nor a start, nor a seed decides. They are fitted on images that no test image is among.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp, softmax

from mammoflow import tables
from mammoflow.errors import UserError

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

# A probability of exactly 0 has no logarithm: it counts as the smallest positive normal number, about 2e-308.
FLOOR = float(np.finfo(np.float64).tiny)
# Where the best temperature lies beyond, as where every image is told rightly, it is the end of this range.
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.01, 100.0
_EXACT = 1e-11  # of the mean predictions that biases bring about
_ROUNDING = 1e-12  # of a loss, and of logarithms
_MOST_STEPS = 500


@dataclass(frozen=True)
class Calibration:
    """What probabilities are moved by."""

    temperature: float
    biases: Floats  # (K,), 0 in the mean
    prior: Floats | None = None  # (K,), the shares that were matched

    def applied(self, probabilities: Floats) -> Floats:
        """Calibrated probabilities: (N, K), each row sums to 1."""
        moved: Floats = softmax(_logarithms(probabilities) / self.temperature + self.biases, axis=1)
        return moved


def by_temperature(probabilities: Floats, truth: Positions) -> Calibration:
    """The temperature of the least mean log loss (Guo et al., 2017): softer above 1, sharper below.

    Parameters
    ----------
    probabilities : (N, K) float64
        Of the images to fit on; N >= 1.
    truth : (N,) int64
        Positions of their classes.

    Returns
    -------
    Calibration
        Its temperature is within [0.01, 100]; 1 where every image has the same probability of all classes, which no
        temperature changes. The order of an image's classes stays.
    """
    logarithms = _logarithms(probabilities)
    of_truth = np.take_along_axis(logarithms, truth[:, None], axis=1)[:, 0]

    def slope(sharpness: float) -> float:
        """Derivative of the mean log loss by 1 / temperature; it never falls."""
        expected = (softmax(sharpness * logarithms, axis=1) * logarithms).sum(axis=1)
        return float((expected - of_truth).mean())

    is_even = bool(np.ptp(logarithms, axis=1).max() <= _ROUNDING)
    return Calibration(1.0 if is_even else _temperature(slope), np.zeros(probabilities.shape[1]))


def _temperature(slope: Callable[[float], float]) -> float:
    """Where the slope is 0, or the end of the range that is nearest to it."""
    softest, sharpest = 1 / MOST_TEMPERATURE, 1 / LEAST_TEMPERATURE
    if slope(softest) >= 0:
        return MOST_TEMPERATURE
    if slope(sharpest) <= 0:
        return LEAST_TEMPERATURE
    return float(1 / brentq(slope, softest, sharpest, xtol=1e-14, rtol=1e-14))


def by_bias(probabilities: Floats, truth: Positions) -> Calibration:
    """The biases of the least log loss where every class weighs the same.

    For two classes this is a threshold on the probability, as Tong et al. ("Does Bigger Mean Better?") calibrate one
    for zero-shot BiomedCLIP; for more it is its counterpart, as differences of biases decide between two classes. They
    choose the threshold of the greatest F1, a step function, which has many maxima and jumps with single images; this
    loss is smooth and convex and has one minimum. Classes weigh the same because, as in a macro average, a rare one is
    not to be given up. It maximises no F1, and its probabilities are those of a cohort with equal shares.

    Parameters
    ----------
    probabilities, truth
        As for `by_temperature`.

    Returns
    -------
    Calibration
        Its temperature is 1. A class without an image is left out of the fit, and has the bias 0.
    """
    counts = np.bincount(truth, minlength=probabilities.shape[1])
    weights = 1.0 / (counts[truth] * np.count_nonzero(counts))
    return Calibration(1.0, _biases(probabilities, weights, (counts > 0) / np.count_nonzero(counts)))


def by_prior(probabilities: Floats, prior: Floats) -> Calibration:
    """The biases that make the mean prediction equal the prior; no image's label is looked at.

    Parameters
    ----------
    probabilities : (N, K) float64
        Of the images to fit on; N >= 1.
    prior : (K,) float64
        Shares of the classes, which sum to 1.

    Returns
    -------
    Calibration
        Its temperature is 1. A class of share 0 is left out of the fit, and has the bias 0.
    """
    weights = np.full(len(probabilities), 1.0 / len(probabilities))
    return Calibration(1.0, _biases(probabilities, weights, prior / prior.sum()), prior)


def _logarithms(probabilities: Floats) -> Floats:
    return np.log(np.maximum(probabilities, FLOOR))


def _biases(probabilities: Floats, weights: Floats, target: Floats) -> Floats:
    """The biases, 0 in the mean, with which the weighted mean of the predictions is `target`.

    They minimise the convex sum_i w_i logsumexp_k(log p_ik + b_k) - sum_k t_k b_k, by Newton steps that are damped as
    Levenberg's and Marquardt's are.

    Raises
    ------
    ArithmeticError
        If that is not reached, which nothing finite should bring about.
    """
    used = target > 0
    logarithms, wanted = _logarithms(probabilities[:, used]), target[used]
    biases, damping = np.zeros(len(wanted)), 1e-3
    loss, slope, curvature = _moments(logarithms, weights, wanted, biases)
    for _ in range(_MOST_STEPS):
        if np.abs(slope).max() < _EXACT:
            whole = np.zeros(len(target))
            whole[used] = biases - biases.mean()
            return whole
        step = np.linalg.solve(curvature + damping * np.eye(len(wanted)), -slope)
        found = _moments(logarithms, weights, wanted, biases + step)
        if found[0] <= loss + _ROUNDING:
            biases, (loss, slope, curvature), damping = biases + step, found, damping / 10
        else:
            damping *= 10
    raise ArithmeticError(f"biases did not reach their target: off by {np.abs(slope).max():.1e}")


def _moments(logarithms: Floats, weights: Floats, wanted: Floats, biases: Floats) -> tuple[float, Floats, Floats]:
    """Loss, slope and curvature at these biases."""
    moved = logarithms + biases
    p = softmax(moved, axis=1)
    mean = weights @ p
    # All biases may grow together without any change: this direction has its own curvature, so that none is flat.
    curvature = np.diag(mean) - (p * weights[:, None]).T @ p + 1 / len(wanted)
    return float(weights @ logsumexp(moved, axis=1) - wanted @ biases), mean - wanted, curvature


def fitting_images(predictions: pd.DataFrame, manifest: pd.DataFrame, fitted_on: str) -> pd.DataFrame:
    """The predictions of the images that a calibration may be fitted on.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS` of the method to calibrate.
    manifest
        `tables.MANIFEST` of the same seed.
    fitted_on
        "development": every image that is not held out as test, those that balancing left out included, where the
        method was trained on none of them; "validation" where it was trained.

    Returns
    -------
    pandas.DataFrame
        `tables.PREDICTIONS`, of classes that are kept.

    Raises
    ------
    UserError
        If there is no such image.
    """
    held_out = predictions["image_id"].map(manifest.set_index("image_id")["held_out"])
    allowed = held_out == "development"
    if fitted_on == "validation":
        allowed &= predictions["subset"] == "validation"
    own = predictions[allowed & predictions["label"].isin(tables.predicted_classes(predictions))]
    if own.empty:
        raise UserError(
            f"no {fitted_on} image to calibrate on; name a method that predicts some, or more in split.validation"
        )
    return own


def prior_of(own: pd.DataFrame, classes: list[str], given: dict[str, float], *, experiment: str) -> Floats:
    """The prior of an experiment: what the configuration gives, else the shares of these images' labels.

    Parameters
    ----------
    own
        `tables.PREDICTIONS` of development images.
    classes
        The classes kept, in order.
    given
        Share of each class; none for the images' own.
    experiment
        Its name, for the message.

    Returns
    -------
    (K,) float64

    Raises
    ------
    UserError
        If shares are given for other classes.
    """
    if given and set(given) != set(classes):
        raise UserError(
            f"config: experiments.{experiment}.prior has {', '.join(given)}; "
            f"needed: the classes kept, {', '.join(classes)}"
        )
    shares = pd.Series(given) if given else own["label"].value_counts(normalize=True)
    return shares.reindex(classes, fill_value=0.0).to_numpy(dtype=np.float64)


def fit(predictions: pd.DataFrame, *, by: str, prior: Floats) -> Calibration:
    """Calibrate on these images.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS`, from `fitting_images`.
    by
        "temperature", "bias" or "prior".
    prior : (K,) float64
        From `prior_of`; used by "prior" only.
    """
    classes = tables.predicted_classes(predictions)
    probabilities = predictions[tables.probability_columns(classes)].to_numpy(dtype=np.float64)
    if by == "prior":
        return by_prior(probabilities, prior)
    truth = predictions["label"].map({key: at for at, key in enumerate(classes)}).to_numpy(dtype=np.int64)
    return by_temperature(probabilities, truth) if by == "temperature" else by_bias(probabilities, truth)


def calibrated(predictions: pd.DataFrame, calibration: Calibration) -> pd.DataFrame:
    """The same images with calibrated probabilities: `tables.PREDICTIONS`."""
    columns = tables.probability_columns(tables.predicted_classes(predictions))
    moved = predictions.copy()
    moved[columns] = calibration.applied(predictions[columns].to_numpy(dtype=np.float64))
    return moved


def as_rows(calibration: Calibration, own: pd.DataFrame, *, seed: int, fitted_on: str) -> list[dict[str, object]]:
    """Rows of `tables.CALIBRATION` for one seed: each class, and the images it was fitted on."""
    rows: list[dict[str, object]] = []
    for at, label in enumerate(tables.predicted_classes(own)):
        of_class = own[own["label"] == label]
        rows.append(
            {"seed": seed, "label": label, "temperature": calibration.temperature, "bias": calibration.biases[at]}
            | {"prior": None if calibration.prior is None else calibration.prior[at], "fitted_on": fitted_on}
            | {"n_images": len(of_class), "n_patients": of_class["patient_id"].nunique()}
        )
    return rows
