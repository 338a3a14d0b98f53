"""The headers of a report's sections, and which kind of section each opens."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from mammoflow.reports.spelling import allowed_edits

_MORE_WORDS = 3  # that may follow a header's own (HALLAZGOS MAMOGRAFICOS DEL ESTUDIO)
_WORDS = re.compile(r"[^\W_]+")
_IN_PARENTHESES = re.compile(r"\([^()]*\)")
_LONG = 5  # letters; a shorter header (ID, US) stands alone


@dataclass(frozen=True)
class Headers:
    """Headers by kind of section; all folded.

    Attributes
    ----------
    exact
        Kind of section by a header that stands alone.
    longer
        Kind of section by a header that more words may follow, and that may be misspelt.
    stated, beside
        Words that make a header part of a statement itself (DENSIDAD MAMARIA: B), and words that may stand beside them.
    title, title_beside
        Words that begin a title over findings (MAMOGRAFIA DIGITAL BILATERAL), and words that may follow them.
    bare
        First words of headers that need no colon.
    """

    exact: Mapping[str, str]
    longer: Mapping[str, str]
    stated: frozenset[str]
    beside: frozenset[str]
    title: frozenset[str]
    title_beside: frozenset[str]
    bare: frozenset[str]
    _known: dict[tuple[str, bool], str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        headers: Mapping[str, Iterable[str]],
        exact: Mapping[str, Iterable[str]],
        stated: Iterable[str],
        beside: Iterable[str],
        title: Iterable[str],
        title_beside: Iterable[str],
        bare: Iterable[str],
    ) -> "Headers":
        """From lists of headers by kind of section."""
        longer = {header: kind for kind, own in headers.items() for header in own}
        alone = {header: kind for kind, own in exact.items() for header in own}
        return cls(
            exact=longer | alone,
            longer={header: kind for header, kind in longer.items() if len(header) >= _LONG},
            stated=frozenset(stated),
            beside=frozenset(beside),
            title=frozenset(title),
            title_beside=frozenset(title_beside),
            bare=frozenset(bare),
        )

    def words(self) -> set[str]:
        """Every word of a header."""
        words = {word for header in self.exact for word in header.split()}
        return words | self.stated | self.beside | self.title | self.title_beside

    def states(self, head: str) -> bool:
        """Whether the header `head` (folded) opens findings and is itself part of what they state."""
        words = set(_WORDS.findall(_IN_PARENTHESES.sub("", head)))
        return bool(words & self.stated) and words <= self.stated | self.beside

    def kind_of(self, head: str, *, more: bool = True) -> str:
        """The kind of section under the header `head` (folded); "" where it is none.

        With `more`, other words may follow the header's own; a line without a colon must be the header and no more.
        """
        if (head, more) not in self._known:
            self._known[head, more] = self.exact.get(head) or self._title(head) or self._kind(head.split(), more=more)
        return self._known[head, more]

    def _title(self, head: str) -> str:
        first, *others = _WORDS.findall(head) or [""]
        return "findings" if first in self.title and set(others) <= self.title_beside else ""

    def _kind(self, words: list[str], *, more: bool) -> str:
        for count in range(len(words), max(0, len(words) - _MORE_WORDS - 1), -1):
            phrase = " ".join(words[:count])
            kind = self.longer.get(phrase) or self._misspelt(phrase)
            # A title over another examination stands alone in its line too (ECOGRAFIA MAMARIA BILATERAL).
            if kind and (more or count == len(words) or kind == "ultrasound"):
                return kind
        return ""

    def _misspelt(self, phrase: str) -> str:
        for header, kind in self.longer.items():
            limit = allowed_edits(min(len(phrase), len(header)))
            if header[0] == phrase[0] and limit and OSA.distance(phrase, header, score_cutoff=limit) <= limit:
                return kind
        return ""
