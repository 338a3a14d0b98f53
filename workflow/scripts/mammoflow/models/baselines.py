"""Trivial baselines: what any method must beat to mean anything."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mammoflow.errors import UserError

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


def roi_presence(
    manifest: pd.DataFrame, roi: pd.Series, classes: list[str], *, experiment: str
) -> npt.NDArray[np.float64]:
    """The second class where a lesion is outlined, the first where none is: (n, 2).

    The probability is the share of a class among development images with, or without, an outline. Classes count the
    same, however rare one is, or the commoner would be the answer to both; and each share has one image of either class
    more than there are (Laplace), so that none is 0 or 1. Where images of the first class are outlined more often, the
    answer is the other way round. An image of which it is not known gets 0.5 and 0.5.

    Parameters
    ----------
    manifest
        `tables.MANIFEST`.
    roi
        Of each image of the manifest, in its order: `yes`, `no`, or empty where the data set does not say.
    classes
        The two classes kept, in order.
    experiment
        Its name, for the message.

    Raises
    ------
    UserError
        If it is known of no development image.
    """
    development = manifest["label"].isin(classes) & (manifest["held_out"] == "development")
    known = (development & roi.isin(["yes", "no"])).to_numpy()
    if not known.any():
        raise UserError(
            f"config: experiments.{experiment}.method is 'roi_presence', but of no development image it is known "
            "whether a lesion is outlined; allowed: a data set with its file of outlines, or a run without it"
        )
    counts = pd.crosstab(roi[known].to_numpy(), manifest.loc[known, "label"].to_numpy())
    counts = counts.reindex(index=["yes", "no"], columns=classes, fill_value=0)
    weighted = counts / counts.sum().clip(lower=1) * known.sum() / len(classes) + 1
    of_roi = weighted.div(weighted.sum(axis=1), axis=0)
    of_roi.loc[""] = 1 / len(classes)
    return of_roi.loc[roi].to_numpy()


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
