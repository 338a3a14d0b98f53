"""Text as reports have it, made comparable: characters, lines, words and their spelling."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import OSA

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
# UTF-8 read as Windows-1252 shows these letters before a second byte.
_MOJIBAKE = re.compile("[ÃÂ][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]")
_SPACES = re.compile(r"[^\S\n]+")
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_]{3})-\n(?=[^\W\d_]{2})")
_BROKEN_CODE = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W_])")
# A line that ends in one of these goes on in the next.
_GOES_ON = re.compile(
    r"(?:,|\(|\b(?:a|al|as|by|como|con|de|del|e|el|en|for|in|is|are|la|las|los|no|of|or|o|por|que|se|sin|son|the|to|un|"
    r"una|was|with|y|and|densidad(?: mamaria)?|composici[oó]n(?: mamaria)?|patr[oó]n|"
    r"density|composition|tipo|type|categor[ií]a|category|"
    r"grado|acr))$",
    re.IGNORECASE,
)
_FULL_LINE = 60  # characters; a line as long as this was broken by its width
_WORD = r"\d+(?:[/-]\d+){2}|\d+[.,]\d+|[^\W_]+|[^\w\s]|_"  # date, decimal, word, mark


def clean(text: str) -> str:
    """The text in NFC, its mojibake repaired, without control characters, doubled spaces or cut words."""
    text = unicodedata.normalize("NFC", repair_mojibake(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").translate(_DASHES)
    text = "".join(c for c in text if c == "\n" or c == "\t" or unicodedata.category(c)[0] not in "CM")
    text = "\n".join(line.strip() for line in _SPACES.sub(" ", text).split("\n"))
    return _BROKEN_CODE.sub("-", _BROKEN_WORD.sub("", text)).strip()


def repair_mojibake(text: str) -> str:
    """UTF-8 that was once read as Windows-1252 or Latin-1, put right; anything that does not go back whole stays."""
    if not _MOJIBAKE.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def unwrap(text: str, *, column: int = 0) -> str:
    """Cleaned text with lines joined that only the width of the page broke; other line ends stay.

    `column` is how far from the left edge the first line starts.
    """
    lines = text.split("\n")
    joined = lines[0]
    lines[0] = " " * column + lines[0]
    for last, line in pairwise(lines):
        goes_on = last and line and not last.endswith((".", ":", ";", "!", "?"))
        # Not by upper or lower case alone: many reports are in capitals.
        if goes_on and (len(last) >= _FULL_LINE or line[0].islower() or _GOES_ON.search(last)):
            joined += " " + line
        else:
            joined += "\n" + line
    return joined


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = _fold_character(chr(code))
        return self[code]


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Lower case without accents; as long as `text`, so that positions in one are positions in the other."""
    return text.translate(_FOLDING)


def allowed_edits(length: int) -> int:
    """How many letters of a word of this length may be wrong."""
    return 2 if length >= 8 else int(length >= 5)


class Speller:
    """Puts misspelt words right against a closed list.

    A word becomes the nearest one of the list: at most one edit (letter added, lost, changed, or two swapped) for 5 to
    7 letters, at most two from 8, by the shorter of both words. The first letter must agree: writers rarely miss it,
    and most words that only look alike differ there (tensas, densas; inferior, anterior).

    Parameters
    ----------
    words
        The closed list, folded.
    protected
        Words that are right as they are, though near one of the list.
    """

    def __init__(self, words: Iterable[str], protected: Iterable[str] = ()) -> None:
        self._words = sorted({word for word in words if allowed_edits(len(word))})
        self._right = {*words, *protected}
        self._known: dict[str, str] = {}

    def correct(self, word: str) -> str:
        """The word of the list that `word` (folded) stands for; itself where there is none."""
        if word in self._right or not allowed_edits(len(word)):
            return word
        if word not in self._known:
            self._known[word] = self._nearest(word)
        return self._known[word]

    def _nearest(self, word: str) -> str:
        best, least = word, 3
        for candidate in self._words:
            limit = allowed_edits(min(len(word), len(candidate)))
            if candidate[0] != word[0] or abs(len(word) - len(candidate)) > limit:
                continue
            distance = OSA.distance(word, candidate, score_cutoff=limit)
            if distance <= limit and distance < least:
                best, least = candidate, distance
        return best


@dataclass(frozen=True)
class Words:
    """A text as words one space apart, folded and spelt right, with the way back to the text itself."""

    text: str
    source: str
    starts: tuple[int, ...]  # of each word in `text`
    spans: tuple[tuple[int, int], ...]  # of each word in `source`

    def original(self, start: int, end: int) -> str:
        """What stands in the source for the words of `text[start:end]`."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end) - 1
        return " ".join(self.source[self.spans[first][0] : self.spans[last][1]].split())


class Reader:
    """Turns text into words.

    Parameters
    ----------
    speller
        Puts words right.
    rewrites
        (pattern on the folded text, word that it stands for): for what is written in several words or with marks.
    """

    def __init__(self, speller: Speller, rewrites: Iterable[tuple[str, str]] = ()) -> None:
        pairs = list(rewrites)
        self._speller = speller
        self._targets = [word for _, word in pairs]
        # A line's end is a sentence's end: cleaning has joined the lines that go on.
        parts = [*(f"({pattern})" for pattern, _ in pairs), r"\n", _WORD]
        self._token = re.compile("|".join(parts))

    def read(self, text: str) -> Words:
        """The words of cleaned text."""
        words, starts, spans, position = [], [], [], 0
        for match in self._token.finditer(fold(text)):
            word = self._word(match)
            words.append(word)
            starts.append(position)
            spans.append(match.span())
            position += len(word) + 1
        return Words(" ".join(words), text, tuple(starts), tuple(spans))

    def _word(self, match: re.Match[str]) -> str:
        if match.lastindex:
            return self._targets[match.lastindex - 1]
        return "." if match[0] == "\n" else self._speller.correct(match[0])
