"""Logistic regression on frozen embeddings, its strength of regularisation chosen on the validation images."""

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mammoflow.models.choices import Tried
from mammoflow.models.heads import Head
from mammoflow.models.subsets import Rows, row_weights

# From strong to weak regularisation, half a decade apart.
STRENGTHS = tuple(float(10**exponent) for exponent in np.arange(-5, 4.5, 0.5))
_MAX_ITERATIONS = 2000


def fit(vectors: npt.NDArray[np.float32], rows: Rows) -> tuple[Head, list[Tried], int]:
    """Fit one for every C, and choose that of the least validation loss, of equal ones the smallest C.

    Embeddings are standardised by mean and deviation of the training images. The validation images are not fitted on
    afterwards, because predictions may yet be calibrated on them.

    Parameters
    ----------
    vectors : (n, width) float32
        Embeddings.
    rows
        Which of them train and validate, and their classes, every one of which trains. Where classes have weights,
        these count in the fit and in the validation loss.

    Returns
    -------
    head, tried, chosen
        The chosen regression, for vectors as they are; what was tried, and the position there of what was chosen.
    """
    scaler = StandardScaler().fit(vectors[rows.train].astype(np.float64))
    inputs, targets = scaler.transform(vectors[rows.train].astype(np.float64)), rows.targets[rows.train]
    heads, tried = [], []
    for strength in STRENGTHS:
        model = LogisticRegression(
            C=strength, max_iter=_MAX_ITERATIONS, class_weight=None if rows.weights is None else "balanced"
        )
        head = _on_vectors(model.fit(inputs, targets), scaler)
        loss, accuracy = _validate(head.log_probabilities(vectors[rows.validation]), rows)
        heads.append(head)
        tried.append(Tried(f"C={strength:.3g}", loss, accuracy))
    chosen = int(np.argmin([one.loss for one in tried]))
    return heads[chosen], tried, chosen


def _on_vectors(model: LogisticRegression, scaler: StandardScaler) -> Head:
    """The regression as a head for vectors that are not standardised: the scaler is folded into its weights."""
    weight, bias = model.coef_ / scaler.scale_, model.intercept_ - model.coef_ @ (scaler.mean_ / scaler.scale_)
    if len(weight) == 1:  # of two classes there is one row, the second against the first
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return Head(weight, bias)


def _validate(logs: npt.NDArray[np.float64], rows: Rows) -> tuple[float, float]:
    """Mean loss and accuracy over the validation rows."""
    targets = rows.targets[rows.validation]
    losses = -logs[np.arange(len(targets)), targets]
    loss = np.average(losses, weights=row_weights(rows, rows.validation))
    return float(loss), float((logs.argmax(axis=1) == targets).mean())
