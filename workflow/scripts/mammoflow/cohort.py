"""The cohort: images, reports and labels joined by exam, and every exam accounted for."""

import pandas as pd

from mammoflow import tables

_LABEL_KEYS = {"exam": ["exam_id"], "breast": ["exam_id", "laterality"], "image": ["image_id"]}


def labelled_images(images: pd.DataFrame, labels: pd.DataFrame, groups: pd.DataFrame, *, level: str) -> pd.DataFrame:
    """The accepted images that have a label, but for those of `mixed_exams`.

    Parameters
    ----------
    images, labels, groups
        `tables.IMAGES`, `tables.LABELS` and `tables.GROUPS`.
    level
        "exam": an image takes its exam's own label. "breast": its breast's, else its exam's. "image": its own.

    Returns
    -------
    pandas.DataFrame
        `tables.LABELLED_IMAGES`.
    """
    accepted = images[images["status"] == "accepted"]
    label = _label_of(accepted, labels, level)
    is_mixed = accepted["exam_id"].isin(mixed_exams(images, groups))
    found = accepted.assign(label=label, group_id=_persons(accepted, groups))[(label != "") & ~is_mixed]
    return found[list(tables.LABELLED_IMAGES.columns)].reset_index(drop=True)


def mixed_exams(images: pd.DataFrame, groups: pd.DataFrame) -> set[str]:
    """Exams whose accepted images are of several persons: whose the label is, nobody knows.

    Parameters
    ----------
    images, groups
        `tables.IMAGES` and `tables.GROUPS`.
    """
    accepted = images[(images["status"] == "accepted") & (images["exam_id"] != "")]
    persons = _persons(accepted, groups).groupby(accepted["exam_id"]).nunique()
    return set(persons.index[persons > 1])


def join_exams(
    images: pd.DataFrame,
    labels: pd.DataFrame,
    reports: pd.DataFrame | None,
    groups: pd.DataFrame,
    labelled: pd.DataFrame,
) -> pd.DataFrame:
    """Every exam that has an image, a report or a label, and why it is or is not in the cohort.

    Parameters
    ----------
    images, labels, reports, groups
        `tables.IMAGES`, `tables.LABELS`, `tables.REPORTS` (None where labels do not come from reports) and
        `tables.GROUPS`.
    labelled
        What `labelled_images` found.

    Returns
    -------
    pandas.DataFrame
        `tables.EXAMS`.
    """
    known = images[images["exam_id"] != ""]
    ids = set(known["exam_id"]) | (set(labels["exam_id"]) - {""})
    if reports is not None:
        ids |= set(reports["exam_id"])
    exams = pd.DataFrame({"exam_id": sorted(ids)}).set_index("exam_id", drop=False)
    first = known.drop_duplicates("exam_id").set_index("exam_id")
    for name in ("patient_id", "age_band", "year"):
        exams[name] = first[name].reindex(exams.index).fillna("")
    for status in ("accepted", "excluded", "quarantined"):
        count = known[known["status"] == status].groupby("exam_id").size()
        exams[f"images_{status}"] = count.reindex(exams.index).fillna(0).astype("Int64")
    exams["report_status"] = _report_status(exams, reports)
    exams["label_status"] = _label_status(exams, labels)
    exams["included"] = exams.index.isin(labelled["exam_id"])
    mixed = mixed_exams(images, groups)
    exams["reason"] = [_reason(exam, is_mixed=exam["exam_id"] in mixed) for exam in exams.to_dict("records")]
    return exams[list(tables.EXAMS.columns)].reset_index(drop=True)


def _persons(images: pd.DataFrame, groups: pd.DataFrame) -> pd.Series:
    """The person of each image: its patient, or the group that the patient was joined to."""
    joined = images["patient_id"].map(groups.set_index("patient_id")["group_id"]).astype(str)
    return joined.fillna(images["patient_id"])


def _label_of(accepted: pd.DataFrame, labels: pd.DataFrame, level: str) -> pd.Series:
    """The label of each image; "" where it has none."""
    labels = labels[labels["status"] == "labelled"].rename(columns={"side": "laterality"})
    of_exam = labels[(labels["laterality"] == "") & (labels["image_id"] == "")]
    label = (
        _looked_up(accepted, of_exam, "exam") if level != "image" else pd.Series("", index=accepted.index, dtype=str)
    )
    if level == "breast":
        own = _looked_up(accepted, labels[(labels["laterality"] != "") & (labels["image_id"] == "")], "breast")
        label = own.where(own != "", label)
    if level == "image":
        label = _looked_up(accepted, labels[labels["image_id"] != ""], "image")
    return label


def _looked_up(accepted: pd.DataFrame, labels: pd.DataFrame, level: str) -> pd.Series:
    keys = _LABEL_KEYS[level]
    found = accepted[keys].merge(labels[[*keys, "label"]], on=keys, how="left", validate="many_to_one")
    return pd.Series(found["label"].fillna("").to_numpy(), index=accepted.index, dtype=str)


def _report_status(exams: pd.DataFrame, reports: pd.DataFrame | None) -> pd.Series:
    if reports is None:
        return pd.Series("", index=exams.index)
    return reports.set_index("exam_id")["status"].reindex(exams.index).fillna("missing")


def _label_status(exams: pd.DataFrame, labels: pd.DataFrame) -> pd.Series:
    """The exam's own status, or, where only breasts or images have labels, the best of theirs."""
    order = ["labelled", "ambiguous", "none"]
    ranked = labels.assign(
        own=(labels["side"] == "") & (labels["image_id"] == ""), rank=labels["status"].map(order.index)
    ).sort_values(["own", "rank"], ascending=[False, True], kind="stable")
    return ranked.drop_duplicates("exam_id").set_index("exam_id")["status"].reindex(exams.index).fillna("missing")


def _reason(exam: dict[str, object], *, is_mixed: bool) -> str:
    """Why an exam is not in the cohort: the first thing that is missing on the way from image to label."""
    if exam["included"]:
        return ""
    if is_mixed:
        return "several_patients"
    if exam["images_accepted"] == 0:
        found = exam["images_excluded"] != 0 or exam["images_quarantined"] != 0
        return "no_accepted_image" if found else "no_image"
    if exam["report_status"] not in ("", "parsed"):
        return f"report_{exam['report_status']}"
    # An exam may be labelled and its images not, where a label names the other breast or another image.
    return "image_unlabelled" if exam["label_status"] == "labelled" else f"label_{exam['label_status']}"
