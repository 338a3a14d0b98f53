"""Where each kind of data set keeps its files. Read whenever the workflow starts, so nothing heavy is imported."""

from dataclasses import dataclass
from typing import Any

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


@dataclass(frozen=True)
class Layout:
    """Where the images and annotations of a data set are, below its root."""

    images: str
    suffixes: tuple[str, ...]  # of image files, lower case
    annotations: tuple[tuple[str, ...], ...] = ()  # for each annotation, the names that it goes by


def of(dataset: dict[str, Any]) -> Layout:
    """The layout of a data set, by the config's `dataset`."""
    return _LAYOUTS[dataset["kind"]](dataset)


def _cdd_cesm(dataset: dict[str, Any]) -> Layout:
    folders = {"low_energy": "Low energy images of CDD-CESM", "subtracted": "Subtracted images of CDD-CESM"}
    workbook = ("Radiology-manual-annotations.xlsx", "Radiology manual annotations.xlsx")
    return Layout(folders[dataset["variant"]], PICTURES, (workbook,))


_LAYOUTS = {"cdd_cesm": _cdd_cesm}
