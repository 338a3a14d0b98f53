"""Trivial baselines: what any method must beat to mean anything."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BINS = 32


def shares(manifest: pd.DataFrame, classes: list[str]) -> npt.NDArray[np.float64]:
    """The shares of the classes among the development images, those left out by downsampling included: (k,)."""
    development = manifest[manifest["label"].isin(classes) & (manifest["held_out"] == "development")]
    return development["label"].value_counts(normalize=True).reindex(classes, fill_value=0.0).to_numpy()


def majority(manifest: pd.DataFrame, classes: list[str]) -> npt.NDArray[np.float64]:
    """The development shares for every image: (n, k). Always the commonest class, and calibrated."""
    return np.tile(shares(manifest, classes), (len(manifest), 1))


def random(manifest: pd.DataFrame, classes: list[str], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """For every image one class, drawn from the development shares: (n, k), each row one 1."""
    drawn = rng.choice(len(classes), size=len(manifest), p=shares(manifest, classes))
    return np.eye(len(classes))[drawn]


def intensity_features(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Share of the breast's pixels in each of 32 bands of intensity: (32,). Black background is not counted."""
    inside = pixels[pixels > 0]
    return np.histogram(inside, bins=BINS, range=(0, 256))[0] / max(1, len(inside))


def histogram(
    features: npt.NDArray[np.float64], manifest: pd.DataFrame, classes: list[str], *, weighted: bool
) -> npt.NDArray[np.float64]:
    """Logistic regression on intensity features, fitted on train: (n, k).

    Parameters
    ----------
    features : (n, 32)
        Of each image of the manifest, in its order.
    manifest
        `tables.MANIFEST`.
    classes
        The k classes kept, in order.
    weighted
        Whether images count by weights inverse to the share of their class.
    """
    train = (manifest["subset"] == "train").to_numpy()
    model = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced" if weighted else None)
    )
    model.fit(features[train], manifest["label"].to_numpy()[train])
    order = [list(model.classes_).index(label) for label in classes]
    return model.predict_proba(features)[:, order]
