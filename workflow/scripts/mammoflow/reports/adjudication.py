"""What a person decides: which exams need one, and the labels that one has given.

A person is believed over any rule. What was extracted stays beside it, so that the rules can still be judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mammoflow import tables, user_tables
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms
from mammoflow.reports import quotes
from mammoflow.reports.records import Record
from mammoflow.tasks import VALUES, Task

NONE = "none"  # a person's word for: the report states no class
RULE = "correction"
_SIDES = {"": "", "l": "L", "r": "R"}

Row = dict[str, object]
Key = tuple[str, str]  # exam_id, side


@dataclass(frozen=True)
class Correction:
    """What a row of the corrections says: a class of the task, or none, for an exam or for one of its breasts."""

    row: int  # as a spreadsheet counts: the line of names is 1
    exam_id: str
    side: str
    label: str
    letter: str = ""  # of BI-RADS density, where the person gave one


def review(labels: pd.DataFrame, records: Mapping[str, Record], *, names: Mapping[str, str]) -> pd.DataFrame:
    """Every exam or breast whose label is ambiguous, with the sentences that a person needs to decide.

    Parameters
    ----------
    labels
        `tables.LABELS`.
    records
        Reports by exam, without those that were not parsed.
    names
        What the hospital calls an exam; one that is not among them goes by its name in the tables, which corrections
        may use as well.

    Returns
    -------
    DataFrame
        `tables.REVIEW`; sentences as they stand in the report, none where it was not parsed.
    """
    rows = []
    for label in labels[labels["status"] == "ambiguous"].itertuples():
        sentences = ""
        if record := records.get(label.exam_id):
            spans = [(one.start, one.end) for one in record.about(label.side)]
            sections = [(one.start, one.end) for one in record.sections]
            sentences = quotes.joined(record.text, quotes.sentences(record.text, spans, sections))
        exam = names.get(label.exam_id, label.exam_id)
        rows.append({"exam": exam, "side": label.side, "reason": label.reason, "sentences": sentences})
    return tables.frame_of(rows, tables.REVIEW)


def names_of(records: Mapping[str, Record], exams: Iterable[str], pseudonyms: Pseudonyms) -> dict[str, str]:
    """What the hospital calls each exam.

    Parameters
    ----------
    records
        Reports by exam, which know their exam's name.
    exams
        Names that exams without a parsed report may have.
    pseudonyms
        Makes the ids of the tables.
    """
    others = {pseudonyms.of("exam", exam): exam for exam in exams if exam}
    return others | {exam_id: record.exam for exam_id, record in records.items()}


def read_corrections(path: Path, *, exam_ids: set[str], task: Task, pseudonyms: Pseudonyms) -> list[Correction]:
    """Read what a person decided; rows without a label are left out.

    Parameters
    ----------
    path
        CSV, TSV or XLSX with the columns exam (as the hospital, or as the tables call it), label and, where breasts are
        meant, side.
    exam_ids
        The exams that have a report.
    task
        Its classes and the letters of BI-RADS density are what a label may be, beside none; without regard to case.
    pseudonyms
        Makes the ids of the tables.

    Raises
    ------
    UserError
        If a row names no known exam, no class or no side, or contradicts another row. It shows no cell.
    """
    known = task.words | {NONE: NONE}
    found: list[Correction] = []
    for row in _given(path).itertuples():
        if not row.label:
            continue
        exam_id, side = pseudonyms.of("exam", row.exam), _SIDES.get(row.side.casefold())
        exam_id = exam_id if exam_id in exam_ids else row.exam
        if exam_id not in exam_ids:
            raise _wrong(row.Index, "no such exam", "the id of an exam that has a report, its leading zeros kept")
        if side is None:
            raise _wrong(row.Index, "no such side", "L, R, or empty for the exam")
        if row.label.casefold() not in known:
            raise _wrong(row.Index, "no such label", ", ".join(known))
        letter = row.label.casefold() if row.label.casefold() in VALUES["density"] else ""
        found.append(Correction(row.Index, exam_id, side, known[row.label.casefold()], letter))
    _check_agreement(found)
    return found


def _given(path: Path) -> pd.DataFrame:
    """The rows of the table; the index is their number."""
    user_tables.read(path, {})  # whether it is a table at all
    columns = {"labels.corrections.exam": "exam", "labels.corrections.label": "label"}
    with suppress(UserError):
        return user_tables.read(path, columns | {"labels.corrections.side": "side"})
    with suppress(UserError):
        return user_tables.read(path, columns).assign(side="")
    # The columns that it has may be those of a table without a line of names: an exam's.
    raise UserError(
        "config: labels.corrections: the table lacks the column exam or label; "
        "allowed: a table with the columns exam, label and, for a breast, side"
    )


def adjudicate(
    labels: pd.DataFrame, corrections: Sequence[Correction], *, task: Task, sides_differ: str
) -> pd.DataFrame:
    """Labels with a person's corrections in place of what was extracted.

    Parameters
    ----------
    labels
        `tables.LABELS` of exams and breasts, with a row of its own for each exam.
    corrections
        From `read_corrections`.
    task
        The order of its classes says which side is denser.
    sides_differ
        What an exam gets whose corrected breasts differ: `ambiguous`, or the `denser` side's class.

    Returns
    -------
    DataFrame
        `tables.LABELS`. A correction of an exam takes the place of all its rows; one of a breast of that breast's row,
        and the exam's own row follows where both breasts are decided.
    """
    rows: dict[Key, Row] = {(row["exam_id"], row["side"]): row for row in labels.to_dict("records")}
    by_exam: dict[str, dict[str, Correction]] = {}
    for one in corrections:
        by_exam.setdefault(one.exam_id, {})[one.side] = one
    for exam_id, own in by_exam.items():
        if "" in own:
            for side in "LR":
                rows.pop((exam_id, side), None)
        for side, given in own.items():
            rows[exam_id, side] = _row(exam_id, side, given.label, given.letter)
        if "" not in own:
            of_sides = {side: rows[exam_id, side] for side in "LR" if (exam_id, side) in rows}
            rows[exam_id, ""] = _followed(rows[exam_id, ""], of_sides, task=task, sides_differ=sides_differ)
    return tables.frame_of(list(rows.values()), tables.LABELS)


def _followed(exam: Row, sides: Mapping[str, Row], *, task: Task, sides_differ: str) -> Row:
    """The exam's own row after one of its breasts was corrected."""
    exam_id = str(exam["exam_id"])
    decided = [_said(row) for row in sides.values() if row["status"] != "ambiguous"]
    if len(decided) == 2 and len(set(decided)) == 1:
        return _row(exam_id, "", decided[0], _letter(sides, decided[0]))
    if len(decided) == 2 and NONE not in decided:
        if sides_differ == "denser":
            denser = max(decided, key=task.keys.index)
            return _row(exam_id, "", denser, _letter(sides, denser))
        return _row(exam_id, "", NONE) | {"status": "ambiguous", "reason": "sides_differ"}
    # A label of the exam that a person's word on one breast puts in doubt does not stand.
    corrected = {_said(row) for row in sides.values() if row["rule"] == RULE}
    if exam["status"] == "labelled" and corrected - {exam["label"]}:
        return _row(exam_id, "", NONE) | {"status": "ambiguous", "reason": "one_side_only"}
    return exam


