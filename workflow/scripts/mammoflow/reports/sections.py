"""A report cut into sections by its headers."""

import re
from dataclasses import dataclass

from mammoflow.reports.cleaning import clean, fold, unwrap
from mammoflow.reports.headers import Headers
from mammoflow.reports.lexicon import Lexicon
from mammoflow.reports.tracing import Traced

BODY = "body"  # what stands under no header
# These end with their paragraph: many reports go on to the findings without a header of their own.
_ONE_PARAGRAPH = ("indication", "technique", "comparison")

# A header and its colon, or a line that is a header and nothing else; one after a full stop in a line needs its colon.
_CANDIDATE = re.compile(
    r"(?m)(?:(?P<line>^[ \t*#•·-]*(?:\d{1,2}[.)-] *)?)|(?<=[.;)] ))"
    r"(?P<head>[^\W\d_](?:\([^()\n]{0,40}\)|[^:\n.;,]){0,60}?)(?:\.(?=:))? ?(?P<end>:|$)"
)
# COMPARACION: 03/12/2021. What follows in the line is no comparison any more.
_DATE_ALONE = re.compile(r"[\d/.,\s-]+\.(?=\s|$)|(?i:ningun[oa]|no (?:hay|disponibles?)|none|not available)\.")
# HALLAZGOS without a colon: no preposition after it that would make a sentence of it.
_BARE = re.compile(
    r"(?m)^(?P<head>[^\W\d_a-zà-ÿ]{5,}(?: DIAGNOSTICA| DIAGNÓSTICA| PREVIOS| CLINICA| CLÍNICA)?)[ \t]*-? +"
    r"(?!(?i:a|al|con|de|del|el|en|es|la|para|por|que|se|is|of|the|was|with)\b)(?=\S)"
)
# In a report that is one paragraph: capitals and a colon, wherever they stand.
_INSIDE = re.compile(r"(?<= )(?=(?P<head>[A-ZÁÉÍÓÚÑ]{5,}(?: [A-ZÁÉÍÓÚÑ]+){0,2}) ?:)")


@dataclass(frozen=True)
class Section:
    """A section of a report: its kind and its words, cleaned, with their places in the report's text."""

    kind: str
    words: Traced

    @property
    def text(self) -> str:
        """Its cleaned words."""
        return self.words.text

    @property
    def start(self) -> int:
        """Where its words start in the report's text."""
        return self.words.span(0, len(self.text))[0]

    @property
    def end(self) -> int:
        """Where its words end in the report's text."""
        return self.words.span(0, len(self.text))[1]


def sections_of(text: str, lexicon: Lexicon) -> list[Section]:
    """Clean a report and cut it into its sections.

    Parameters
    ----------
    text
        From `cleaning.normal`.
    lexicon
        Its headers say where sections begin.

    Returns
    -------
    list
        In order, without empty ones; what stands before the first header is `body`.
    """
    cleaned = clean(text, lexicon.speller.is_word)
    found: list[Section] = []
    kind, start = BODY, 0
    for at, after, next_kind in sorted(_headers(cleaned.text, lexicon.headers), key=lambda head: (head[0], -head[1])):
        if at < start:
            continue
        found.append(_section(kind, cleaned, start, at))
        kind, start = next_kind, after
    found.append(_section(kind, cleaned, start, len(cleaned.text)))
    return [part for section in found for part in _paragraphs(section) if part.text]


def _paragraphs(section: Section) -> list[Section]:
    """The section, cut after its first paragraph where it is of a kind that has no more than one."""
    end = section.text.find("\n\n")
    if section.kind == "comparison" and (date := _DATE_ALONE.match(section.text)):
        end = date.end()
    if section.kind not in _ONE_PARAGRAPH or end < 0:
        return [section]
    words = section.words
    return [
        Section(section.kind, words.cut(0, end)),
        Section(BODY, words.cut(end, len(words.text)).strip()),
    ]


def _section(kind: str, cleaned: Traced, start: int, end: int) -> Section:
    column = start - cleaned.text.rfind("\n", 0, start) - 1
    words = cleaned.cut(start, end).strip()
    return Section(kind, words.changed(unwrap(words.text, column=column)))


def _headers(text: str, headers: Headers) -> list[tuple[int, int, str]]:
    """Where each header starts, where its section's words start, and the kind."""
    found = []
    for match in _CANDIDATE.finditer(text):
        head = " ".join(fold(match["head"]).split())
        at_line = match["line"] is not None
        if at_line and headers.states(head):
            found.append((match.start(), match.start("head"), "findings"))
        elif (match["end"] or at_line) and (kind := headers.kind_of(head, more=bool(match["end"]))):
            found.append((match.start(), match.end(), kind))
    for match in _INSIDE.finditer(text):
        if inside := headers.longer.get(fold(match["head"])):
            found.append((match.start(), text.index(":", match.end()) + 1, inside))
    for match in _BARE.finditer(text):
        words = fold(match["head"]).split()
        if words[0] in headers.bare:
            found.append((match.start(), match.end(), headers.kind_of(" ".join(words))))
    return found
