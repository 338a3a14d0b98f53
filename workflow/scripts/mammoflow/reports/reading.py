"""Reports read: what text each file or row holds, whose it is, and what becomes of each exam's."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pandas as pd

from mammoflow import tables, user_tables
from mammoflow.characters import decode
from mammoflow.errors import UserError
from mammoflow.files import Changed, steady
from mammoflow.privacy import Pseudonyms
from mammoflow.reports import structured_reports, word_documents
from mammoflow.reports.cleaning import fold
from mammoflow.reports.lexicon import Lexicon
from mammoflow.reports.sections import Section, sections_of
from mammoflow.reports.texts import NoText, Text, text_of

_MOST_BYTES = 1_000_000  # of a plain text
_SUFFIX = re.compile(r"\.[A-Za-z]\w{0,4}")
# A file in another form, or a picture, beside an exam's text says nothing against it.
_ASIDE = {"not_supported", "not_a_report"}
# The commonest words of each language, and those that every mammogram is about.
_WORDS = {
    "es": {
        "el", "la", "los", "las", "de", "del", "en", "y", "con", "se", "por", "que", "una", "un", "sin", "ambas", "al",
        "mama", "mamas", "derecha", "izquierda",
    },
    "en": {
        "the", "of", "and", "in", "with", "is", "are", "there", "for", "to", "was", "or", "this", "without", "both",
        "breast", "breasts", "right", "left",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Input:
    """A file, or a row of a table.

    Attributes
    ----------
    exam
        The exam, as the hospital calls it; "" where the input does not say.
    place
        What tells it from all others: its relative path, or the number of its row.
    held
        What it holds.
    """

    exam: str
    place: str
    held: Text


@dataclass(frozen=True)
class Report:
    """The report of one exam."""

    exam_id: str
    status: str
    reason: str = ""
    text: str = ""
    language: str = ""
    sections: tuple[Section, ...] = ()


def exam_of_file(relative: str) -> str:
    """The exam that a file is named after: its name without its ending.

    An id with dots in it has no ending, unless that looks like one: a letter and at most four more.
    """
    name = PurePosixPath(relative)
    return " ".join((name.stem if _SUFFIX.fullmatch(name.suffix) else name.name).split())


def read_files(
    files: Iterable[tuple[str, str]], *, exam_key: str, exam_of: Callable[[str], str] = exam_of_file
) -> list[Input]:
    """Read the files of a folder; whatever is wrong with one is a reason, never an error.

    Parameters
    ----------
    files
        Path below the folder, and path, of each.
    exam_key
        Tag of a DICOM header that names the exam.
    exam_of
        The exam that any other file is of, by its path below the folder.

    Returns
    -------
    list
        One for each file.
    """
    return [_read_file(relative, path, exam_key, exam_of) for relative, path in files]


def read_table(path: Path, columns: dict[str, str]) -> list[Input]:
    """Read the reports of a table.

    Parameters
    ----------
    path
        CSV, TSV or XLSX.
    columns
        Its columns `exam` and `text`.

    Returns
    -------
    list
        One for each row.
    """
    rows = user_tables.read(path, {f"dataset.report_columns.{key}": name for key, name in columns.items()})
    return [_input(row.exam, f"row {row.Index}", text_of(row.text)) for row in rows.itertuples()]


def language_of(text: str) -> str:
    """`es` or `en`, whichever has more of its commonest words; "" where neither has more."""
    words = Counter(re.findall(r"[^\W\d_]+", fold(text)))
    counts = {language: sum(words[word] for word in common) for language, common in _WORDS.items()}
    if counts["es"] == counts["en"]:
        return ""
    return max(counts, key=lambda language: counts[language])


def report_of(exam_id: str, held: list[Text], lexicon: Lexicon) -> Report:
    """The one report of an exam from all its files or rows.

    The same text twice is one report, whatever its blanks and line ends. Several different texts are no report: nobody
    can say which one holds; so is a text beside a file that should hold one and cannot be read. An empty file beside a
    text says nothing and is left aside, and so is a file in a form that is not read.
    """
    reasons = {one.reason for one in held if one.reason}
    serious = reasons - _ASIDE
    # Sorted, so that the order of files does not matter.
    texts = {" ".join(text.split()): text for text in sorted(one.text for one in held if one.text)}
    if len(texts) > 1 or (texts and serious):
        return Report(exam_id, "duplicate", "several_texts")
    if not texts and reasons:
        return Report(exam_id, "unreadable", min(serious or reasons))
    text = next(iter(texts.values()), "")
    sections = tuple(sections_of(text, lexicon)) if text else ()
    if not sections:
        return Report(exam_id, "empty", "no_text")
    return Report(exam_id, "parsed", text=text, language=language_of(text), sections=sections)


def report_tables(
    inputs: list[Input], *, pseudonyms: Pseudonyms, lexicon: Lexicon, progress: Callable[..., Any] = iter
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Reports, their texts and their sections as tables, every input accounted for.

    Parameters
    ----------
    inputs
        Every file or row.
    pseudonyms
        Makes the exams' ids; an input that does not name its exam gets one of its own.
    lexicon
        Its headers say where sections begin.
    progress
        Wraps the loop over exams, such as tqdm.

    Returns
    -------
    reports, texts, sections : DataFrame
        `tables.REPORTS`, one row an exam; `tables.TEXTS` and `tables.SECTIONS` of the parsed ones, which are private.

    Raises
    ------
    UserError
        If the counts do not reconcile.
    """
    of_exam: dict[str, list[Input]] = {}
    for one in inputs:
        exam_id = pseudonyms.of("exam", one.exam) if one.exam else pseudonyms.of("report", one.place)
        of_exam.setdefault(exam_id, []).append(one)
    found = [
        (report_of(exam_id, [one.held for one in own], lexicon), own) for exam_id, own in progress(of_exam.items())
    ]
    reports = tables.frame_of([_row(report, len(own)) for report, own in found], tables.REPORTS)
    reconcile(reports, inputs=len(inputs))
    parsed = [(report, own[0].exam) for report, own in found if report.status == "parsed"]
    texts: list[dict[str, object]] = [
        {"exam_id": report.exam_id, "exam": exam, "text": report.text} for report, exam in parsed
    ]
    sections = [row for report, _ in parsed for row in _section_rows(report)]
    return reports, tables.frame_of(texts, tables.TEXTS), tables.frame_of(sections, tables.SECTIONS)


