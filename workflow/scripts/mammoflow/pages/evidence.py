"""Labels beside the sentences behind them, and whole reports with all that was found where it stands.

Made of the words of reports, and so private, but for those of the demo.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

import pandas as pd

from mammoflow.reports import quotes
from mammoflow.reports.records import Record, Respelling, Statement

ORDER = ("ambiguous", "none", "labelled")  # what needs eyes comes first
_STRENGTH = ("counted", "unclear", "rejected")  # what is shown of words that are part of several statements
_SIGNS = {"counted": "", "unclear": "?", "rejected": "×"}


@dataclass(frozen=True)
class Piece:
    """Words that belong to the same statements, or to none."""

    text: str
    status: str = ""  # of the strongest of those statements
    title: str = ""  # what is to be said of them
    tags: tuple[str, ...] = ()  # those that end here, by number and sign
    respelt: bool = False
    read_as: str = ""  # where a word that was read as another ends


@dataclass(frozen=True)
class Line:
    """A statement in words."""

    tag: str
    status: str
    said: str


@dataclass(frozen=True)
class Part:
    """A section of a report as it is shown."""

    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Evidence:
    """A label, or why there is none, with the sentences and the statements behind it."""

    exam_id: str
    side: str
    label: str  # or the status, where there is none
    why: str
    sentences: tuple[tuple[Piece, ...], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Listing:
    """The labels of one kind that a page shows, and how many it leaves out."""

    shown: list[Evidence]
    left_out: int

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.shown) + self.left_out


@dataclass(frozen=True)
class Report:
    """A whole report with all its labels."""

    exam_id: str
    labels: tuple[Evidence, ...]
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]


def of_labels(labels: pd.DataFrame, records: Mapping[str, Record], *, most: int) -> dict[str, Listing]:
    """Labels with their sentences, by status in the order of `ORDER`; inside a status sorted by exam and side.

    Parameters
    ----------
    labels
        `tables.LABELS`.
    records
        Reports by exam.
    most
        Rows of a status to show; ambiguous ones are shown all.
    """
    found = {}
    for status in ORDER:
        own = labels[labels["status"] == status].sort_values(["exam_id", "side"], kind="stable")
        shown = own if status == "ambiguous" else own.head(most)
        rows = [_of_label(row, records.get(row.exam_id)) for row in shown.itertuples()]
        found[status] = Listing(rows, len(own) - len(shown))
    return found


def of_disagreements(disagreements: pd.DataFrame, records: Mapping[str, Record], *, most: int) -> Listing:
    """What was found and is not what is known, with the sentences that it was found in.

    Parameters
    ----------
    disagreements
        From `auditing.disagreements`.
    records
        Reports by exam.
    most
        Rows to show.
    """
    shown = [
        _evidence(row.exam_id, row.side, row.found, f"known: {row.stated}", records.get(row.exam_id))
        for row in disagreements.head(most).itertuples()
    ]
    return Listing(shown, len(disagreements) - len(shown))


def choose(labels: pd.DataFrame, records: Mapping[str, Record], *, n: int) -> list[str]:
    """The first `n` exams with a text by id, in turn from labelled, ambiguous and none, so that each is among them."""
    exams = labels[(labels["side"] == "") & labels["exam_id"].isin(list(records))].sort_values("exam_id")
    own = {status: exams.loc[exams["status"] == status, "exam_id"] for status in ORDER}
    in_turn = zip_longest(own["labelled"], own["ambiguous"], own["none"])
    chosen = dict.fromkeys(exam_id for turn in in_turn for exam_id in turn if exam_id)
    return sorted(list(chosen)[:n])


def reports(labels: pd.DataFrame, records: Mapping[str, Record], exam_ids: Iterable[str]) -> list[Report]:
    """The sections of these exams' reports, with everything found where it stands."""
    found = []
    for exam_id in exam_ids:
        record, own = records[exam_id], labels[labels["exam_id"] == exam_id].sort_values("side")
        parts = [Part(one.kind, pieces(record, one.start, one.end)) for one in record.sections]
        found.append(
            Report(
                exam_id=exam_id,
                labels=tuple(_of_label(row, record) for row in own.itertuples()),
                parts=tuple(parts),
                lines=_lines(record, record.statements),
            )
        )
    return found


def pieces(record: Record, start: int, end: int) -> tuple[Piece, ...]:
    """A part of a report's text, cut wherever a statement or a respelt word starts or ends."""
    marks: list[Statement | Respelling] = [*record.statements, *record.respellings]
    borders = {place for one in marks for place in (one.start, one.end) if start < place < end}
    return tuple(_piece(record, first, last) for first, last in pairwise(sorted({start, end} | borders)))


def _piece(record: Record, start: int, end: int) -> Piece:
    over = [one for one in record.statements if one.start <= start and end <= one.end]
    respelt = [one for one in record.respellings if one.start <= start and end <= one.end]
    return Piece(
        text=record.text[start:end],
        status=min((one.status for one in over), key=_STRENGTH.index, default=""),
        title="; ".join(f"{line.tag}: {line.said}" for line in _lines(record, over)),
        tags=tuple(line.tag for line in _lines(record, [one for one in over if one.end == end])),
        respelt=bool(respelt),
        read_as=", ".join(one.read_as for one in respelt if one.end == end),
    )


def _lines(record: Record, statements: Sequence[Statement]) -> tuple[Line, ...]:
    """These statements in words; each has the same number everywhere, its place in the report."""
    return tuple(
        Line(f"{number}{_SIGNS[one.status]}", one.status, _said(one))
        for number, one in enumerate(record.statements, start=1)
        if one in statements
    )


def _said(statement: Statement) -> str:
    context = f" ({statement.context})" if statement.context else ""
    side = f", side {statement.side}" if statement.side else ""
    return f"{statement.status}{context}: {' or '.join(statement.classes) or 'no class'}{side}, by {statement.rule}"


def _of_label(row: Any, record: Record | None) -> Evidence:
    return _evidence(row.exam_id, row.side, row.label or row.status, row.reason, record)


def _evidence(exam_id: str, side: str, label: str, why: str, record: Record | None) -> Evidence:
    sentences: list[tuple[Piece, ...]] = []
    lines: tuple[Line, ...] = ()
    if record:
        own = record.about(side)
        places = [(one.start, one.end) for one in record.sections]
        spans = quotes.sentences(record.text, [(one.start, one.end) for one in own], places)
        sentences = [pieces(record, start, end) for start, end in spans]
        lines = _lines(record, [one for one in record.statements if any(a <= one.start < b for a, b in spans)])
    return Evidence(exam_id, side, label, why, tuple(sentences), lines)
