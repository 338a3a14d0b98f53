"""What became of reports and labels, as tables of a page."""

import pandas as pd

from mammoflow import accounts
from mammoflow.pages.html import HtmlTable, counted
from mammoflow.tasks import VALUES, Task

STATUSES = ("labelled", "ambiguous", "none")
_NONE = "(none)"
_OUTCOMES = {
    "labelled": "exams with a label",
    "ambiguous": "exams left ambiguous",
    "none": "exams without a statement, or without a readable report",
}
_BETWEEN_RULES = " | "


def tally(frame: pd.DataFrame, columns: list[str], caption: str, unit: str) -> HtmlTable:
    """How many rows there are of each combination of these columns."""
    found = accounts.tally(frame, columns)
    rows = [(*(row[column] or _NONE for column in columns), int(row["n"])) for row in found.to_dict("records")]
    return HtmlTable(caption, (*(column.replace("_", " ") for column in columns), unit), rows)


def labels(
    of_run: pd.DataFrame, task: Task, *, reports: pd.DataFrame | None, exams: pd.DataFrame | None
) -> list[HtmlTable]:
    """From reports to labels: how many, why others have none, and which rules gave them.

    Parameters
    ----------
    of_run
        `tables.LABELS`.
    task
        For the names of the classes.
    reports
        `tables.REPORTS`; None where labels do not come from reports.
    exams
        `tables.EXAMS`; None where there are no images.
    """
    found = [_funnel(of_run, reports, exams)]
    if reports is not None:
        found += [
            tally(reports, ["status", "reason"], "Exams by what became of their report", "exams"),
            _by_language(of_run, reports),
            _by_edition(of_run, task),
        ]
    by_status = tally(of_run, ["status", "level", "reason"], "Labels by status, level and reason", "labels")
    return [*found, by_status, _by_rule(of_run, task)]


def exams_labelled(of_run: pd.DataFrame) -> int:
    """Exams that have a label, be it of a breast only."""
    return of_run.loc[of_run["status"] == "labelled", "exam_id"].nunique()


def corrected(of_run: pd.DataFrame) -> int:
    """Exams that a person's word decided, in whole or for a breast."""
    return of_run.loc[of_run["reason"] == "corrected", "exam_id"].nunique()


def summary_without_images(
    of_run: pd.DataFrame, reports: pd.DataFrame | None, *, task: Task, not_run: list[str]
) -> list[tuple[str, list[str]]]:
    """The run in words: what was read, what has a label, and what could not be done without images."""
    n_exams, n_labelled = of_run["exam_id"].nunique(), exams_labelled(of_run)
    own = _of_exams(of_run)
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


def _funnel(of_run: pd.DataFrame, reports: pd.DataFrame | None, exams: pd.DataFrame | None) -> HtmlTable:
    """How many are left at each step; where labels come from reports, the last steps add up to the exams with one."""
    steps = [] if exams is None else [("exams with an image, a report or a label", len(exams))]
    if reports is not None:
        parsed = int((reports["status"] == "parsed").sum())
        steps = [("report texts found", int(reports["texts"].sum())), *steps]
        steps += [("exams with a report", len(reports)), ("exams with a parsed report", parsed)]
        found = _of_exams(of_run)["status"].value_counts()
        steps += [(what, int(found.get(status, 0))) for status, what in _OUTCOMES.items()]
    elif exams is None:
        steps += [
            ("exams in the table of labels", of_run["exam_id"].nunique()),
            ("with a label", exams_labelled(of_run)),
        ]
    else:
        steps.append(("exams with a label", int((exams["label_status"] == "labelled").sum())))
    if n := corrected(of_run):
        steps.append(("of these exams, those that a person corrected", n))
    if exams is not None:
        steps.append(("exams included: with an accepted image that has a label", int(exams["included"].sum())))
    return HtmlTable(
        "From reports to labels" if reports is not None else "From exams to labels",
        ("step", "number"),
        steps,
        sortable=False,
    )


def _by_language(of_run: pd.DataFrame, reports: pd.DataFrame) -> HtmlTable:
    """Exams by the language of their report and the status of their label."""
    parsed = reports[reports["status"] == "parsed"]
    status = parsed["exam_id"].map(_of_exams(of_run).set_index("exam_id")["status"])
    counts = pd.crosstab(parsed["language"], status)
    rows = [
        (language or _NONE, int(row.sum()), *(int(row.get(key, 0)) for key in STATUSES))
        for language, row in counts.iterrows()
    ]
    return HtmlTable("Exams with a parsed report by its language", ("language", "exams", *STATUSES), rows)


def _by_edition(of_run: pd.DataFrame, task: Task) -> HtmlTable:
    """Labelled exams by the edition of the atlas that the wording follows; by letter where a class is of several."""
    own = _of_exams(of_run)
    own = own[own["status"] == "labelled"]
    of_letters = task.keys != list(VALUES["density"])
    counts = pd.crosstab(own["edition"], own["density" if of_letters else "label"])
    titles = {key: task.of(key).title for key in task.keys}
    if of_letters:
        titles = {letter: f"density {letter}" for letter in VALUES["density"]} | {"": "letters of the breasts differ"}
    rows = [(edition or "not told", *(int(row.get(key, 0)) for key in titles)) for edition, row in counts.iterrows()]
    columns = ("edition", *titles.values())
    return HtmlTable("Labelled exams by the edition of BI-RADS that the wording follows", columns, rows)


def _by_rule(of_run: pd.DataFrame, task: Task) -> HtmlTable:
    """Labels, and what is none of them, by the rules that took part in them."""
    each = of_run.assign(rule=of_run["rule"].str.split(_BETWEEN_RULES, regex=False)).explode("rule")
    each = each.drop_duplicates(["exam_id", "side", "image_id", "rule"])
    each = each[(each["rule"] != "") | (each["status"] == "labelled")]
    each = each.assign(became=each["label"].where(each["status"] == "labelled", each["status"]))
    counts = pd.crosstab([each["rule"], each["level"]], each["became"])
    present = [key for key in (*task.keys, "ambiguous", "none") if key in counts.columns]
    rows = [(rule or _NONE, level, *(int(row[key]) for key in present)) for (rule, level), row in counts.iterrows()]
    of_class = tuple(task.of(key).title if key in task.keys else key for key in present)
    notes = ("What several rules found together counts at each of them.",)
    return HtmlTable("Labels by the rules that found them", ("rule", "level", *of_class), rows, notes)


def _of_exams(of_run: pd.DataFrame) -> pd.DataFrame:
    """The rows about whole exams."""
    return of_run[(of_run["side"] == "") & (of_run["image_id"] == "")]
