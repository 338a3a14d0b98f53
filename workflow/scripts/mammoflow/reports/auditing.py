"""Extracted labels beside what is known of the same exams or breasts from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sklearn import metrics

from mammoflow import tables
from mammoflow.tasks import Task

MISSING = "missing"  # found where there is no report
WITHOUT_LABEL = ("none", "ambiguous")


@dataclass(frozen=True)
class Agreement:
    """How far what was found is what is known; shares and kappas are missing (NaN) where nothing can be said."""

    n: int  # exams or breasts that are known and have a report
    agreed: int
    without_report: int
    silently_wrong: int  # a class was found, and it is not what is known
    n_classes: int  # a class is known, and one was found
    kappa: float  # over those
    kappa_quadratic: float


def known_of_truth(truth: pd.DataFrame, task: Task) -> pd.DataFrame:
    """What the demo's reports state (`tables.TRUTH`), as exam_id, side and stated, a class of the task."""
    known = truth.loc[truth["stated"] != "", ["exam_id", "stated"]]
    stated = [value if value in WITHOUT_LABEL else task.classify(value) for value in known["stated"]]
    return known.assign(side="", stated=stated)[["exam_id", "side", "stated"]].reset_index(drop=True)


def known_of_labels(labels: pd.DataFrame) -> pd.DataFrame:
    """The same of labels that do not come from reports (`tables.LABELS`): where one of them is of no class, nothing."""
    known = labels.loc[labels["status"] == "labelled", ["exam_id", "side", "label"]]
    return known.rename(columns={"label": "stated"}).reset_index(drop=True)


def audit(labels: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What is known beside what was extracted.

    Parameters
    ----------
    labels
        `tables.LABELS`, from reports.
    known
        exam_id, side and stated: a class, none or ambiguous.

    Returns
    -------
    DataFrame
        `tables.AUDIT`. What was found for a breast is its own label, or, where the report names no sides, the exam's;
        what has no report is found missing, which never agrees.
    """
    found = labels.set_index(["exam_id", "side"])
    found = found["label"].where(found["status"] == "labelled", found["status"])
    own = _looked_up(found, known["exam_id"], known["side"])
    of_exam = _looked_up(found, known["exam_id"], "")
    audited = known.assign(found=own.where(own != "", of_exam).replace("", MISSING))
    audited["agree"] = audited["stated"] == audited["found"]
    return audited[list(tables.AUDIT.columns)].astype({"found": "str"})


def agreement(audited: pd.DataFrame, classes: Sequence[str]) -> Agreement:
    """How far what was found is what is known.

    Parameters
    ----------
    audited
        `tables.AUDIT`.
    classes
        The task's classes, in order.
    """
    own = audited[audited["found"] != MISSING]
    classified = own["found"].isin(classes)
    both = own[classified & own["stated"].isin(classes)]
    return Agreement(
        n=len(own),
        agreed=int(own["agree"].sum()),
        without_report=len(audited) - len(own),
        silently_wrong=int((classified & ~own["agree"]).sum()),
        n_classes=len(both),
        kappa=_kappa(both, classes, None),
        kappa_quadratic=_kappa(both, classes, "quadratic"),
    )


def disagreements(audited: pd.DataFrame) -> pd.DataFrame:
    """The rows of an audit where something else was found than is known, by exam and side."""
    own = audited[~audited["agree"] & (audited["found"] != MISSING)]
    return own.sort_values(["exam_id", "side"], kind="stable")


def _looked_up(found: pd.Series, exam_ids: pd.Series, sides: pd.Series | str) -> pd.Series:
    keys = pd.MultiIndex.from_frame(pd.DataFrame({"exam_id": exam_ids, "side": sides}))
    return pd.Series(found.reindex(keys).fillna("").to_numpy(), index=exam_ids.index, dtype=str)


def _kappa(both: pd.DataFrame, classes: Sequence[str], weights: str | None) -> float:
    """Cohen's kappa; missing where one class only was stated and found, as chance would agree as well."""
    if both[["stated", "found"]].stack().nunique() < 2:
        return float("nan")
    return float(metrics.cohen_kappa_score(both["stated"], both["found"], labels=list(classes), weights=weights))
