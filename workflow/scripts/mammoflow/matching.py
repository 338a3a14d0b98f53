"""Matching of a recipe: the lookup tables fitted on development images, and their use."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import intensity, tables
from mammoflow.pictures import Picture

REFERENCE = "reference"


@dataclass(frozen=True)
class Matching:
    """How a recipe matches: its `way`, the accounts (`tables.MATCHING`) and the arrays that they name."""

    way: str  # none | image | device
    accounts: pd.DataFrame
    arrays: dict[str, npt.NDArray[np.generic]]

    def table(self, picture: Picture, device: str) -> npt.NDArray[np.uint16]:
        """The lookup table for a picture of this device: stored values to intensities of 0 to 65,535."""
        if self.way == "image":
            reference = intensity.Reference(intensity.QUANTILES, self.arrays[REFERENCE].astype(np.float64))
            return intensity.matching_table(picture.histogram, reference)
        if self.way == "device":
            found = self.arrays.get(_name(device, picture.bits))
            if found is not None:
                return found.astype(np.uint16)
        return intensity.stored_range(picture.bits)


def fit(way: str, images: pd.DataFrame, histograms: dict[str, npt.NDArray[np.int64]]) -> Matching:
    """Fit the lookup tables of one way of matching.

    Parameters
    ----------
    way
        "none"; "image": every picture to the mean quantile function of all; "device": every device to the one with
        most images, by one monotone table each, pooled with equal class weights.
    images
        The labelled development images (`tables.LABELLED_IMAGES`).
    histograms
        Foreground histogram of each image id.
    """
    if way == "none":
        return Matching(way, tables.empty(tables.MATCHING), {})
    if way == "image":
        reference = intensity.mean_reference([histograms[one] for one in images["image_id"]])
        return Matching(
            way,
            tables.frame_of([_account("", 0, REFERENCE, reference.values, len(images))], tables.MATCHING),
            {REFERENCE: reference.values},
        )
    return _fit_devices(images, histograms)


def _fit_devices(images: pd.DataFrame, histograms: dict[str, npt.NDArray[np.int64]]) -> Matching:
    bits = images["image_id"].map(lambda one: len(histograms[one]).bit_length() - 1)
    groups = dict(list(images.groupby([images["device"], bits])))
    pools = {
        key: intensity.pooled([histograms[one] for one in own["image_id"]], list(own["label"]))
        for key, own in groups.items()
    }
    # Of devices with as many images, the first by name.
    reference_key = max(sorted(groups), key=lambda key: len(groups[key]))
    reference = intensity.reference_of_histogram(pools[reference_key])
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    rows = []
    for (device, bits_stored), pool in sorted(pools.items()):
        name = _name(device, bits_stored)
        arrays[name] = intensity.matching_table(pool, reference)
        rows.append(_account(device, bits_stored, name, arrays[name], len(groups[device, bits_stored])))
    return Matching("device", tables.frame_of(rows, tables.MATCHING), arrays)


def _name(device: str, bits: int) -> str:
    return f"{device}|{bits}"


def _account(device: str, bits: int, name: str, array: npt.NDArray[np.generic], n_images: int) -> dict[str, object]:
    return {
        "device": device,
        "bits_stored": bits,
        "tensor": name,
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        "n_images": n_images,
        "status": "matched",
        "reason": "",
    }
