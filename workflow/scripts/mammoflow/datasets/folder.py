"""A folder of one's own: pictures that a table describes, and tables of labels."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from mammoflow import tables, user_tables
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused
from mammoflow.privacy import Pseudonyms
from mammoflow.tasks import VALUES, Task

_SIDES = {
    "L": ("l", "left", "lt", "izquierda", "izquierdo", "izq", "i"),
    "R": ("r", "right", "rt", "derecha", "derecho", "der", "d"),
}
_SIDE = {word: side for side, words in _SIDES.items() for word in words}


def describer(image_table: Path, settings: dict[str, Any]) -> Callable[[str], Header]:
    """What describes a picture by its relative path.

    Parameters
    ----------
    image_table
        The table of pictures.
    settings
        The config's `dataset`: `image_table` names the columns, `exam_key` one of them where it has no exam_column.

    Raises
    ------
    UserError
        If the table cannot be read or lacks a column.
    """
    columns = {f"dataset.image_table.{key}": name for key, name in settings["image_table"].items()}
    if "exam_key" in settings and "exam_column" not in settings["image_table"]:
        columns["dataset.exam_key"] = settings["exam_key"]
    columns.pop("dataset.image_table.label_column", None)
    rows = user_tables.read(image_table, columns)
    by_name = _by_name(rows)

    def describe(relative: str) -> Header:
        return _header(relative, by_name.get(relative) or by_name.get(PurePosixPath(relative).name))

    return describe


def labels(
    table: Path,
    columns: dict[str, str],
    *,
    level: str,
    pictures: list[str],
    task: Task,
    without_label: Sequence[str] = (),
    pseudonyms: Pseudonyms,
) -> pd.DataFrame:
    """Labels of a hospital's own table.

    Parameters
    ----------
    table
        CSV, TSV or XLSX.
    columns
        Column by configuration key: labels.id_column, labels.label_column and, at level breast, labels.side_column; or
        image_column and label_column of dataset.image_table.
    level
        What an id names: "exam" or "breast" an exam, "image" a picture's path or name, or a SOPInstanceUID.
    pictures
        Relative paths of the pictures found, for level image.
    task
        A cell is the key of one of its classes or a value of its attribute, without regard to case.
    without_label
        Words that are kept as they are, as if they were classes.
    pseudonyms
        Makes the ids of the tables.

    Returns
    -------
    pandas.DataFrame
        `tables.LABELS`, one row an id (and side).
    """
    stated = user_tables.read(table, columns).rename(
        columns={"id_column": "id", "image_column": "id", "label_column": "label"}
    )
    stated = stated[stated["id"] != ""]
    stated["side"] = stated["side_column"].str.lower().map(_SIDE).fillna("") if "side_column" in stated else ""
    if level == "image":
        stated["id"] = stated["id"].map(_paths(pictures)).fillna(stated["id"])
    known = task.words | {word: word for word in without_label}
    rows = []
    for (own_id, side), own in stated.groupby(["id", "side"]):
        of_image = level == "image"
        rows.append(
            {
                "exam_id": "" if of_image else pseudonyms.of("exam", own_id),
                "side": side if level == "breast" else "",
                "image_id": pseudonyms.of("image", own_id) if of_image else "",
                "level": level,
            }
            | _finding(set(own["label"]), task, known)
        )
    return tables.frame_of(rows, tables.LABELS)


def _finding(stated: set[str], task: Task, known: dict[str, str]) -> dict[str, object]:
    """What the cells of one id say: one class, none, or several."""
    values = set(VALUES[task.attribute])
    said = {value.casefold() for value in stated - {""}}
    found = {known.get(value, "") for value in said}
    status, reason, label = "labelled", "", ""
    if not said:
        status, reason = "none", "not_stated"
    elif len(found) > 1:
        status, reason = "ambiguous", "contradiction"
    elif found == {""}:
        status, reason = "none", "not_in_task" if said & values else "out_of_range"
    else:
        (label,) = found
    letter = said.pop() if task.attribute == "density" and label and len(said) == 1 and said <= values else ""
    # A cell that is no class may be anything, a name too: only classes are shown.
    return {"label": label, "density": letter, "status": status, "reason": reason, "rule": "table", "evidence": label}


def _by_name(rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Rows by the picture's path or name; a name that stands twice describes nothing."""
    names = rows["image_column"].str.replace("\\", "/")
    times = Counter(names)
    return {name: row for name, row in zip(names, rows.to_dict("records"), strict=True) if times[name] == 1}


def _paths(pictures: list[str]) -> dict[str, str]:
    """Relative path by itself and by name, where only one picture has the name."""
    names = Counter(PurePosixPath(path).name for path in pictures)
    by_name = {PurePosixPath(path).name: path for path in pictures if names[PurePosixPath(path).name] == 1}
    return by_name | {path: path for path in pictures}


def _header(relative: str, row: dict[str, str] | None) -> Header:
    if row is None:
        raise Refused("excluded", "not_in_table")
    if not row["patient_column"]:
        raise Refused("quarantined", "no_patient_id")
    side, view = row.get("side_column", ""), row.get("view_column", "").upper()
    if side and side.lower() not in _SIDE:
        raise Refused("quarantined", "no_laterality")
    if view not in ("", "CC", "MLO"):
        raise Refused("excluded", "non_standard_view")
    return Header(
        image=relative,
        # Without a column for it, a patient has one exam.
        exam=row.get("exam_column", "") or row.get("exam_key", "") or row["patient_column"],
        patient=row["patient_column"],
        laterality=_SIDE.get(side.lower(), ""),
        view=view,
        device="unknown",
        age_band="",
        year="",
    )
