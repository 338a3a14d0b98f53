"""Nearest neighbours among frozen embeddings, their number chosen on the validation images."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import NearestNeighbors

from mammoflow.models.choices import Tried
from mammoflow.models.subsets import Rows, row_weights

NUMBERS = (100, 50, 20, 10, 5, 3, 1)


def predict(
    vectors: npt.NDArray[np.float32], rows: Rows, *, n_classes: int
) -> tuple[npt.NDArray[np.float64], list[Tried], int]:
    """The shares of the classes among the training images that are nearest by cosine.

    Their number is the one with the best balanced accuracy over the validation images, of equal ones the largest; more
    than there are training images are not tried.

    Parameters
    ----------
    vectors : (n, width) float32
        Embeddings.
    rows
        Which of them train and validate, and their classes. Where classes have weights, a neighbour's vote is that of
        its class.
    n_classes
        Number of classes.

    Returns
    -------
    probabilities, tried, chosen
        (n, classes) of all vectors; what was tried, and the position there of what was chosen.
    """
    numbers = [number for number in NUMBERS if number <= len(rows.train)]
    search = NearestNeighbors(n_neighbors=numbers[0], metric="cosine").fit(vectors[rows.train])
    nearest = search.kneighbors(vectors, return_distance=False)
    votes = np.eye(n_classes)[rows.targets[rows.train]] * row_weights(rows, rows.train)[:, None]
    targets = rows.targets[rows.validation]
    found, tried, scores = [], [], []
    for number in numbers:
        counted = votes[nearest[:, :number]].sum(axis=1)
        found.append(counted / counted.sum(axis=1, keepdims=True))
        guess = found[-1][rows.validation].argmax(axis=1)
        scores.append(balanced_accuracy_score(targets, guess))
        tried.append(Tried(f"k={number}", float("nan"), float((guess == targets).mean())))
    chosen = int(np.argmax(scores))
    return found[chosen], tried, chosen
