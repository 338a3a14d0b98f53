"""Where each kind of data set keeps its files, and what it annotates.

Read whenever the workflow starts, so nothing heavy is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pgm")
DICOM = (".dcm", ".dicom")
REPORT_TABLES = (".csv", ".tsv", ".xlsx")


@dataclass(frozen=True)
class Source:
    """A place that the configuration names: the key, and the paths that it may be found at.

    Where the key names the folder of a public data set, `root` is that folder, and the paths are below it.
    """

    key: str
    paths: tuple[Path, ...]
    root: Path | None = None
    is_folder: bool = False  # of annotations: a folder of which only the names count
    is_optional: bool = False  # of annotations: the run goes on without it; such ones stand last

    def name_of(self, path: Path) -> str:
        """What a list calls the file at one of the paths: several keys, and several files of one, are told apart."""
        return f"{self.key}/{path.relative_to(self.root).as_posix()}" if self.root else self.key


@dataclass(frozen=True)
class Layout:
    """Where a data set's files are."""

    images: Source | None = None  # a folder
    image_suffixes: tuple[str, ...] = ()  # lower case; () for any
    reports: Source | None = None  # a folder, or a table
    annotations: tuple[Source, ...] = ()  # files, in the order that the data set's module reads them in
    annotates: Mapping[str, str] = field(default_factory=dict)  # the finest thing that each attribute is stated of
    has_official_split: bool = False
    page: str = ""  # of docs/, on how to get the data set


def page(kind: str) -> str:
    """The page of a public data set."""
    return f"docs/data-sets/{kind}.md"


def of(dataset: dict[str, Any], labels: dict[str, Any], split: Mapping[str, Any] = MappingProxyType({})) -> Layout:
    """The layout of a data set by the config's `dataset` and `labels`; a table of `split` is among its annotations."""
    layout = _LAYOUTS[dataset["kind"]](dataset, labels)
    if "same_persons" not in split:
        return layout
    persons = _source("split.same_persons.table", split["same_persons"]["table"])
    return replace(layout, annotations=(*layout.annotations, persons))


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
        images=_below(root, folders[dataset["variant"]]),
        image_suffixes=PICTURES,
        reports=_below(root, *reports) if has_reports else None,
        annotations=(
            _below(root, *workbook),
            _below(root, "Radiology_hand_drawn_segmentations_v2.csv", is_optional=True),
            *_beside_reports(labels),
        ),
        annotates={"density": "breast", "pathology": "breast"},
        page=page("cdd_cesm"),
    )


def _vindr_mammo(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    return Layout(
        images=_below(root, "images"),
        image_suffixes=DICOM,
        annotations=(_below(root, "breast-level_annotations.csv"), _below(root, "finding_annotations.csv")),
        annotates={"density": "breast"},
        has_official_split=True,
        page=page("vindr_mammo"),
    )


def _rsna(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    return Layout(
        images=_below(root, "train_images"),
        image_suffixes=DICOM,
        annotations=(_below(root, "train.csv"),),
        annotates={"density": "exam", "pathology": "breast"},
        page=page("rsna"),
    )


def _embed(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    # The reduced tables have fewer columns, and all that are read here.
    clinical, metadata = (
        [f"{folder}EMBED_OpenData_{part}{size}.csv" for size in ("", "_reduced") for folder in ("tables/", "")]
        for part in ("clinical", "metadata")
    )
    return Layout(
        images=_below(root, "images"),
        image_suffixes=DICOM,
        annotations=(_below(root, *clinical), _below(root, *metadata)),
        annotates={"density": "exam"},
        page=page("embed"),
    )


def _inbreast(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    return Layout(
        images=_below(root, "AllDICOMs"),
        image_suffixes=DICOM,
        # The names of the images say whose they are, and those of the outlines which images have one.
        annotations=(
            _below(root, "INbreast.csv", "INbreast.xlsx"),
            _below(root, "AllDICOMs", is_folder=True),
            _below(root, "AllXML", is_folder=True, is_optional=True),
        ),
        annotates={"density": "image"},
        page=page("inbreast"),
    )


def _cbis_ddsm(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    parts = [(lesion, part) for lesion in ("mass", "calc") for part in ("train", "test")]
    return Layout(
        images=_below(root, "CBIS-DDSM"),
        image_suffixes=DICOM,
        annotations=tuple(_below(root, f"{lesion}_case_description_{part}_set.csv") for lesion, part in parts),
        annotates={"density": "image", "pathology": "breast"},
        has_official_split=True,
        page=page("cbis_ddsm"),
    )


def _mini_mias(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    return Layout(
        images=_below(root, "."),
        image_suffixes=(".pgm",),
        annotations=(_below(root, "Info.txt", "all-mias/Info.txt"),),
        annotates={"tissue": "image", "pathology": "image"},
        page=page("mini_mias"),
    )


def _dmid(dataset: dict[str, Any], labels: dict[str, Any]) -> Layout:
    root = Path(dataset["root"])
    has_reports = labels.get("source") == "reports"
    return Layout(
        images=_below(root, "TIFF Images"),
        image_suffixes=PICTURES,
        reports=_below(root, "Reports") if has_reports else None,
        annotations=(_below(root, "Metadata.xlsx"), *_beside_reports(labels)),
        annotates={"tissue": "image", "pathology": "image"},
        page=page("dmid"),
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


def _below(root: Path, *names: str, is_folder: bool = False, is_optional: bool = False) -> Source:
    """A folder or a file of a public data set, by the names that copies of it have."""
    return Source("dataset.root", tuple(root / name for name in names), root, is_folder, is_optional)


_LAYOUTS = {
    "folder": _folder,
    "cdd_cesm": _cdd_cesm,
    "vindr_mammo": _vindr_mammo,
    "inbreast": _inbreast,
    "rsna": _rsna,
    "embed": _embed,
    "cbis_ddsm": _cbis_ddsm,
    "mini_mias": _mini_mias,
    "dmid": _dmid,
}
