"""Matching of a recipe: the lookup tables fitted on development images, and their use.

Tables act on intensities after the recipe's tone, so that one serves all bit depths and windows.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file

from mammoflow import intensity, pictures, splits, tables
from mammoflow import tone as tones
from mammoflow.errors import UserError
from mammoflow.intensity import Counts, Reference, Table
from mammoflow.pictures import Picture
from mammoflow.recipes import Recipe

REFERENCE = "reference"

Arrays = dict[str, npt.NDArray[np.generic]]
# Of an image id: its foreground histogram after the tone, (65,536,) int64, and the tone, which may be a fallback.
Read = Callable[[str], tuple[Counts, str]]


@dataclass(frozen=True)
class Applied:
    """The one lookup table of a picture, (2**bits,) uint16, and the tone and matching that are in it."""

    table: Table
    tone: str
    matching: str


@dataclass(frozen=True)
class Matching:
    """How a recipe matches: the accounts of its tables (`tables.MATCHING`) and the arrays that they name."""

    recipe: Recipe
    accounts: pd.DataFrame
    arrays: Arrays

    def of(self, picture: Picture, device: str) -> Applied:
        """What is done to the stored values of a picture of this device."""
        toned, used = tones.of(picture.histogram, picture.voi, tone=self.recipe.tone)
        if self.recipe.matching == "image":
            reference = Reference(*self.arrays[REFERENCE].astype(np.float64))
            own = intensity.matching_table(tones.toned(picture.histogram, toned), reference)
            return Applied(tones.compose(toned, own), used, "image")
        found = self.arrays.get(_name(device, picture.bits)) if self.recipe.matching == "device" else None
        if found is not None:
            return Applied(tones.compose(toned, found.astype(np.uint16)), used, "device")
        unmatched = self.recipe.matching == "device"
        return Applied(tones.compose(toned, _IDENTITY), used, "none" if unmatched else self.recipe.matching)


_IDENTITY: Table = np.arange(tones.LEVELS, dtype=np.uint16)


def without_tables(recipe: Recipe) -> Matching:
    """A recipe whose pictures are not matched, or each by itself."""
    return Matching(recipe, tables.empty(tables.MATCHING), {})


def development_images(
    labelled: pd.DataFrame, test_patients: pd.DataFrame, classes: pd.DataFrame, images: pd.DataFrame
) -> pd.DataFrame:
    """What tables are fitted on: the development images that are of a class of the split.

    Parameters
    ----------
    labelled, test_patients, classes, images
        `tables.LABELLED_IMAGES`, `tables.TEST_PATIENTS`, `tables.CLASSES` and `tables.IMAGES`.

    Returns
    -------
    pandas.DataFrame
        `tables.LABELLED_IMAGES` with the labels of the split, and bits_stored.
    """
    kept = dict(zip(classes["label"], classes["kept_as"], strict=True))
    own = splits.development_images(labelled, test_patients)
    own = own.assign(label=own["label"].map(kept).fillna(""))
    return with_bits(own[own["label"] != ""], images)


def with_bits(labelled: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Labelled images with the bits of their stored values."""
    return labelled.merge(images[["image_id", "bits_stored"]], on="image_id", validate="one_to_one")


def class_mix(development: pd.DataFrame) -> pd.DataFrame:
    """How many development images of each class every device has (`tables.DEVICES`), classes it lacks included."""
    labels = sorted(set(development["label"]))
    rows = [
        {"device": device, "bits_stored": bits, "label": label, "n_images": (own["label"] == label).sum()}
        for (device, bits), own in development.groupby(["device", "bits_stored"])
        for label in labels
    ]
    return tables.frame_of(rows, tables.DEVICES)


def read_toned(path: Path, *, tone: str) -> tuple[Counts, str]:
    """A picture's foreground histogram after the tone, (65,536,) int64, and the tone that it is."""
    counts, voi = pictures.load_histogram(path)
    table, used = tones.of(counts, voi, tone=tone)
    return tones.toned(counts, table), used


def fit(recipe: Recipe, development: pd.DataFrame, read: Read, *, progress: Callable[..., Any]) -> Matching:
    """Fit the lookup tables of a recipe.

    Parameters
    ----------
    recipe
        With matching "none" or "clahe" there are none; "image": every picture to the mean quantile function of all,
        or to one picture; "device": every device to the one with most images, by one monotone table each.
    development
        What `development_images` returns.
    read
        The toned histogram of an image; called once for each.
    progress
        Wraps loops, such as tqdm.
    """
    if recipe.matching == "image":
        return _fit_image(recipe, development, _Reader(read, recipe.tone, progress))
    if recipe.matching == "device":
        return _fit_devices(recipe, development, _Reader(read, recipe.tone, progress))
    return without_tables(recipe)


def check_reference(name: str, recipe: Recipe, images: pd.DataFrame, test_patients: pd.DataFrame) -> None:
    """Refuse a reference image that there is not, or that is held out for the test.

    Parameters
    ----------
    name
        Of the recipe.
    images, test_patients
        `tables.IMAGES` and `tables.TEST_PATIENTS`.
    """
    if recipe.reference is None:
        return
    allowed = images[(images["status"] == "accepted") & ~splits.are_held_out(images, test_patients)]
    if recipe.reference not in set(allowed["image_id"]):
        raise UserError(
            f"config: recipes.{name}.reference is {recipe.reference!r}; allowed: the image_id, in "
            "results/images/images.tsv, of an accepted image that is not held out for the test"
        )


