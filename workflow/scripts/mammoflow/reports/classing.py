"""Labels as they are extracted, values of an attribute such as BI-RADS density, made into classes of a task."""

import pandas as pd

from mammoflow import tables
from mammoflow.tasks import Task


def classed(extracted: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Labels of the task; an exam whose breasts differ has one where both are of the same class.

    What is ambiguous stays so, even where every value that it may be is of one class.

    Parameters
    ----------
    extracted
        `tables.LABELS` whose labels are values of the task's attribute.
    task
        A value that is of no class gives no label: `not_in_task`.

    Returns
    -------
    pandas.DataFrame
        `tables.LABELS`; the column density is as it was.
    """
    labels = extracted.assign(label=extracted["label"].map(task.classify))
    lost = (extracted["status"] == "labelled") & (labels["label"] == "")
    labels.loc[lost, ["status", "reason"]] = ["none", "not_in_task"]
    of_sides = labels[(labels["side"] != "") & (labels["status"] == "labelled")].groupby("exam_id")["label"]
    agreed = of_sides.first()[(of_sides.size() == 2) & (of_sides.nunique() == 1)]
    settled = (labels["reason"] == "sides_differ") & labels["exam_id"].isin(agreed.index)
    labels.loc[settled, "label"] = labels.loc[settled, "exam_id"].map(agreed)
    labels.loc[settled, ["status", "reason"]] = ["labelled", ""]
    return labels[list(tables.LABELS.columns)]
