"""Which pictures a figure shows, read small."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mammoflow import drawing, matching, pictures, quality
from mammoflow.figures.images import Intensities, Sample
from mammoflow.recipes import Recipe

N_SAMPLES = 8
SIDE = 320  # pixels of a sample's longest side
BINS = 64
MOST_IMAGES = 40  # of a device, for its distribution: enough for a curve, few enough to be read in seconds


def choose(images: pd.DataFrame, *, n: int = N_SAMPLES) -> pd.DataFrame:
    """Images for a figure: classes and devices in turn, so that each is seen; the same ones at every run.

    Parameters
    ----------
    images
        Rows of a labelled images table.
    n
        How many, if there are as many.
    """
    ordered = images.sort_values(["label", "device", "image_id"], kind="stable", ignore_index=True)
    left = {key: list(own.index) for key, own in ordered.groupby(["label", "device"], sort=True)}
    seen: Counter[object] = Counter()
    chosen: list[int] = []
    while left and len(chosen) < n:
        # Of the class seen least, on the device on which it was seen least.
        key = min(left, key=lambda key: (seen["class", key[0]], seen[key], seen["device", key[1]]))
        chosen.append(left[key].pop(0))
        seen.update([("class", key[0]), key, ("device", key[1])])
        left = {key: own for key, own in left.items() if own}
    return ordered.loc[sorted(chosen)]


def sample(image: Any, recipe: Recipe, work: Path) -> Sample:
    """One picture before and after the matching of a recipe, shrunk for drawing.

    Parameters
    ----------
    image
        A row with device, label, picture and file, the PNG.
    recipe
        What the PNG was made by.
    work
        Folder of the 16-bit pictures.
    """
    unmatched = matching.without_tables(replace(recipe, matching="none"))
    before = drawing.render(pictures.load(work / image.picture), unmatched, image.device)
    after = pictures.read_png(image.file)
    return Sample(image.device, image.label, shrunk(before), shrunk(after))


def distribution(images: pd.DataFrame, recipe: Recipe, work: Path) -> Intensities:
    """Mean distribution of foreground intensities before and after the matching, each image counting the same.

    Parameters
    ----------
    images
        At least one row, as for `sample`; of one device.
    recipe, work
        As for `sample`.
    """
    greys = quality.read_greys(images, recipe, work=work, progress=list)
    return Intensities(_binned(greys.before), _binned(greys.after), len(images))


def of_recipe(images: pd.DataFrame, recipe: Recipe, work: Path) -> tuple[list[Sample], dict[str, Intensities]]:
    """Samples and distributions of a recipe.

    Parameters
    ----------
    images
        Development images, rows as for `sample`.
    recipe, work
        As for `sample`.
    """
    samples = [sample(row, recipe, work) for row in choose(images).itertuples()]
    devices = {
        str(device): distribution(choose(own, n=MOST_IMAGES), recipe, work)
        for device, own in images.groupby("device", sort=True)
    }
    return samples, devices


def _binned(greys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean shares of the foreground in BINS equal parts of the grey range: (BINS,)."""
    counts = greys.reshape(len(greys), BINS, -1).sum(axis=2)
    return (counts / np.maximum(1, counts.sum(axis=1, keepdims=True))).mean(axis=0)


def shrunk(pixels: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.float32]:
    """Pixels of 8 or 16 bits as shares of the grey range, the longest side at most SIDE."""
    top = np.iinfo(pixels.dtype).max
    return np.asarray(pictures.shrink(pixels.astype(np.float32), SIDE) / top, np.float32)