def _said(row: Row) -> str:
    return str(row["label"]) or NONE


def _letter(sides: Mapping[str, Row], label: str) -> str:
    """The letter of the breasts with this label; "" where it is not one."""
    letters = {str(row["density"]) for row in sides.values() if row["label"] == label}
    return letters.pop() if len(letters) == 1 else ""


def _row(exam_id: str, side: str, label: str, letter: str = "") -> Row:
    given = "" if label == NONE else label
    return {
        "exam_id": exam_id,
        "side": side,
        "image_id": "",
        "label": given,
        "density": letter,
        "status": "labelled" if given else "none",
        "reason": "corrected",
        "rule": RULE,
        "evidence": "",
        "edition": "",
        "level": "breast" if side else "exam",
    }


def _check_agreement(corrections: Sequence[Correction]) -> None:
    """No exam or breast may be given two labels, and no exam one that its two breasts rule out."""
    by_exam: dict[str, dict[str, Correction]] = {}
    for one in corrections:
        own = by_exam.setdefault(one.exam_id, {})
        first = own.setdefault(one.side, one)
        if (first.label, first.letter) != (one.label, one.letter):
            raise _contradiction(first, one)
    for own in by_exam.values():
        if "" in own and (against := _against(own[""], [own[side] for side in "LR" if side in own])):
            raise _contradiction(own[""], against)


def _against(exam: Correction, sides: Sequence[Correction]) -> Correction | None:
    """The correction of a breast that contradicts the exam's, if any."""
    other = [one for one in sides if one.label != exam.label]
    if exam.label == NONE:
        return next(iter(other), None)
    return other[0] if len(other) == 2 else None


def _contradiction(one: Correction, other: Correction) -> UserError:
    first, second = sorted((one.row, other.row))
    return _wrong(second, f"it contradicts row {first}", "one label for each exam and breast")


def _wrong(row: int, what: str, allowed: str) -> UserError:
    # What stands in the cell may be anything of a patient: it is not shown.
    return UserError(f"config: labels.corrections, row {row}: {what}; allowed: {allowed}")
