"""Report files read: what text they hold, in which language, and which exam it belongs to."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mammoflow import tables, user_tables
from mammoflow.reports.cleaning import clean, fold
from mammoflow.reports.sections import Section, cut

_MOST_BYTES = 1_000_000  # a report has some thousands
_BINARY = (b"%PDF", b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0")  # PDF, docx, RTF, doc
_STOP_WORDS = {
    "es": (
        "el",
        "la",
        "los",
        "las",
        "de",
        "del",
        "en",
        "y",
        "con",
        "se",
        "por",
        "que",
        "una",
        "un",
        "sin",
        "ambas",
        "al",
    ),
    "en": ("the", "of", "and", "in", "with", "is", "are", "there", "for", "to", "was", "or", "this", "without", "both"),
}


@dataclass(frozen=True)
class Text:
    """What one file holds: cleaned text, or the reason why there is none."""

    text: str = ""
    reason: str = ""  # cannot_open | too_large | not_text


@dataclass(frozen=True)
class Report:
    """The report of one exam."""

    exam_id: str
    status: str
    reason: str = ""
    language: str = ""
    sections: tuple[Section, ...] = ()


def read_text(path: str | Path) -> Text:
    """Read and clean one report file; a file that is no text gives a reason, never an error."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError:
        return Text(reason="cannot_open")
    if len(data) > _MOST_BYTES:
        return Text(reason="too_large")
    text = decode(data)
    return Text(reason="not_text") if text is None else Text(clean(text))


def read_table(path: Path, columns: dict[str, str]) -> list[tuple[str, Text]]:
    """Read and clean the reports of a table.

    Parameters
    ----------
    path
        CSV, TSV or XLSX.
    columns
        Its columns `exam` and `text`.

    Returns
    -------
    list
        The exam's id and its text, for each row.
    """
    rows = user_tables.read(path, {f"dataset.report_columns.{key}": name for key, name in columns.items()})
    return [(exam, Text(clean(text))) for exam, text in zip(rows["exam"], rows["text"], strict=True)]


def decode(data: bytes) -> str | None:
    """UTF-8 (or UTF-16 where a mark says so), else Windows-1252, else Latin-1; None where it is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            return None
    if data.startswith(_BINARY) or b"\x00" in data:
        return None
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def language_of(text: str) -> str:
    """`es` or `en`, whichever has more of its commonest words; "" where neither has more."""
    words = Counter(re.findall(r"[^\W\d_]+", fold(text)))
    counts = {language: sum(words[word] for word in stop) for language, stop in _STOP_WORDS.items()}
    if counts["es"] == counts["en"]:
        return ""
    return max(counts, key=lambda language: counts[language])


def report_of(exam_id: str, texts: list[Text]) -> Report:
    """The one report of an exam from all its files.

    The same text twice is one report. Several different texts are no report: nobody can say which one holds; so is a
    text beside a file that cannot be read. An empty file beside a text says nothing, and is left aside.
    """
    different = {text for text in texts if text.text or text.reason}
    if not different:
        return Report(exam_id, "empty", "no_text")
    if len(different) > 1:
        return Report(exam_id, "duplicate", "several_texts")
    (only,) = different
    if only.reason:
        return Report(exam_id, "unreadable", only.reason)
    sections = tuple(cut(only.text))
    if not sections:
        return Report(exam_id, "empty", "no_text")
    return Report(exam_id, "parsed", language=language_of(only.text), sections=sections)


def report_tables(texts: Iterable[tuple[str, Text]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reports and their sections as tables.

    Parameters
    ----------
    texts
        (exam_id, what its file holds), one for each file.

    Returns
    -------
    reports, sections : DataFrame
        `tables.REPORTS`, one row an exam, and `tables.SECTIONS`, which holds the words and is private.
    """
    of_exam: dict[str, list[Text]] = {}
    for exam_id, text in texts:
        of_exam.setdefault(exam_id, []).append(text)
    found = [report_of(exam_id, held) for exam_id, held in of_exam.items()]
    reports: list[dict[str, object]] = [
        {
            "exam_id": report.exam_id,
            "language": report.language,
            "status": report.status,
            "reason": report.reason,
            "sections": " ".join(section.kind for section in report.sections),
        }
        for report in found
    ]
    sections: list[dict[str, object]] = [
        {"exam_id": report.exam_id, "position": position, "section": section.kind, "text": section.text}
        for report in found
        for position, section in enumerate(report.sections)
    ]
    return tables.frame_of(reports, tables.REPORTS), tables.frame_of(sections, tables.SECTIONS)
