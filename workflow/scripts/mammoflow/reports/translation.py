"""Reports translated sentence by sentence, without touching what stands around the sentences.

Headers, bullets, line ends and whatever holds no words stay as they are, so that a translated report is cut into the
same sections as the report itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from mammoflow import tables
from mammoflow.reports.cleaning import fold, normal
from mammoflow.reports.fidelity import KINDS, changed
from mammoflow.reports.lexicon import Lexicon
from mammoflow.reports.sections import Section, sections_of
from mammoflow.translations import Translation

SOURCE = "es"
# Kinds of `fidelity.KINDS`, and the words themselves.
_KINDS = (*KINDS, "words")
# Line ends with the bullets or numbers after them; and blanks after a full stop before what can begin a sentence.
_BETWEEN = re.compile(
    r"(\A[\s*#•·-]+|\s*\n[\s*#•·-]*(?:\d{1,2}[.)]-? +)?|(?<=[.?!])(?<!\b[Dd]r\.)(?<!\b[Dd]ra\.) +(?=[A-ZÀ-Þ¿¡(\"«-]))"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SCALES = {"acr", "bi", "rads", "birads"}  # no word of any language: "BI-RADS 2." is left as it is
_CUTS = (re.compile(r"[,;:] +"), re.compile(r" +"))  # where a sentence may be divided, the best first


@dataclass(frozen=True)
class Piece:
    """A part of a report: a sentence to be translated, or what stands between sentences."""

    text: str
    is_sentence: bool


@dataclass(frozen=True)
class Translated:
    """Reports in English: `tables.TEXTS`, SECTIONS, and TRANSLATION, which says what became of each."""

    texts: pd.DataFrame
    sections: pd.DataFrame
    accounts: pd.DataFrame


def translate_reports(
    reports: pd.DataFrame,
    texts: pd.DataFrame,
    *,
    lexicon: Lexicon,
    fits: Callable[[str], bool],
    translate: Callable[[list[str]], Mapping[str, Translation]],
) -> Translated:
    """All reports in English: Spanish ones translated, the others as they are.

    Parameters
    ----------
    reports, texts
        `tables.REPORTS` and `tables.TEXTS`.
    lexicon
        Its headers say what is not translated.
    fits
        Whether the model takes a sentence whole.
    translate
        Gives the translation of each of these sentences, every one of them different.
    """
    languages = dict(zip(reports["exam_id"], reports["language"], strict=True))
    text_of = dict(zip(texts["exam_id"], texts["text"], strict=True))
    fits = cache(fits)  # most sentences come many times
    cut = {exam_id: pieces(text, lexicon, fits) for exam_id, text in text_of.items() if languages[exam_id] == SOURCE}
    sentences = sorted({piece.text for own in cut.values() for piece in own if piece.is_sentence})
    made = translate(sentences)
    verdicts = {sentence: unkept(sentence, made[sentence]) for sentence in sentences}
    accounts = [
        _account(exam_id, status, languages[exam_id], cut.get(exam_id, []), verdicts)
        for exam_id, status in zip(reports["exam_id"], reports["status"], strict=True)
    ]
    text_of |= {exam_id: _joined(own, made) for exam_id, own in cut.items()}
    return Translated(
        texts=texts.assign(text=texts["exam_id"].map(text_of)),
        sections=_section_table(text_of, lexicon),
        accounts=tables.frame_of(accounts, tables.TRANSLATION),
    )


def pieces(text: str, lexicon: Lexicon, fits: Callable[[str], bool]) -> list[Piece]:
    """A report cut into sentences and what stands between them; nothing is left out but what cleaning leaves out.

    Parameters
    ----------
    text
        From `cleaning.normal`.
    lexicon
        Its headers stand between sentences.
    fits
        Whether the model takes a sentence whole; one that it does not is divided.
    """
    found: list[Piece] = []
    at = 0
    for section in sections_of(text, lexicon):
        found.append(Piece(text[at : section.start], False))
        found += _of_section(section, fits)
        at = section.end
    return [piece for piece in [*found, Piece(text[at:], False)] if piece.text]


def split(text: str) -> list[Piece]:
    """Cleaned words of a section as sentences and what stands between them; joined they are the text again."""
    # Every second part is what stands between.
    parts = enumerate(_BETWEEN.split(text))
    return [Piece(part, place % 2 == 0 and _has_words(part)) for place, part in parts if part]


def divided(sentence: str, fits: Callable[[str], bool]) -> list[Piece]:
    """A sentence in parts that fit, divided near the middle; joined they are the sentence again."""
    if fits(sentence) or len(sentence) < 2:
        return [Piece(sentence, True)]
    first, between, rest = _halves(sentence)
    blank = [Piece(between, False)] if between else []
    return [*divided(first, fits), *blank, *divided(rest, fits)]


def unkept(sentence: str, translation: Translation) -> list[str]:
    """What a translation does not keep: see `fidelity.KINDS`; `words` where it is empty or was cut off."""
    kinds = changed(sentence, translation.text)
    return [*kinds, "words"] if not (translation.text and translation.ended) else kinds


def _of_section(section: Section, fits: Callable[[str], bool]) -> Iterable[Piece]:
    for piece in split(section.text):
        yield from divided(piece.text, fits) if piece.is_sentence else [piece]


def _has_words(text: str) -> bool:
    return any(word not in _SCALES for word in _WORD.findall(fold(text)))


def _halves(sentence: str) -> tuple[str, str, str]:
    """A sentence as two parts and the blank between them."""
    middle = len(sentence) / 2
    for cut in _CUTS:
        # A mark stays with the words before it.
        places = [(match.end() - len(match[0].lstrip(",;:")), match.end()) for match in cut.finditer(sentence)]
        places = [place for place in places if place[0] > 0 and place[1] < len(sentence)]
        if places:
            start, end = min(places, key=lambda place: abs(place[0] - middle))
            return sentence[:start], sentence[start:end], sentence[end:]
    return sentence[: int(middle)], "", sentence[int(middle) :]


def _joined(own: list[Piece], made: Mapping[str, Translation]) -> str:
    return normal("".join(made[piece.text].text if piece.is_sentence else piece.text for piece in own))


def _account(
    exam_id: str, report_status: str, language: str, own: list[Piece], verdicts: Mapping[str, list[str]]
) -> dict[str, object]:
    """A row of `tables.TRANSLATION`."""
    if report_status != "parsed":
        status = "not_parsed"
    else:
        status = {SOURCE: "translated", "en": "already_english"}.get(language, "unknown_language")
    found = [verdicts[piece.text] for piece in own if piece.is_sentence]
    failed = [kinds for kinds in found if kinds]
    return {
        "exam_id": exam_id,
        "status": status,
        "sentences": len(found),
        "failed": len(failed),
        "changed": " ".join(kind for kind in _KINDS if any(kind in kinds for kinds in failed)),
        "reason": "translation_check" if failed else "",
    }


def _section_table(text_of: Mapping[str, str], lexicon: Lexicon) -> pd.DataFrame:
    rows: list[dict[str, object]] = [
        {"exam_id": exam_id, "position": place, "section": part.kind, "start": part.start, "end": part.end}
        for exam_id, text in text_of.items()
        for place, part in enumerate(sections_of(text, lexicon))
    ]
    return tables.frame_of(rows, tables.SECTIONS)
