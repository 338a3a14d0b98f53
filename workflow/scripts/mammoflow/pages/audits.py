"""How far extracted labels are what is known, as sentences and tables of a page."""

from dataclasses import dataclass

import pandas as pd

from mammoflow.pages.html import HtmlTable
from mammoflow.reports import auditing
from mammoflow.tasks import Task

# Where known labels are from, by kind of data set, and what that means.
_SOURCES = {
    "demo": "What is known is what the demo's reports were made to state. They are written by this workflow, so the "
    "agreement says nothing about the reports of a hospital.",
    "folder": "What is known stands in the table that labels.audit names.",
}
_ANNOTATED = (
    "What is known are the data set's own annotations, not what the reports state: a report that differs from them was "
    "not read wrongly for that."
)


@dataclass(frozen=True)
class Audit:
    """An audit as it is shown."""

    about: str
    measures: HtmlTable
    crossed: HtmlTable
    disagreements: HtmlTable


def of_run(audited: pd.DataFrame, task: Task, *, dataset: str, corrected: bool, most: int) -> Audit:
    """How far the labels from reports are what is known.

    Parameters
    ----------
    audited
        `tables.AUDIT`.
    task
        For the order and the names of its classes.
    dataset
        Kind of data set.
    corrected
        Whether a person corrected labels afterwards.
    most
        Disagreements to list.
    """
    about = _SOURCES.get(dataset, _ANNOTATED)
    if corrected:
        about += " Labels are held against it as they were extracted, before a person's corrections."
    return Audit(about, _measures(audited, task), _crossed(audited, task), _disagreements(audited, most))


def _measures(audited: pd.DataFrame, task: Task) -> HtmlTable:
    found = auditing.agreement(audited, task.keys)
    rows = [
        ("known, and with a report", found.n, None),
        ("found as known", found.agreed, found.agreed / found.n if found.n else None),
        ("silently wrong: a class was found that is not what is known", found.silently_wrong, None),
        ("a class is known, and a class was found", found.n_classes, None),
        ("Cohen's kappa over those", found.n_classes, found.kappa),
        ("Cohen's kappa over those, quadratic weights", found.n_classes, found.kappa_quadratic),
        ("known, but without a report: not counted above", found.without_report, None),
    ]
    unit = "breasts" if (audited["side"] != "").any() else "exams"
    return HtmlTable("Extracted labels against what is known", ("what", unit, "value"), rows, sortable=False)


def _crossed(audited: pd.DataFrame, task: Task) -> HtmlTable:
    """A row for each label that is known, a column for each that was found."""
    counts = audited.groupby(["stated", "found"]).size()
    order = [*task.keys, *auditing.WITHOUT_LABEL]
    found = [*order, *[key for key in (auditing.MISSING,) if (audited["found"] == key).any()]]
    stated = [key for key in order if (audited["stated"] == key).any()]
    rows = [(_named(key, task), *(int(counts.get((key, other), 0)) for other in found)) for key in stated]
    columns = ("known", *(f"found {key}" for key in found))
    return HtmlTable("What is known (rows) and what was found (columns)", columns, rows, sortable=False)


def _disagreements(audited: pd.DataFrame, most: int) -> HtmlTable:
    own = auditing.disagreements(audited)
    rows = [(row.exam_id, row.side or "exam", row.stated, row.found) for row in own.head(most).itertuples()]
    left_out = len(own) - len(rows)
    note = f"The first {len(rows):,} by their ids; {left_out:,} more stand in results/labels/audit.tsv."
    columns = ("exam", "side", "known", "found")
    return HtmlTable("Found otherwise than known", columns, rows, (note,) if left_out else ())


def _named(key: str, task: Task) -> str:
    return task.of(key).title if key in task.keys else key
