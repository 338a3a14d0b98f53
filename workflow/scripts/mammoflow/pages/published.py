"""Published figures on the report: put to the test, and beside this run, trivial answers, systems and people."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mammoflow.pages.html import MISSING, HtmlTable, above_interval, cell
from mammoflow.published.constants import majority
from mammoflow.published.findings import ADDS, AGREES, CONTRADICTS, NOT_TRIVIAL, TRIVIAL
from mammoflow.published.results import CODE, results_of

# What a verdict says at the head of a finding, the weightiest first.
VERDICTS = {
    CONTRADICTS: "Does not fit",
    TRIVIAL: "A trivial answer does as well",
    AGREES: "Fits",
    NOT_TRIVIAL: "No trivial answer does as well",
    ADDS: "To know beside it",
}
# Those that a reader sees without unfolding anything.
_SHOWN = (CONTRADICTS, TRIVIAL)
_CONSTANT = "majority"
_SIDES = (
    "result",
    "published on",
    "published",
    "code of its authors",
    "trivial on those images",
    "this run",
    "trivial in this run",
)
_COLUMNS = {"accuracy": "accuracy", "kappa_linear": "linear kappa", "kappa_quadratic": "quadratic kappa"}
_OTHER = {
    "kappa": "kappa, weighting not stated",
    "kappa_weighted": "weighted kappa, weights not stated",
    "auroc": "AUROC",
    "auroc_macro": "macro AUROC",
}


@dataclass(frozen=True)
class OfStudy:
    """The findings of a study, rows of `tables.FINDINGS` with the verdict in words; the weightiest ones are shown."""

    source: str
    counted: str
    shown: list[dict[str, str]]
    folded: list[dict[str, str]]


@dataclass(frozen=True)
class Section:
    """The section as it is shown; without tables where nothing was published of the task."""

    studies: list[OfStudy]
    tables: list[HtmlTable]


def section(
    findings: pd.DataFrame,
    table1: pd.DataFrame,
    metrics: dict[str, pd.DataFrame],
    *,
    study: dict[str, Any],
    others: Iterable[dict[str, Any]],
    task: str,
) -> Section:
    """Everything that the report says of published figures.

    Parameters
    ----------
    findings, table1
        `tables.FINDINGS` and `tables.TABLE1`.
    metrics
        `tables.METRICS` of each experiment.
    study, others
        From `published.loading.load`: the study that this workflow reproduces, and lists of systems and people.
    task
        Key of this run's task; what was published of another does not stand beside the run.
    """
    tables = []
    if study["task"] == task:
        tables.append(side_by_side(table1, study))
        methods = {row["method"] for row in study["results"]} | {_CONSTANT}
        shown = table1.loc[table1["method"].isin(methods), "experiment"].drop_duplicates()
        lists = [one for one in others if one["task"] == task]
        tables.append(agreement({name: metrics[name] for name in shown}, lists))
    return Section([_of_study(str(source), own) for source, own in findings.groupby("source", sort=True)], tables)


def _of_study(source: str, own: pd.DataFrame) -> OfStudy:
    """The findings of a study, the weightiest verdicts first."""
    order = list(VERDICTS)
    ranked = own.assign(rank=own["verdict"].map(order.index)).sort_values(["rank", "finding"], kind="stable")
    counts = own["verdict"].value_counts()
    counted = "; ".join(f"{name}: {counts[verdict]}" for verdict, name in VERDICTS.items() if verdict in counts)
    shown = ranked["verdict"].isin(_SHOWN)
    worded = ranked.assign(verdict=ranked["verdict"].map(VERDICTS))
    return OfStudy(source, counted, worded[shown].to_dict("records"), worded[~shown].to_dict("records"))


def side_by_side(table1: pd.DataFrame, study: dict[str, Any]) -> HtmlTable:
    """Each published result beside what this run measured with its method, and beside trivial answers.

    Parameters
    ----------
    table1
        `tables.TABLE1`.
    study
        From `published.loading.load`; its results have a method and F1.
    """
    printed = {result.key: result for result in results_of(study) if result.place != CODE}
    trivial = table1[(table1["method"] == _CONSTANT) & (table1["subset"] == "test")]
    rows: list[tuple[Any, ...]] = []
    for row in study["results"]:
        result = printed[row["method"]]
        own = table1[(table1["method"] == row["method"]) & (table1["subset"] == row["subset"])]
        constant = majority(result.counts)
        rows.append(
            (
                result.name,
                f"{'about ' if result.balanced else ''}{result.n:,} images ({row['subset']})",
                _pair(row),
                _pair(row["code"]) if "code" in row else MISSING,
                f"{cell(constant.accuracy)} / {cell(constant.f1_weighted)}",
                _reproduced(own),
                _reproduced(trivial),
            )
        )
    notes = (
        f"Accuracy / F1; averaging of the published F1: {study['f1_averaging']}; all others are weighted. This run: "
        "mean over seeds of every experiment with this method, on other patients than the paper's.",
        "Trivial: always the commonest class; of the held-out images only is known that classes are of about one size.",
    )
    return HtmlTable("Published, reproduced and trivial", _SIDES, rows, notes, sortable=False)


def _pair(numbers: dict[str, Any]) -> str:
    return f"{numbers['accuracy']:.2f} / {numbers['f1']:.2f}"


def _reproduced(rows: pd.DataFrame) -> str:
    """Accuracy and weighted F1 of each experiment, one a line."""
    said = [f"{row.experiment}: {cell(row.accuracy_mean)} / {cell(row.f1_weighted_mean)}" for row in rows.itertuples()]
    return "\n".join(said) or "not run"


def agreement(metrics: dict[str, pd.DataFrame], lists: Iterable[dict[str, Any]]) -> HtmlTable:
    """Accuracy and kappa of this run's exams beside those of published systems and of people.

    Parameters
    ----------
    metrics
        `tables.METRICS` of each experiment to show, in order.
    lists
        From `published.loading.load`, of kind systems or people, of this run's task.
    """
    rows = [_of_run(name, frame) for name, frame in metrics.items()]
    rows += [_of_entry(entry, listed["read_in"]) for listed in lists for entry in listed["entries"]]
    notes = (
        "This run: exams of the test set, first seed. Others: other patients, other readers and other mixes of "
        "classes, on which accuracy and kappa depend. In square brackets 95 % intervals, where there is one.",
        "What is read in an abstract, or in another paper's table, must be looked up in its source before it is cited.",
    )
    caption = "Agreement on density: this run, published systems, and people"
    return HtmlTable(caption, ("who", "on", *_COLUMNS.values(), "other", "read in"), rows, notes, sortable=False)


def _of_run(name: str, metrics: pd.DataFrame) -> tuple[Any, ...]:
    """The row of an experiment: whole exams of the test set, first seed."""
    whole = (metrics["subset"] == "test") & (metrics["level"] == "exam") & (metrics["subgroup"] == "")
    own = metrics[whole & (metrics["class"] == "") & (metrics["seed"] == metrics["seed"].min())].set_index("metric")
    if own.empty:
        return (name, MISSING, *[MISSING] * len(_COLUMNS), MISSING, "this run")
    cells = [above_interval(*own.loc[metric, ["value", "low", "high"]]) for metric in _COLUMNS]
    return (name, f"{int(own['n_exams'].iloc[0]):,} exams", *cells, MISSING, "this run")


def _of_entry(entry: dict[str, Any], read_in: str) -> tuple[Any, ...]:
    """The row of a system, or of people."""
    values = entry["values"]
    cells = ["; ".join(_printed(one) for one in values if one["measure"] == name) or MISSING for name in _COLUMNS]
    other = [f"{_OTHER[one['measure']]}: {_printed(one)}" for one in values if one["measure"] in _OTHER]
    return (entry["source"], entry["data"], *cells, "; ".join(other) or MISSING, read_in)


def _printed(value: dict[str, Any]) -> str:
    """A value as it was printed, with what it was measured against."""
    if "range" in value:
        number = "–".join(map(_decimals, value["range"]))
    else:
        number = f"above {_decimals(value['above'])}" if "above" in value else _decimals(value["value"])
    interval = f" [{', '.join(map(_decimals, value['interval']))}]" if "interval" in value else ""
    return number + interval + (f" ({value['note']})" if "note" in value else "")


def _decimals(number: float) -> str:
    """A share with the two decimals that are printed at least."""
    return f"{number:.2f}" if round(number, 2) == number else str(number)
