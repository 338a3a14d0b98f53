"""What a public data set states of exams, breasts and images, as labels of a task."""

from collections.abc import Iterable

import pandas as pd

from mammoflow import tables
from mammoflow.privacy import Pseudonyms
from mammoflow.tasks import VALUES, Task

# A row for each statement: the exam, the side ("" for both), the image ("" for all of the breast), and the value in the
# words of `tasks.VALUES`; "" where it says nothing, and whatever it says where that is none of them.
STATED = ("exam", "side", "image", "value")
_KEYS = {"exam": ["exam"], "breast": ["exam", "side"], "image": ["exam", "side", "image"]}


def labels(stated: pd.DataFrame, *, task: Task, level: str, sides_differ: str, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Labels of what a data set states.

    Parameters
    ----------
    stated
        Rows of STATED.
    task
        Says which values are a class.
    level
        "exam", "breast" or "image"; a row of both sides labels its exam at level breast, too.
    sides_differ
        At level exam, where the breasts of an exam differ: "ambiguous", or "denser", the later class.
    pseudonyms
        Makes the ids of the tables.

    Returns
    -------
    pandas.DataFrame
        `tables.LABELS`: a row for each exam, breast or image that is stated of, whatever it says.
    """
    rows = []
    for key, own in stated.groupby(_KEYS[level], sort=True):
        place = dict(zip(_KEYS[level], key, strict=True))
        image = place.get("image", "")
        label, status, reason = _finding(set(own["value"]), task, several=own["side"].nunique() > 1 and sides_differ)
        rows.append(
            {
                "exam_id": pseudonyms.of("exam", place["exam"]),
                "side": "" if image else place.get("side", ""),
                "image_id": pseudonyms.of("image", image) if image else "",
                "label": label,
                "density": _letter(set(own["value"]), label, task),
                "status": status,
                "reason": reason,
                "rule": "annotation",
                "evidence": " ".join(sorted(set(own["value"]) & set(VALUES[task.attribute]))),
                "edition": "",
                "level": level,
            }
        )
    return tables.frame_of(rows, tables.LABELS)


def gravest(pathologies: Iterable[str]) -> str:
    """The worst of the pathologies of one breast; what is none of them comes before all, so that it is noticed."""
    order = ("", *VALUES["pathology"])
    return max(pathologies, key=lambda said: order.index(said) if said in order else len(order))


def _letter(said: set[str], label: str, task: Task) -> str:
    """The letter behind a label that follows from BI-RADS density; "" where letters differ, and for other tasks."""
    letters = said & set(VALUES["density"]) if task.attribute == "density" and label else set()
    behind = {letter for letter in letters if task.classify(letter) == label}
    return behind.pop() if len(behind) == 1 else ""


def _finding(said: set[str], task: Task, *, several: str | bool) -> tuple[str, str, str]:
    """Label, status and reason of what one exam, breast or image is said to be.

    `several` is what to do with breasts of different classes; False where one thing only is spoken of.
    """
    said = said - {""}
    if not said:
        return "", "none", "not_stated"
    if said - set(VALUES[task.attribute]):
        return "", "none", "out_of_range"
    classes = {task.classify(value) for value in said}
    if classes == {""}:
        return "", "none", "not_in_task"
    if len(classes) == 1:
        return classes.pop(), "labelled", ""
    if several == "denser" and "" not in classes:
        return max(classes, key=task.keys.index), "labelled", ""
    return "", "ambiguous", "sides_differ" if several else "contradiction"
