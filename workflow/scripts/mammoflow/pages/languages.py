"""Labels from reports beside labels from their translations, as sentences and tables of a page."""

from dataclasses import dataclass

import pandas as pd

from mammoflow.pages.html import HtmlTable, counted
from mammoflow.pages.labels import tally
from mammoflow.tasks import Task

_CHOSEN = {
    "original": "The labels of this run come from the reports as they were written.",
    "translation": "The labels of this run come from translations of the reports.",
}
_CHANGED = {
    "codes": "letters of a class, such as ACR c",
    "numbers": "numbers",
    "numerals": "Roman numerals",
    "sides": "right, left or both",
    "words": "words: the translation is empty, or was cut off",
}
_WITHOUT_LABEL = ("ambiguous", "none")


@dataclass(frozen=True)
class Languages:
    """The comparison of languages as it is shown."""

    about: str
    tables: list[HtmlTable]


def of_run(compared: pd.DataFrame, translation: pd.DataFrame, *, task: Task, language: str) -> Languages:
    """How often a report and its translation give different labels.

    Parameters
    ----------
    compared
        `tables.LANGUAGES`.
    translation
        `tables.TRANSLATION`.
    task
        For the order and the names of its classes.
    language
        The config's `labels.language`.
    """
    became = tally(translation, ["status", "reason"], "Reports by what became of their translation", "reports")
    return Languages(
        about=" ".join([_CHOSEN[language], *_disagreement(compared, task)]),
        tables=[_crossed(compared, task), became, _changed(translation)],
    )


def _disagreement(compared: pd.DataFrame, task: Task) -> list[str]:
    n, differ = len(compared), compared[~compared["agree"]]
    if not n:
        return ["No report was translated, so there is nothing to compare."]
    is_class = [differ[column].isin(task.keys) for column in ("original", "translation")]
    ways = {
        "different classes": is_class[0] & is_class[1],
        "a class from the report only": is_class[0] & ~is_class[1],
        "a class from the translation only": ~is_class[0] & is_class[1],
        "no class from either, one of them ambiguous": ~is_class[0] & ~is_class[1],
    }
    said = "; ".join(f"{way}: {int(own.sum()):,}" for way, own in ways.items())
    withheld = int((compared["reason"] == "translation_check").sum())
    return [
        f"Report and translation agree in {n - len(differ):,} of {counted(n, 'translated report')} and disagree in "
        f"{len(differ):,}, which is {100 * len(differ) / n:.1f} % ({said}).",
        f"In {withheld:,} the translation gives no label because it does not keep every code, number and side.",
    ]


def _changed(translation: pd.DataFrame) -> HtmlTable:
    kinds = translation["changed"].str.split()
    rows = [(what, int(kinds.map(lambda own, kind=kind: kind in own).sum())) for kind, what in _CHANGED.items()]
    columns = ("what some sentence does not keep", "reports")
    return HtmlTable("What translations do not keep", columns, rows, sortable=False)


def _crossed(compared: pd.DataFrame, task: Task) -> HtmlTable:
    """A row for each label from the reports, a column for each from their translations."""
    counts = compared.groupby(["original", "translation"]).size()
    order = (*task.keys, *_WITHOUT_LABEL)
    present = [key for key in order if (compared["original"] == key).any()]
    rows = [(_named(key, task), *(int(counts.get((key, other), 0)) for other in order)) for key in present]
    columns = ("from the report", *(f"translation: {key}" for key in order))
    caption = "Labels from reports (rows) and from their translations (columns)"
    return HtmlTable(caption, columns, rows, sortable=False)


def _named(key: str, task: Task) -> str:
    return task.of(key).title if key in task.keys else key
