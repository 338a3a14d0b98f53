"""What a recipe's matching does to intensities: the share of bright tissue, and what intensities still tell.

Everything is measured on grey values of 8 bits, as the methods see them: after the matching on the PNGs of the recipe,
before it on the same pictures made without matching.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import drawing, matching, pictures, tables
from mammoflow.evaluation import separability
from mammoflow.evaluation.separability import Separability
from mammoflow.recipes import Recipe
from mammoflow.splits import rank

GREYS = 256
BANDS = 32  # of grey values: the features of the experiments of method `histogram`
# Differences of bands that count: half a percent of the breast. Left and right breast of one patient differ by about
# twice that; matching every image to one histogram leaves a tenth of it, by rounding, and that is no signal.
RESOLUTION = 0.005
MOST_IMAGES = 4000  # enough for steady numbers, few enough to be read in minutes
STATES = ("before", "after")

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Greys:
    """Pixels of each grey value in the foreground of N images: (N, 256) int64, before and after the matching."""

    before: Counts
    after: Counts

    def of(self, state: str) -> Counts:
        """Those of one of STATES."""
        return self.before if state == "before" else self.after


def sample(images: pd.DataFrame, *, most: int = MOST_IMAGES) -> pd.DataFrame:
    """Images of as many whole patients as `most` images allow, drawn by a hash of the patient; all where they fit."""
    if len(images) <= most:
        return images
    sizes = images.groupby("patient_id").size()
    order = rank(sizes.index, purpose="quality", seed=0)
    within = sizes[order].cumsum() <= most
    return images[images["patient_id"].isin(within.index[within])]


def read_greys(images: pd.DataFrame, recipe: Recipe, *, work: Path, progress: Callable[..., Any]) -> Greys:
    """Count the grey values of images before and after the matching of a recipe.

    Parameters
    ----------
    images
        Rows with device, picture and file, the PNG.
    recipe
        That the PNGs were made by.
    work
        Folder of the pictures.
    progress
        Wraps the loop, such as tqdm.
    """
    unmatched = matching.without_tables(replace(recipe, matching="none"))
    before, after = [], []
    for image in progress(images.to_dict("records")):
        picture = pictures.load(work / image["picture"])
        pixels = drawing.render(picture, unmatched, image["device"])
        before.append(grey_counts(drawing.to_eight_bits(pixels)))
        after.append(grey_counts(pictures.read_png(image["file"])))
    return Greys(np.array(before), np.array(after))


def grey_counts(pixels: npt.NDArray[np.uint8]) -> Counts:
    """Pixels of each grey value: (256,). Black background is not counted."""
    counts = np.bincount(pixels.ravel(), minlength=GREYS)
    counts[0] = 0
    return counts


def features(greys: Counts) -> Floats:
    """Share of the foreground in each of 32 bands of grey values: (N, 32), as `baselines.intensity_features`."""
    return _shares(greys).reshape(len(greys), BANDS, -1).sum(axis=2)


def blurred(bands: Floats, *, seed: int = 0) -> Floats:
    """Features with normal noise of RESOLUTION, so that no classifier can read differences far below it."""
    return bands + np.random.default_rng(seed).normal(0, RESOLUTION, bands.shape)


def bright_threshold(greys: Counts) -> int:
    """The grey value that parts fat from tissue best over all images together, each of equal weight (Otsu's method).

    Pixels above it are bright. It is taken anew after the matching, because that moves all intensities to another
    scale; it is one value for all images of a recipe, so that their shares can be compared.
    """
    shares = _shares(greys).mean(axis=0)
    dark = np.cumsum(shares)
    mass = np.cumsum(shares * np.arange(GREYS))
    # Variance between the two parts, for each value that could part them.
    between = np.zeros(GREYS)
    inner = (dark > 0) & (dark < 1)
    between[inner] = (mass[-1] * dark[inner] - mass[inner]) ** 2 / (dark[inner] * (1 - dark[inner]))
    return int(np.argmax(between))


def bright_shares(greys: Counts, threshold: int) -> Floats:
    """Share of each image's foreground that is brighter than a grey value: (N,)."""
    return _shares(greys)[:, threshold + 1 :].sum(axis=1)


def bright_tissue(images: pd.DataFrame, greys: Greys) -> pd.DataFrame:
    """The share of bright tissue of each image (`tables.BRIGHT_TISSUE`).

    Parameters
    ----------
    images
        Rows with image_id, device and label.
    greys
        Of these images, in their order.
    """
    shares = {state: bright_shares(greys.of(state), bright_threshold(greys.of(state))) for state in STATES}
    frame = images[["image_id", "device", "label"]].assign(**shares)
    return frame.sort_values("image_id", ignore_index=True)


def measures(images: pd.DataFrame, greys: Greys, *, resamples: int) -> pd.DataFrame:
    """All numbers of a recipe (`tables.QUALITY`).

    Parameters
    ----------
    images
        Development images with image_id, patient_id, device and label.
    greys
        Of these images, in their order.
    resamples
        Of patients, for the intervals.
    """
    rows: list[dict[str, object]] = []
    shares = bright_tissue(images, greys).merge(images[["image_id", "patient_id"]], on="image_id", validate="1:1")
    # The same rows in the same order, whatever the order of the images: folds and sums depend on it.
    order = np.argsort(images["image_id"].to_numpy(dtype=str))
    patients = images["patient_id"].to_numpy(dtype=str)[order]
    for state in STATES:
        own = greys.of(state)[order]
        threshold = bright_threshold(own)
        about = {"n_images": len(images), "n_patients": images["patient_id"].nunique()}
        rows.append({"state": state, "measure": "bright_threshold", "value": threshold / (GREYS - 1), **about})
        rows += _mean_shares(shares, state)
        bands = features(own)
        for measure, column, seen in (
            ("device_told", "device", blurred(bands)),
            ("device_told_exactly", "device", bands),
            ("class_told", "label", blurred(bands)),
            ("class_told_exactly", "label", bands),
        ):
            groups = images[column].to_numpy(dtype=str)[order]
            found = separability.measure(seen, groups, patients, resamples=resamples)
            rows.append({"state": state, "measure": measure, **_told(found)})
    return tables.frame_of(rows, tables.QUALITY)


def _mean_shares(shares: pd.DataFrame, state: str) -> list[dict[str, object]]:
    """The mean share of bright tissue of each class, over all devices and on each."""
    by_class = [(("", label), own) for label, own in shares.groupby("label")]
    by_device = [(key, own) for key, own in shares[shares["device"] != ""].groupby(["device", "label"])]
    return [
        {
            "state": state,
            "measure": "bright_share",
            "device": device,
            "label": label,
            "value": own[state].mean(),
            "n_images": len(own),
            "n_patients": own["patient_id"].nunique(),
        }
        for (device, label), own in [*by_class, *by_device]
    ]


def _told(found: Separability) -> dict[str, object]:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "chance": found.chance,
        "n_groups": len(found.groups),
        "left_out": len(found.left_out),
        "n_images": found.n_images,
        "n_patients": found.n_patients,
        "reason": found.reason,
    }


def _shares(greys: Counts) -> Floats:
    """Shares of the foreground of each image: (N, 256)."""
    return greys / np.maximum(1, greys.sum(axis=1, keepdims=True))