def check_devices(name: str, fitted: Matching, labelled: pd.DataFrame) -> int:
    """How many labelled images are of devices that the tables were not fitted on; an error unless they may be.

    Parameters
    ----------
    name
        Of the recipe.
    fitted
        Its tables.
    labelled
        Labelled images with their bits_stored.

    Raises
    ------
    UserError
        If there are any and the recipe's `unseen_device` is "stop".
    """
    if fitted.recipe.matching != "device":
        return 0
    known = set(zip(fitted.accounts["device"], fitted.accounts["bits_stored"], strict=True))
    pairs = list(zip(labelled["device"], labelled["bits_stored"], strict=True))
    unseen = [pair for pair in pairs if pair not in known]
    if unseen and fitted.recipe.unseen_device == "stop":
        raise UserError(
            f"config: recipes.{name}.unseen_device is 'stop', and {len(unseen)} labelled images are of "
            f"{len(set(unseen))} devices that no table was fitted on; allowed: identity, which leaves them unmatched, "
            "or another matching"
        )
    return len(unseen)


def load(path: str | Path) -> Arrays:
    """The arrays of a file of tables.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    try:
        return load_file(path)
    except (SafetensorError, ValueError):
        raise UserError(f"{path} is damaged, or no file of matching tables; have it made, or copied, again") from None


def frozen(name: str, recipe: Recipe, accounts: pd.DataFrame, arrays: Arrays) -> Matching:
    """Tables of an earlier run, for a recipe of the same tone and matching.

    Parameters
    ----------
    name
        Of the recipe.
    recipe
        What the tables are for.
    accounts, arrays
        What stands in the earlier run's folder.

    Raises
    ------
    UserError
        If they are for another tone or matching, or an array is not the one that was written.
    """
    for key, value in (("matching", recipe.matching), ("tone", recipe.tone)):
        others = set(accounts[key]) - {value}
        if others or accounts.empty:
            raise UserError(
                f"config: recipes.{name}.frozen holds tables for {key} {', '.join(sorted(others)) or 'none'}; "
                f"allowed: those of a recipe whose {key} is {value}"
            )
    for row in accounts[accounts["status"] == "matched"].to_dict("records"):
        array = arrays.get(row["tensor"])
        if array is None or _digest(array) != row["sha256"]:
            raise UserError(
                f"config: recipes.{name}.frozen: tables.safetensors is damaged, or of another run than tables.tsv; "
                "copy both again"
            )
    return Matching(recipe, accounts, arrays)


@dataclass
class _Reader:
    """Reads toned histograms one at a time, and counts those of another tone than asked for."""

    read: Read
    tone: str
    progress: Callable[..., Any]
    fallbacks: int = 0

    def all(self, images: Iterable[str]) -> Iterator[Counts]:
        for image in self.progress(images):
            counts, used = self.read(image)
            self.fallbacks += used != self.tone
            yield counts


def _fit_image(recipe: Recipe, development: pd.DataFrame, reader: _Reader) -> Matching:
    if recipe.reference is None:
        ids = list(development["image_id"])
        reference = intensity.mean_reference(reader.all(ids))
    else:
        ids = [recipe.reference]
        reference = intensity.reference_of_histogram(next(reader.all(ids)))
    array = np.stack([reference.shares, reference.values])
    account = _account(recipe, "", 0, REFERENCE, array) | {"n_images": len(ids), "n_fallback": reader.fallbacks}
    return Matching(recipe, tables.frame_of([account], tables.MATCHING), {REFERENCE: array})


def _fit_devices(recipe: Recipe, development: pd.DataFrame, reader: _Reader) -> Matching:
    n_classes = development["label"].nunique()
    groups = {(str(device), int(bits)): own for (device, bits), own in development.groupby(["device", "bits_stored"])}
    rows: dict[tuple[str, int], dict[str, object]] = {}
    pools: dict[tuple[str, int], intensity.Shares] = {}
    for key, own in sorted(groups.items()):
        counts = own["label"].value_counts()
        if len(counts) < n_classes or counts.min() < recipe.device_min_images:
            rows[key] = _unmatched(recipe, *key, reason="too_few_images") | {"n_images": len(own), "n_fallback": 0}
            continue
        before = reader.fallbacks
        pools[key] = intensity.pooled(reader.all(own["image_id"]), own["label"], pooling=recipe.pooling)
        rows[key] = {"n_images": len(own), "n_fallback": reader.fallbacks - before}
    arrays: Arrays = {}
    if pools:
        # Of devices with as many images, the first by name.
        reference = intensity.reference_of_histogram(pools[max(sorted(pools), key=lambda key: len(groups[key]))])
        for key, pool in pools.items():
            arrays[_name(*key)] = intensity.matching_table(pool, reference)
            rows[key] |= _account(recipe, *key, _name(*key), arrays[_name(*key)])
    return Matching(recipe, tables.frame_of(list(rows.values()), tables.MATCHING), arrays)


def _name(device: str, bits: int) -> str:
    return f"{device}|{bits}"


def _digest(array: npt.NDArray[np.generic]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _account(recipe: Recipe, device: str, bits: int, name: str, array: npt.NDArray[np.generic]) -> dict[str, object]:
    return {
        "device": device,
        "bits_stored": bits,
        "tone": recipe.tone,
        "matching": recipe.matching,
        "tensor": name,
        "sha256": _digest(array),
        "status": "matched",
        "reason": "",
    }


def _unmatched(recipe: Recipe, device: str, bits: int, *, reason: str) -> dict[str, object]:
    return {
        "device": device,
        "bits_stored": bits,
        "tone": recipe.tone,
        "matching": recipe.matching,
        "status": "unmatched",
        "reason": reason,
    }
