"""Labels from report sections, by rules that are data.

Every statement in the sections that count is collected with the classes it allows; then one class that all of them
allow is a label, and anything else is none or ambiguous. There is no default and no first match: a report that says
two things has no label. Which words mean which class stands in the rules' file (resources/lexicons), not here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pandas as pd
from tqdm import tqdm

from mammoflow import tables
from mammoflow.reports.lexicon import Lexicon
from mammoflow.reports.mentions import Mention, find_mentions, only
from mammoflow.reports.rules import Rules
from mammoflow.reports.sections import Section, sections_of
from mammoflow.reports.spelling import Correction

Found = TypeVar("Found", Mention, Correction)


@dataclass(frozen=True)
class Reading:
    """What stands in one report; places are those of its text."""

    mentions: tuple[Mention, ...]
    corrections: tuple[Correction, ...]
    context: str = ""  # what makes the whole report no statement about density


@dataclass(frozen=True)
class Finding:
    """What an exam, or one of its breasts, gets."""

    status: str
    label: str = ""
    reason: str = ""
    mentions: tuple[Mention, ...] = ()


def resolve(mentions: Sequence[Mention]) -> Finding:
    """The one class that all statements allow, or why there is none.

    A vague statement (dense) agrees with a sharper one that it allows (extremely dense). One that may not hold can
    contradict a label, but never give one.
    """
    counted = tuple(mention for mention in mentions if not mention.rejected)
    if not counted:
        rejected = sorted({mention.rejected for mention in mentions})
        return Finding("none", reason="only_" + "_".join(rejected) if rejected else "no_statement")
    if any(mention.outside for mention in counted):
        status = "none" if all(mention.outside and not mention.classes for mention in counted) else "ambiguous"
        return Finding(status, reason="out_of_range", mentions=counted)
    sure = [mention.classes for mention in counted if not mention.unclear]
    allowed = frozenset.intersection(*(mention.classes for mention in counted))
    if any(mention.hedge for mention in counted):
        reason = "hedge"
    elif not allowed:
        reason = "contradiction"
    elif not sure:
        reason = only({mention.unclear for mention in counted}) or "unclear"
    elif len(certain := frozenset.intersection(*sure)) > 1:
        reason = "imprecise"
    else:
        (label,) = certain
        return Finding("labelled", label, mentions=tuple(m for m in counted if m.classes == certain and not m.unclear))
    return Finding("ambiguous", reason=reason, mentions=counted)


def judge(mentions: Sequence[Mention], rules: Rules, *, sides_differ: str) -> dict[str, Finding]:
    """Findings of an exam: under "" its own, under L and R those of the sides that its report names.

    Parameters
    ----------
    mentions
        All statements of the report.
    sides_differ
        What the exam gets where its sides have different classes: `ambiguous`, or the `denser` side's class.
    """
    counted = [mention for mention in mentions if not mention.rejected]
    named = sorted({mention.side for mention in counted if mention.side})
    found = {side: resolve([m for m in counted if m.side in ("", side)]) for side in named}
    exam = resolve(mentions)
    labels = {finding.label for finding in found.values() if finding.status == "labelled"}
    if exam.status == "ambiguous" and len(found) == len(labels) == 2:
        if sides_differ == "denser":
            exam = max(found.values(), key=lambda finding: rules.classes.index(finding.label))
        else:
            exam = replace(exam, reason="sides_differ")
    # "Densidad b en mama derecha, mayor en la izquierda": half of it was not understood.
    if exam.status == "labelled" and len(found) == 1 and all(m.side and m.other_side for m in exam.mentions):
        exam = replace(exam, status="ambiguous", label="", reason="one_side_only")
    return {"": exam, **found}


def read_report(text: str, lexicon: Lexicon, rules: Rules) -> Reading:
    """Every statement in the sections of a report that count, and every word that was put right to find them.

    Parameters
    ----------
    text
        From `cleaning.normal`.
    lexicon, rules
        From `load_lexicon` and `load_rules`.
    """
    mentions: list[Mention] = []
    corrections: list[Correction] = []
    context = ""
    for section in sections_of(text, lexicon):
        if section.kind not in rules.sections:
            continue
        words = lexicon.reader.read(section.text)
        mentions += _placed(find_mentions(words, rules), section)
        corrections += _placed(words.corrections, section)
        for exam_context in (context for context in rules.contexts if context.where == "exam"):
            if exam_context.pattern.search(words.text):
                context = context or exam_context.reason
    return Reading(tuple(mentions), tuple(corrections), context)


def _placed(found: Iterable[Found], section: Section) -> list[Found]:
    """With places in the report instead of those in the section."""
    placed = []
    for one in found:
        start, end = section.words.span(one.start, one.end)
        placed.append(replace(one, start=start, end=end))
    return placed


def judge_report(reading: Reading, rules: Rules, *, sides_differ: str) -> dict[str, Finding]:
    """Findings of one report, as `judge` gives them."""
    if reading.context:
        counted = tuple(mention for mention in reading.mentions if not mention.rejected)
        return {"": Finding("ambiguous" if counted else "none", reason=reading.context, mentions=counted)}
    return judge(reading.mentions, rules, sides_differ=sides_differ)


@dataclass(frozen=True)
class Extraction:
    """The labels of all exams, and what they rest on: `tables.LABELS`, MENTIONS and CORRECTIONS."""

    labels: pd.DataFrame
    mentions: pd.DataFrame
    corrections: pd.DataFrame


def label_exams(
    reports: pd.DataFrame, texts: pd.DataFrame, *, lexicon: Lexicon, rules: Rules, sides_differ: str
) -> Extraction:
    """Labels of all exams that have a report.

    Parameters
    ----------
    reports, texts
        `tables.REPORTS` and `tables.TEXTS`.
    lexicon, rules
        From `load_lexicon` and `load_rules`.
    sides_differ
        The config's `labels.sides_differ`: `ambiguous`, or `denser`.

    Returns
    -------
    Extraction
        Labels have a row for each exam with side "", and rows for the sides that its report names.

    Raises
    ------
    ValueError
        If a parsed report has no text, or a text no parsed report.
    """
    parsed = reports.loc[reports["status"] == "parsed", "exam_id"]
    if set(parsed) != set(texts["exam_id"]):
        raise ValueError(f"{len(parsed)} parsed reports, but {len(texts)} texts, or of other exams")
    text_of = dict(zip(texts["exam_id"], texts["text"], strict=True))
    labels: list[dict[str, object]] = []
    mentions: list[dict[str, object]] = []
    corrections: list[dict[str, object]] = []
    rows = reports[["exam_id", "status", "reason"]].itertuples(index=False, name=None)
    for exam_id, status, reason in tqdm(rows, desc="labels", total=len(reports), unit="report"):
        text = text_of.get(exam_id, "")
        if status == "parsed":
            reading = read_report(text, lexicon, rules)
            findings = judge_report(reading, rules, sides_differ=sides_differ)
            mentions += [_mention_row(exam_id, mention) for mention in reading.mentions]
            corrections += [{"exam_id": exam_id} | vars(correction) for correction in reading.corrections]
        else:
            findings = {"": Finding("ambiguous" if status == "duplicate" else "none", reason=reason or status)}
        labels += [_label_row(exam_id, side, finding, text, rules) for side, finding in findings.items()]
    return Extraction(
        labels=tables.frame_of(labels, tables.LABELS),
        mentions=tables.frame_of(mentions, tables.MENTIONS),
        corrections=tables.frame_of(corrections, tables.CORRECTIONS),
    )


def _label_row(exam_id: str, side: str, finding: Finding, text: str, rules: Rules) -> dict[str, object]:
    # A label is shown with the statement that gave it; a doubt with all that take part in it.
    shown = finding.mentions[:1] if finding.status == "labelled" else finding.mentions
    return {
        "exam_id": exam_id,
        "side": side,
        "image_id": "",
        "label": finding.label,
        "density": finding.label if rules.attribute == "density" else "",
        "status": finding.status,
        "reason": finding.reason,
        "rule": " | ".join(mention.rule for mention in shown),
        "evidence": " | ".join(" ".join(text[mention.start : mention.end].split()) for mention in shown),
        "edition": only({m.edition for m in finding.mentions if m.edition}) if finding.label else "",
        "level": "breast" if side else "exam",
    }


def _mention_row(exam_id: str, mention: Mention) -> dict[str, object]:
    status = "rejected" if mention.rejected else "unclear" if mention.unclear else "counted"
    return {
        "exam_id": exam_id,
        "start": mention.start,
        "end": mention.end,
        "rule": mention.rule,
        "side": mention.side,
        "classes": " ".join(sorted(mention.classes)),
        "edition": mention.edition,
        "status": status,
        "context": mention.rejected or mention.unclear,
    }
