"""What is known of each parsed report: its text, and what was found at which places of it. All of it private."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd

from mammoflow import tables

Made = TypeVar("Made")


@dataclass(frozen=True)
class Section:
    """A section of a report."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Statement:
    """A statement about what is classified: a row of `tables.MENTIONS`."""

    start: int
    end: int
    rule: str
    side: str
    classes: tuple[str, ...]
    status: str  # counted | unclear | rejected
    context: str


@dataclass(frozen=True)
class Respelling:
    """A word that was read as another: a row of `tables.CORRECTIONS`."""

    start: int
    end: int
    read_as: str


@dataclass(frozen=True)
class Record:
    """A report, with everything found in it in the order of its text."""

    exam: str  # as the hospital calls it
    text: str
    sections: tuple[Section, ...] = ()
    statements: tuple[Statement, ...] = ()
    respellings: tuple[Respelling, ...] = ()

    def about(self, side: str) -> list[Statement]:
        """The statements behind a label: of a breast, those about it or about both; of the exam, all.

        Those that do not count are among them only where there is no other.
        """
        own = [one for one in self.statements if not side or one.side in ("", side)]
        return [one for one in own if one.status != "rejected"] or own


def read(paths: Sequence[str]) -> dict[str, Record]:
    """The record of every report by exam, from files of `tables.TEXTS`, `SECTIONS`, `MENTIONS` and `CORRECTIONS`."""
    kinds = (tables.TEXTS, tables.SECTIONS, tables.MENTIONS, tables.CORRECTIONS)
    return of_tables(*(tables.read(path, kind) for path, kind in zip(paths, kinds, strict=True)))


def of_tables(
    texts: pd.DataFrame, sections: pd.DataFrame, mentions: pd.DataFrame, corrections: pd.DataFrame
) -> dict[str, Record]:
    """The same from the tables themselves."""
    of_sections = _by_exam(sections, ["position"], lambda row: Section(row.section, row.start, row.end))
    of_mentions = _by_exam(mentions, ["start", "end", "rule"], _statement)
    of_corrections = _by_exam(corrections, ["start"], lambda row: Respelling(row.start, row.end, row.read_as))
    return {
        row.exam_id: Record(
            exam=row.exam,
            text=row.text,
            sections=of_sections.get(row.exam_id, ()),
            statements=of_mentions.get(row.exam_id, ()),
            respellings=of_corrections.get(row.exam_id, ()),
        )
        for row in texts.sort_values("exam_id").itertuples()
    }


def _statement(row: Any) -> Statement:
    return Statement(
        start=row.start,
        end=row.end,
        rule=row.rule,
        side=row.side,
        classes=tuple(row.classes.split()),
        status=row.status,
        context=row.context,
    )


def _by_exam(frame: pd.DataFrame, order: list[str], make: Callable[[Any], Made]) -> dict[str, tuple[Made, ...]]:
    found: dict[str, list[Made]] = {}
    for row in frame.sort_values(["exam_id", *order]).itertuples():
        found.setdefault(row.exam_id, []).append(make(row))
    return {exam_id: tuple(rows) for exam_id, rows in found.items()}
