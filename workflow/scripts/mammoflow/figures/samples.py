"""Which pictures a figure shows, read small."""

from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from mammoflow import pictures
from mammoflow.errors import UserError
from mammoflow.figures.images import Intensities, Sample
from mammoflow.pictures import Picture

N_SAMPLES = 8
SIDE = 320  # pixels of a sample's longest side
BINS = 64
MOST_IMAGES = 40  # of a device, for its distribution: enough for a curve, few enough to be read in seconds


def choose(images: pd.DataFrame, *, n: int = N_SAMPLES) -> pd.DataFrame:
    """Images for a figure: devices and classes in turn, so that each is seen; the same ones at every run.

    Parameters
    ----------
    images
        Rows of a labelled images table.
    n
        How many, if there are as many.
    """
    ordered = images.sort_values(["label", "image_id"], kind="stable")
    by_device = [_by_class(own) for _, own in ordered.groupby("device", sort=True)]
    chosen = [index for index in chain.from_iterable(zip_longest(*by_device)) if index is not None][:n]
    return ordered.loc[chosen]


def _by_class(images: pd.DataFrame) -> list[int]:
    """Row labels, one of each class in turn."""
    turn = images.groupby("label", sort=True).cumcount()
    return list(turn.sort_values(kind="stable").index)


def sample(picture: Picture, png: str | Path, *, device: str, label: str) -> Sample:
    """One picture before and after, shrunk for drawing."""
    before = picture.pixels.astype(np.float32) / (2**picture.bits - 1)
    after = _read_png(png).astype(np.float32)
    return Sample(device, label, _shrunk(before), _shrunk(after))


def distribution(pairs: Iterator[tuple[Picture, str]]) -> Intensities:
    """Mean distribution of foreground intensities, each image counting the same.

    Parameters
    ----------
    pairs
        Picture and path of the PNG made from it, of one device.

    Raises
    ------
    UserError
        If there is none.
    """
    before, after = [], []
    for picture, png in pairs:
        before.append(_binned(picture.histogram))
        after.append(_binned(np.bincount(_read_png(png).ravel(), minlength=256) * (np.arange(256) > 0)))
    if not before:
        raise UserError("no image to draw a distribution of")
    return Intensities(np.mean(before, axis=0), np.mean(after, axis=0), len(before))


def of_recipe(images: pd.DataFrame, pngs: dict[str, str], work: Path) -> tuple[list[Sample], dict[str, Intensities]]:
    """Samples and distributions of a recipe.

    Parameters
    ----------
    images
        Labelled development images with the column `picture`.
    pngs
        The PNG of each image id.
    work
        Folder of the 16-bit pictures.
    """
    samples = [
        sample(pictures.load(work / row.picture), pngs[row.image_id], device=row.device, label=row.label)
        for row in choose(images).itertuples()
    ]
    devices = {
        str(device): distribution(
            (pictures.load(work / row.picture), pngs[row.image_id]) for row in choose(own, n=MOST_IMAGES).itertuples()
        )
        for device, own in images.groupby("device", sort=True)
    }
    return samples, devices


def _binned(histogram: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of the foreground in BINS equal parts of the range of values."""
    part = np.arange(len(histogram)) * BINS // len(histogram)
    counts = np.bincount(part, weights=histogram, minlength=BINS)
    return counts / max(1.0, counts.sum())


def _read_png(path: str | Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def _shrunk(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return pictures.shrink(pixels, SIDE).astype(np.float32)
