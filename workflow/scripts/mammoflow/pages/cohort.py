"""The fingerprint of a data set as tables of a page: what is there, before any model is trained."""

from typing import Any

import pandas as pd
from pydicom import uid

from mammoflow import accounts
from mammoflow.pages.html import HtmlTable, counted
from mammoflow.pages.labels import spoken, tally
from mammoflow.tasks import Task

_NOT_STATED = "not stated"
_MOST = 20  # values of a table
_FEW = 10  # patients of a class in a subset
_FACTS = {
    "device": "device group",
    "view": "view",
    "laterality": "side",
    "transfer_syntax": "transfer syntax, or format",
    "size": "rows × columns",
    "bits_stored": "bits stored",
    "decoder": "decoder",
    "year": "year of the exam",
    "age_band": "age at the exam",
    "official": "side of the data set's own test cut",
    "roi": "whether a lesion is outlined",
}
_DOWNLOAD = {
    "listed": "images that the data set's tables list",
    "found": "of these, found",
    "missing": "of these, not found",
    "unlisted": "image files that its tables do not list",
}
_JOINED = {"same_pixels": "an image of theirs is the same", "same_person": "a table says that they are one person"}


def files(images: pd.DataFrame) -> list[HtmlTable]:
    """Image files by what became of them, and those that are not new pictures.

    Parameters
    ----------
    images
        `tables.IMAGES`.
    """
    notes = [note for note in images["notes"].str.split() for note in note]
    noted = tally(pd.DataFrame({"note": notes}, dtype=str), ["note"], "Image files by what is worth knowing", "files")
    by_status = tally(images, ["status", "reason"], "Image files by status and reason", "files")
    return [by_status, *([noted] if notes else [])]


def accepted(images: pd.DataFrame) -> list[HtmlTable]:
    """The accepted images by each thing that is known of them; a table for each that any image states.

    Parameters
    ----------
    images
        `tables.IMAGES`.
    """
    own = images[images["status"] == "accepted"]
    sizes = own["rows"].astype(str) + " × " + own["columns"].astype(str)
    facts = own.assign(
        size=sizes.mask(own["rows"].isna(), ""),
        bits_stored=own["bits_stored"].astype(str).mask(own["bits_stored"].isna(), ""),
        transfer_syntax=own["transfer_syntax"].map(_syntax),
    )
    return [_by_fact(facts, column, what) for column, what in _FACTS.items() if (facts[column] != "").any()]


def _by_fact(facts: pd.DataFrame, column: str, what: str) -> HtmlTable:
    """Images and patients by what is known; the commonest values, or all in order where they are years or ages."""
    groups = facts.groupby(column)
    counts = pd.DataFrame({"images": groups.size(), "patients": groups["patient_id"].nunique()})
    if column not in ("year", "age_band"):
        counts = counts.sort_values("images", ascending=False, kind="stable")
    rows = [
        (value or _NOT_STATED, int(own["images"]), int(own["patients"])) for value, own in counts.head(_MOST).iterrows()
    ]
    rest = counts.iloc[_MOST:]
    note = f"Further values: {len(rest):,}, with {counted(int(rest['images'].sum()), 'image')}." if len(rest) else ""
    caption = f"Accepted images by {what}"
    return HtmlTable(caption, (what, "images", "patients"), rows, (note,) if note else ())


def _syntax(code: str) -> str:
    """A transfer syntax in words; another format is its own name."""
    return uid.UID(code).name if code in uid.UID_dictionary else code


def labels(of_run: pd.DataFrame, labelled: pd.DataFrame, task: Task, *, source: str) -> list[HtmlTable]:
    """Labels by status and reason, and how many exams, breasts, images and patients each class has.

    Parameters
    ----------
    of_run
        `tables.LABELS`.
    labelled
        `tables.LABELLED_IMAGES`.
    task
        For the order and the names of its classes.
    source
        The config's `labels.source`.
    """
    by_status = tally(of_run, ["level", "status", "reason"], f"Labels from {source}, by status and reason", "labels")
    stated = of_run[of_run["status"] == "labelled"].groupby(["label", "level"]).size()
    levels = [level for level in ("exam", "breast", "image") if (of_run["level"] == level).any()]
    rows = []
    for key in task.keys:
        own = labelled[labelled["label"] == key]
        breasts = own.loc[own["laterality"] != "", ["exam_id", "laterality"]].drop_duplicates()
        persons = own["group_id"].nunique()
        counts = (len(own), len(breasts), own["exam_id"].nunique(), persons)
        rows.append((task.of(key).title, *(int(stated.get((key, level), 0)) for level in levels), *counts))
    columns = (
        "class",
        *(f"labels of {level}s" for level in levels),
        *("accepted images", "their breasts", "their exams", "their patients"),
    )
    note = "Accepted images take the label of their exam, breast or image (labels.level). Joined patients are one."
    by_class = HtmlTable("Labels and labelled images by class", columns, rows, (note,), sortable=False)
    return [by_class, _by_device(labelled, task), by_status]


