"""Labels beside the sentences that gave them. Everything made here is private: it holds the words of reports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import pandas as pd

# What stands in `rule` and `evidence` of a label between those of several statements.
SEPARATOR = " | "
ORDER = ("ambiguous", "none", "labelled")  # what needs eyes comes first
# Statements stand here mostly; elsewhere the same words may be about another study.
_FIRST_LOOKED_AT = ("findings", "body", "impression", "recommendation")
_SENTENCE = re.compile(r"[^\n]*?(?:[.?!](?=\s)|(?=\n)|\Z)")

# A text in pieces, each with whether it is evidence.
Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Part:
    """A section of a report as it is shown."""

    kind: str
    pieces: Pieces


@dataclass(frozen=True)
class Evidence:
    """A label, or why there is none, with the sentences behind it."""

    exam_id: str
    side: str
    status: str
    label: str
    reason: str
    statements: tuple[tuple[str, str], ...]  # rule, words
    sentences: tuple[Pieces, ...]


@dataclass(frozen=True)
class Report:
    """A whole report with all its labels."""

    exam_id: str
    labels: tuple[Evidence, ...]
    parts: tuple[Part, ...]


def of_labels(labels: pd.DataFrame, sections: pd.DataFrame) -> dict[str, list[Evidence]]:
    """Every label with its sentences, by status.

    Parameters
    ----------
    labels, sections
        `tables.LABELS` and `tables.SECTIONS`.

    Returns
    -------
    dict
        In the order of `ORDER`; inside a status sorted by exam and side.
    """
    texts = _texts(sections)
    by_status: dict[str, list[Evidence]] = {status: [] for status in ORDER}
    for row in labels.sort_values(["exam_id", "side"], kind="stable").itertuples():
        by_status[row.status].append(_evidence(row, texts.get(row.exam_id, [])))
    return by_status


def choose(by_status: dict[str, list[Evidence]], *, n: int) -> list[str]:
    """The first `n` exams by id, in turn from labelled, ambiguous and none, so that each kind is among them."""
    own = {status: [one.exam_id for one in found if not one.side] for status, found in by_status.items()}
    in_turn = zip_longest(own["labelled"], own["ambiguous"], own["none"])
    chosen = dict.fromkeys(exam_id for turn in in_turn for exam_id in turn if exam_id)
    return sorted(list(chosen)[:n])


def reports(by_status: dict[str, list[Evidence]], sections: pd.DataFrame, exam_ids: list[str]) -> list[Report]:
    """Whole reports of these exams, with all evidence marked where it stands."""
    texts = _texts(sections)
    found = []
    for exam_id in exam_ids:
        own = tuple(one for each in by_status.values() for one in each if one.exam_id == exam_id)
        words = dict.fromkeys(words for one in own for _, words in one.statements)
        spans = _spans(list(words), texts.get(exam_id, []))
        parts = [
            Part(kind, _pieces(text, 0, len(text), spans.get(at, [])))
            for at, (kind, text) in enumerate(texts.get(exam_id, []))
        ]
        found.append(Report(exam_id, own, tuple(parts)))
    return found


def _evidence(row: Any, texts: list[tuple[str, str]]) -> Evidence:
    """A row of the labels with its sentences; words that are not found in the text stand alone."""
    rules, words = row.rule.split(SEPARATOR), row.evidence.split(SEPARATOR)
    statements = tuple((rule, said) for rule, said in zip_longest(rules, words, fillvalue="") if said)
    spans = _spans([said for _, said in statements], texts)
    sentences = [
        sentence for at, (_, text) in enumerate(texts) if at in spans for sentence in _sentences(text, spans[at])
    ]
    return Evidence(
        exam_id=row.exam_id,
        side=row.side,
        status=row.status,
        label=row.label,
        reason=row.reason,
        statements=statements,
        sentences=tuple(sentences),
    )


def _texts(sections: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """(kind, text) of each section of every exam, in order."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for row in sections.sort_values(["exam_id", "position"]).itertuples():
        texts.setdefault(row.exam_id, []).append((row.section, row.text))
    return texts


def _spans(evidence: Sequence[str], texts: list[tuple[str, str]]) -> dict[int, list[tuple[int, int]]]:
    """Where these words stand: by section, by its place, merged spans in order.

    The first section that holds the words is marked, those where statements count before the others.
    """
    places = sorted(range(len(texts)), key=lambda at: texts[at][0] not in _FIRST_LOOKED_AT)
    found: dict[int, list[tuple[int, int]]] = {}
    for words in filter(None, evidence):
        # Evidence has one space where the text may have a line's end.
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words.split())) + r"(?!\w)")
        for at in places:
            if spans := [match.span() for match in pattern.finditer(texts[at][1])]:
                found[at] = found.get(at, []) + spans
                break
    return {at: _merged(spans) for at, spans in found.items()}


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _sentences(text: str, spans: list[tuple[int, int]]) -> list[Pieces]:
    """The sentences that hold a span; one that a span runs out of goes on to the end of the next."""
    found: list[Pieces] = []
    start = 0
    while start < len(text):
        end = _end_of_sentence(text, start, spans)
        inside = [span for span in spans if start <= span[0] < end]
        if inside:
            found.append(_pieces(text, start, end, inside))
        start = end
    return found


def _end_of_sentence(text: str, start: int, spans: list[tuple[int, int]]) -> int:
    end = start
    while end < len(text):
        match = _SENTENCE.match(text, end)
        end = max(match.end() if match else end, end + 1)
        if not any(first < end < last for first, last in spans):
            return end
    return len(text)


def _pieces(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> Pieces:
    """`text[start:end]` cut where evidence begins and ends; white space around it is left out."""
    pieces: list[tuple[str, bool]] = []
    at = start
    for first, last in spans:
        pieces += [(text[at:first], False), (text[first:last], True)]
        at = last
    pieces.append((text[at:end], False))
    pieces[0] = (pieces[0][0].lstrip(), pieces[0][1])
    pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
    return tuple(piece for piece in pieces if piece[0])