def reconcile(reports: pd.DataFrame, *, inputs: int) -> None:
    """See to it that every input is behind exactly one row of `tables.REPORTS`.

    Raises
    ------
    UserError
        With both counts.
    """
    counted = int(reports["texts"].sum())
    if counted != inputs or reports["exam_id"].duplicated().any() or (reports["texts"] < 1).any():
        raise UserError(
            f"reports do not reconcile: {inputs} files or rows were found, {counted} stand behind the "
            f"{reports['exam_id'].nunique()} exams; no result can be trusted, please report this as a defect"
        )


def _read_file(relative: str, path: str, exam_key: str, exam_of: Callable[[str], str]) -> Input:
    try:
        with open(path, "rb") as file, steady(file.fileno()):
            if structured_reports.is_dicom(file):
                return _read_dicom(relative, file, exam_key)
            held = _held(PurePosixPath(relative).suffix.lower(), file)
    except Changed:
        held = Text(reason="changed")
    except OSError:
        held = Text(reason="cannot_open")
    return _input(exam_of(relative), relative, held)


def _read_dicom(relative: str, file: BinaryIO, exam_key: str) -> Input:
    exam = ""
    try:
        header = structured_reports.read_header(file)
        exam = structured_reports.exam_of(header, exam_key)
        held = text_of(structured_reports.read(file, header))
    except NoText as none:
        held = Text(reason=none.reason)
    return _input(exam, relative, held)


def _held(suffix: str, file: BinaryIO) -> Text:
    """What a file holds that is no DICOM."""
    if not file.read(1):
        return Text()
    file.seek(0)
    try:
        if suffix == ".txt":
            return text_of(_plain(file))
        if suffix in (".docx", ".docm"):
            return text_of(word_documents.read(file))
    except NoText as none:
        return Text(reason=none.reason)
    return Text(reason="not_dicom" if suffix in (".dcm", ".dicom") else "not_supported")


def _plain(file: BinaryIO) -> str:
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise NoText(reason="too_large")
    text = decode(data)
    if text is None:
        raise NoText(reason="not_text")
    return text


def _input(exam: str, place: str, held: Text) -> Input:
    """An input; a text without an exam is no report of any."""
    return Input(exam, place, held if exam or held.reason else Text(reason="no_exam_id"))


def _row(report: Report, texts: int) -> dict[str, object]:
    return {
        "exam_id": report.exam_id,
        "texts": texts,
        "language": report.language,
        "status": report.status,
        "reason": report.reason,
        "sections": " ".join(section.kind for section in report.sections),
    }


def _section_rows(report: Report) -> list[dict[str, object]]:
    return [
        {
            "exam_id": report.exam_id,
            "position": position,
            "section": section.kind,
            "start": section.start,
            "end": section.end,
        }
        for position, section in enumerate(report.sections)
    ]