def _by_device(labelled: pd.DataFrame, task: Task) -> HtmlTable:
    """Labelled images of each class on each device."""
    counts = pd.crosstab(labelled["device"], labelled["label"])
    rows = [
        (device or _NOT_STATED, *(int(own.get(key, 0)) for key in task.keys), int(own.sum()))
        for device, own in counts.iterrows()
    ]
    columns = ("device group", *(task.of(key).title for key in task.keys), "all")
    return HtmlTable("Labelled images by device group and class", columns, rows)


def missing(exams: pd.DataFrame, download: pd.DataFrame | None, *, has_reports: bool) -> list[HtmlTable]:
    """What is not there: of exams an image, a report or a label; of a public data set images that it lists.

    Parameters
    ----------
    exams
        `tables.EXAMS`.
    download
        `tables.DOWNLOAD`; None where the data set has no list of its images.
    has_reports
        Whether labels come from reports.
    """
    n_images = exams[["images_accepted", "images_excluded", "images_quarantined"]].sum(axis=1)
    rows: list[tuple[Any, ...]] = [
        ("exams found, by an image, a report or a label", len(exams)),
        ("without any image file", int((n_images == 0).sum())),
        ("with image files, none of them accepted", int(((n_images > 0) & (exams["images_accepted"] == 0)).sum())),
    ]
    if has_reports:
        rows.append(("without a report", int((exams["report_status"] == "missing").sum())))
    rows += [
        ("without a row among the labels", int((exams["label_status"] == "missing").sum())),
        ("with such a row, but not a label", int(exams["label_status"].isin(["none", "ambiguous"]).sum())),
        ("with a label on an accepted image: included", int(exams["included"].sum())),
    ]
    notes = ("An exam may lack several things at once.",)
    found = [HtmlTable("Exams by what they lack", ("exams", "number"), rows, notes, sortable=False)]
    if download is not None:
        counts = dict(zip(download["what"], download["n_images"], strict=True))
        listed = [(said, int(counts[what])) for what, said in _DOWNLOAD.items() if what in counts]
        found.append(HtmlTable("The download, by its own tables", ("what", "images"), listed, sortable=False))
    left_out = exams[~exams["included"]]
    return [*found, tally(left_out, ["reason"], "Exams not included, by reason", "exams")]


def duplicates(images: pd.DataFrame, groups: pd.DataFrame) -> HtmlTable:
    """Files that hold what another file holds, and patients who are one person.

    Parameters
    ----------
    images, groups
        `tables.IMAGES` and `tables.GROUPS`.
    """
    reasons = groups["joined_by"].str.split()
    rows: list[tuple[Any, ...]] = [
        ("image files left out, as another file holds the same picture", int((images["reason"] == "duplicate").sum())),
        ("patients who were joined with others", len(groups)),
        ("persons whom they are", groups["group_id"].nunique()),
        *(
            (f"patients joined because {said}", int(reasons.map(lambda own, key=key: key in own).sum()))
            for key, said in _JOINED.items()
        ),
    ]
    notes = (
        "The same picture: the same file, or the same pixels of the breast. A picture that was cropped, scaled or "
        "compressed anew is not recognised.",
        "Joined patients stand on one side of every split that does not divide patients.",
    )
    return HtmlTable("Duplicates and joined patients", ("what", "number"), rows, notes, sortable=False)


def held_out(test_patients: pd.DataFrame) -> HtmlTable:
    """On which side of the test cut the units of the split are, and what decided it.

    Parameters
    ----------
    test_patients
        `tables.TEST_PATIENTS`.
    """
    unit = test_patients["unit"].iloc[0] if len(test_patients) else "patient"
    return tally(test_patients, ["held_out", "by"], f"The test cut: {unit}s by what decided their side", f"{unit}s")


def too_small(classes: pd.DataFrame, manifest: pd.DataFrame, task: Task, *, least: int) -> list[str]:
    """Sentences on classes that have too few patients: of all, and in validation or test.

    Parameters
    ----------
    classes, manifest
        `tables.CLASSES`, and `tables.MANIFEST` of one seed.
    task
        For the names of its classes.
    least
        The config's `split.min_patients_per_class`.
    """
    small = classes[classes["n_patients"] < least]
    said = [f"{task.of(row.label).title}: {row.n_patients:,} ({spoken(row.status)})" for row in small.itertuples()]
    first = f"Classes with fewer than {counted(least, 'patient')}: {', '.join(said) or 'none'}."
    counts = accounts.subset_counts(manifest).set_index(["subset", "label"])["n_patients"]
    kept = [key for key in dict.fromkeys(classes["kept_as"]) if key]
    few = [
        f"{task.of(key).title} in {subset} ({int(counts.get((subset, key), 0)):,})"
        for subset in ("validation", "test")
        for key in kept
        if counts.get((subset, key), 0) < _FEW
    ]
    if not few:
        return [first]
    return [first, f"Fewer than {_FEW} patients, so that measures of these say little: {', '.join(few)}."]
