"""Confident mistakes beside the sentences that their labels come from: private, as it is made of words of reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mammoflow.figures import mistakes
from mammoflow.pages import evidence
from mammoflow.pages.html import HtmlFigure, figure
from mammoflow.reports.records import Record


@dataclass(frozen=True)
class Row:
    """A mistake, and the labels of its exam with what is behind them; none where the exam has no report."""

    exam_id: str
    laterality: str
    view: str
    label: str
    said: str
    probability: float  # of what was said
    labels: tuple[evidence.Evidence, ...]


def rows(predictions: pd.DataFrame, labels: pd.DataFrame, records: Mapping[str, Record]) -> list[Row]:
    """The mistakes of a sheet, in its order.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS` of one seed.
    labels
        `tables.LABELS`.
    records
        Reports by exam.
    """
    about = predictions.set_index("image_id")
    found = []
    for one in mistakes.choose(predictions).itertuples():
        own = about.loc[one.image_id]
        known = evidence.reports(labels, records, [own["exam_id"]]) if own["exam_id"] in records else []
        behind = tuple(label for report in known for label in report.labels)
        place = (own["exam_id"], own["laterality"], own["view"])
        found.append(Row(*place, one.label, one.said, one.probability, behind))
    return found


def sheet(path: str | Path, name: str) -> HtmlFigure:
    """The sheet of an experiment."""
    return figure(
        path,
        caption=f"Confident mistakes of {name}: label, what was said, and the probability of each class.",
        alt=f"Mammograms that {name} told wrongly, in the order of the table below.",
    )
