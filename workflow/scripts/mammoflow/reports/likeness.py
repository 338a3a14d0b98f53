"""Exams of different patients that may be one person's: their reports have one text, and the patients one birth date.

Neither joins patients by itself: reports of normal exams are written from templates, and many people share a birthday.
A person decides, by the table of same persons.
"""

from collections.abc import Mapping

import pandas as pd

from mammoflow import tables


def same_text_and_birth(texts: pd.DataFrame, births: list[pd.DataFrame], groups: pd.DataFrame) -> dict[str, list[str]]:
    """By exam, the exams of other persons with the same text, but for blanks and line ends, and the same birth date.

    Parameters
    ----------
    texts
        `tables.TEXTS`.
    births
        `tables.BIRTHS` of each shard; an exam may be in several.
    groups
        `tables.GROUPS`; patients who are one person already are not alike.
    """
    normal = texts.assign(text=[" ".join(text.split()) for text in texts["text"]])
    found = pd.concat(births).drop_duplicates().merge(normal[normal["text"] != ""], on="exam_id")
    person = found["patient_id"].map(groups.set_index("patient_id")["group_id"]).astype(str)
    found["person"] = person.fillna(found["patient_id"])
    alike = found.groupby(["text", "birth_id"])
    others: dict[str, set[str]] = {}
    for _, own in found[alike["person"].transform("nunique") > 1].groupby(["text", "birth_id"]):
        for one in own.itertuples():
            others.setdefault(one.exam_id, set()).update(own.loc[own["person"] != one.person, "exam_id"])
    return {exam: sorted(own) for exam, own in sorted(others.items())}


def add_to_review(review: pd.DataFrame, alike: Mapping[str, list[str]], *, names: Mapping[str, str]) -> pd.DataFrame:
    """The review with a row for each exam that is like others, or the reason added to the row that it has.

    Parameters
    ----------
    review
        `tables.REVIEW`.
    alike
        What `same_text_and_birth` returns.
    names
        What the hospital calls an exam.
    """
    rows = {(row["exam"], row["side"]): row for row in review.to_dict("records")}
    for exam_id, others in alike.items():
        exam = names.get(exam_id, exam_id)
        said = "Same text and birth date as " + ", ".join(names.get(other, other) for other in others) + "."
        row = {"exam": exam, "side": "", "reason": "same_text_and_birth", "sentences": said}
        if listed := rows.get((exam, "")):
            row["reason"] = " ".join((listed["reason"], row["reason"]))
            row["sentences"] = " | ".join(filter(None, (listed["sentences"], said)))
        rows[exam, ""] = row
    return tables.frame_of(list(rows.values()), tables.REVIEW)
