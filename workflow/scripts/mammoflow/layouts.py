"""Where each kind of data set keeps its files. Read whenever the workflow starts, so nothing heavy is imported."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
REPORT_TABLES = (".csv", ".tsv", ".xlsx")


@dataclass(frozen=True)
class Source:
    """A place that the configuration names: the key, and the paths that it may be found at."""

    key: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Layout:
    """Where a data set's files are."""

    images: Source | None = None  # a folder
    image_suffixes: tuple[str, ...] = ()  # lower case; () for any
    reports: Source | None = None  # a folder, or a table
    annotations: tuple[Source, ...] = ()  # files, in the order that the data set's module reads them in


def of(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    """The layout of a data set, by the config's `dataset` and `labels`."""
    return _LAYOUTS[dataset["kind"]](dataset, labels)


def _folder(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    tables = []
    if "image_table" in dataset:
        tables.append(_source("dataset.image_table.file", dataset["image_table"]["file"]))
    if "table" in labels:
        tables.append(_source("labels.table", labels["table"]))
    return Layout(
        images=_source("dataset.images", dataset["images"]) if "images" in dataset else None,
        # A header says that a file is DICOM; its name need not.
        image_suffixes=PICTURES if "image_table" in dataset else (),
        reports=_source("dataset.reports", dataset["reports"]) if "reports" in dataset else None,
        annotations=(*tables, *_beside_reports(labels)),
    )


def _cdd_cesm(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    folders = {"low_energy": "Low energy images of CDD-CESM", "subtracted": "Subtracted images of CDD-CESM"}
    workbook = ("Radiology-manual-annotations.xlsx", "Radiology manual annotations.xlsx")
    # The archive's name ends in a blank, which some programs keep when they unpack it.
    reports = ("Medical reports for cases", "Medical reports for cases ", "Medical-reports-for-cases")
    has_reports = labels.get("source") == "reports"
    return Layout(
        images=Source("dataset.root", (root / folders[dataset["variant"]],)),
        image_suffixes=PICTURES,
        reports=Source("dataset.root", tuple(root / name for name in reports)) if has_reports else None,
        annotations=(Source("dataset.root", tuple(root / name for name in workbook)), *_beside_reports(labels)),
    )


def _beside_reports(labels: dict[str, Any]) -> list[Source]:
    """What a person decided, and what labels from reports are held against."""
    places = {
        "labels.corrections": labels.get("corrections"),
        "labels.audit.table": labels.get("audit", {}).get("table"),
    }
    return [_source(key, path) for key, path in places.items() if path]


def _source(key: str, path: str) -> Source:
    return Source(key, (Path(path),))


_LAYOUTS = {"folder": _folder, "cdd_cesm": _cdd_cesm}
