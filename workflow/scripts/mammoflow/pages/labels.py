"""What became of reports and labels, as tables of a page."""

from typing import Any

import pandas as pd

from mammoflow import accounts
from mammoflow.pages.html import HtmlTable, counted
from mammoflow.tasks import Task

_NONE = "(none)"


def tally(frame: pd.DataFrame, columns: list[str], caption: str, unit: str) -> HtmlTable:
    """How many rows there are of each combination of these columns."""
    found = accounts.tally(frame, columns)
    rows = [(*(row[column] or _NONE for column in columns), int(row["n"])) for row in found.to_dict("records")]
    return HtmlTable(caption, (*(column.replace("_", " ") for column in columns), unit), rows)


def labels(of_run: pd.DataFrame, exams: pd.DataFrame, task: Task) -> list[HtmlTable]:
    """From exams to labels, and which rule gave them."""
    steps = [("exams with an image, a report or a label", len(exams))]
    if not (exams["report_status"] == "").all():
        steps += [
            ("with a report", int((exams["report_status"] != "missing").sum())),
            ("with a parsed report", int((exams["report_status"] == "parsed").sum())),
        ]
    steps += [
        ("with a label", int((exams["label_status"] == "labelled").sum())),
        ("included: with an accepted image that has a label", int(exams["included"].sum())),
    ]
    return [_funnel(steps), *_tables(of_run, task)]


def without_images(of_run: pd.DataFrame, reports: pd.DataFrame | None, task: Task) -> list[HtmlTable]:
    """The same where there are no images: from reports to labels.

    Parameters
    ----------
    of_run
        `tables.LABELS`.
    reports
        `tables.REPORTS`; None where labels do not come from reports.
    task
        For the names of the classes.
    """
    labelled = exams_labelled(of_run)
    if reports is None:
        steps = [("exams in the table of labels", of_run["exam_id"].nunique()), ("with a label", labelled)]
        return [_funnel(steps), *_tables(of_run, task)]
    steps = [
        ("exams with a report", len(reports)),
        ("with a parsed report", int((reports["status"] == "parsed").sum())),
        ("with a label", labelled),
    ]
    became = tally(reports, ["status", "reason"], "Exams by what became of their report", "exams")
    language = tally(reports[reports["status"] == "parsed"], ["language"], "Parsed reports by language", "reports")
    return [_funnel(steps), became, language, *_tables(of_run, task)]


def exams_labelled(of_run: pd.DataFrame) -> int:
    """Exams that have a label, be it of a breast only."""
    return of_run.loc[of_run["status"] == "labelled", "exam_id"].nunique()


def summary_without_images(
    of_run: pd.DataFrame, reports: pd.DataFrame | None, *, task: Task, not_run: list[str]
) -> list[tuple[str, list[str]]]:
    """The run in words: what was read, what has a label, and what could not be done without images."""
    n_exams, n_labelled = of_run["exam_id"].nunique(), exams_labelled(of_run)
    own = of_run[(of_run["side"] == "") & (of_run["image_id"] == "")]
    found = own[own["status"] == "labelled"].groupby("label").size()
    of_class = [f"{found[key]:,} {task.of(key).name}" for key in task.keys if key in found]
    left_out = accounts.tally(own[own["status"] != "labelled"], ["status", "reason"])
    reasons = [f"{row.n:,} {row.status} ({spoken(row.reason)})" for row in left_out.itertuples()]
    read = f"Labels of {counted(n_exams, 'exam')}."
    if reports is not None:
        parsed = int((reports["status"] == "parsed").sum())
        read = f"Reports of {counted(len(reports), 'exam')}, {parsed:,} of them parsed."
    return [
        ("What was read", [read]),
        ("Labels", [f"{counted(n_labelled, 'exam')} with a label." + _listed(" Of the whole exam: ", of_class)]),
        ("Left out", [f"{counted(n_exams - n_labelled, 'exam')} without a label." + _listed(" By reason: ", reasons)]),
        ("Not run", ["Not run, because there are no images: " + (", ".join(not_run) or "nothing was asked for") + "."]),
    ]


def spoken(code: str) -> str:
    """A reason code as words."""
    return code.replace("_", " ") or "no reason given"


def _listed(head: str, things: list[str]) -> str:
    return head + ", ".join(things) + "." if things else ""


def _funnel(steps: list[tuple[str, int]]) -> HtmlTable:
    return HtmlTable("From exams to labels", ("step", "exams"), list(steps), sortable=False)


def _tables(of_run: pd.DataFrame, task: Task) -> list[HtmlTable]:
    labelled = of_run[of_run["status"] == "labelled"]
    present = [key for key in task.keys if (labelled["label"] == key).any()]
    found = labelled.groupby(["level", "rule", "label"], sort=True).size().unstack(fill_value=0)
    rules = [(rule or _NONE, level, *(int(row[key]) for key in present)) for (level, rule), row in found.iterrows()]
    of_class = tuple(f"{task.of(key).name} ({key})" for key in present)
    return [
        tally(of_run, ["status", "level", "reason"], "Labels by status, level and reason", "labels"),
        HtmlTable("Labels by the rule that gave them", ("rule", "level", *of_class), rules),
    ]


def audit(found: pd.DataFrame) -> dict[str, Any]:
    """How often the extracted label is the one stated: a sentence and a table of both."""
    agreed, n = int(found["agree"].sum()), len(found)
    share = f" ({100 * agreed / n:.1f} %)" if n else ""
    crossed = found.groupby(["stated", "found"], sort=True).size().rename("n").reset_index()
    rows = [(row.stated, row.found, int(row.n)) for row in crossed.itertuples()]
    return {
        "sentence": f"What was extracted is what the report states in {agreed:,} of {n:,} reports{share}. The demo's "
        "reports are written by this workflow, so the share says nothing about reports of a hospital.",
        "table": HtmlTable("What the reports state and what was found", ("stated", "found", "exams"), rows),
    }
