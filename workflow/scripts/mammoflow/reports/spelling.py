"""Words of a report read as those of a closed list, each with its place and with what was wrong with it."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from rapidfuzz.distance import OSA

from mammoflow.reports.cleaning import fold

_WORD = r"\d+(?:[/-]\d+){2}|\d+[.,]\d+|(?:[^\W_]|\ufffd)+|[^\w\s]|_"  # date, decimal, word, mark
# What scanners and fast fingers put for a letter. Only inside a word, and only where that makes a known word.
_LOOK_ALIKES = {"0": "o", "1": "li", "5": "s", "8": "b", "6": "b", "3": "e", "4": "a", "9": "g", "\ufffd": "aeioun"}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"), ("lvl", "m"))
_MOST_GUESSES = 64
LINE_END = "¶"  # a word of its own: cleaning has joined the lines that go on
_LONG = 12  # letters; such a word is known by its others, whatever its first one
_SHORTEST_PART = 4  # letters of a word that was written together with another


def allowed_edits(length: int) -> int:
    """How many letters of a word of this length may be wrong."""
    return 2 if length >= 8 else int(length >= 5)


class Speller:
    """Puts misspelt words right against a closed list.

    A word becomes the nearest one of the list: at most one edit (letter added, lost, changed, or two swapped) for 5 to
    7 letters, at most two from 8, by the shorter of both words. A first letter that differs counts as an edit more
    below 12 letters, and below 8 it must agree: most words that only look alike differ there (tensas, densas). A
    word with digits inside is never a number, so look-alikes (0 for o, rn for m) are put right where that gives a
    known word.

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
        parts = sorted((word for word in self._right if len(word) >= _SHORTEST_PART), key=len, reverse=True)
        self._parts = re.compile("|".join(map(re.escape, parts)) or "(?!)")
        self._together = re.compile(f"(?:{self._parts.pattern})+")
        self._known: dict[str, tuple[str, str]] = {}

    def correct(self, word: str) -> tuple[str, str]:
        """What `word` (folded) stands for, and what was wrong with it.

        Returns
        -------
        read_as, kind : str
            The word itself and "" where nothing was wrong, or where it stands for no word of the list; else one or
            more words, one space apart, and `spelling`, `joined` (words written as one) or `characters`.
        """
        if word not in self._known:
            self._known[word] = self._correct(word)
        return self._known[word]

    def is_word(self, letters: str) -> bool:
        """Whether these letters are known words written together, be it with a single letter at the end."""
        return bool(self._together.fullmatch(letters) or self._together.fullmatch(letters[:-1]))

    def _correct(self, word: str) -> tuple[str, str]:
        if word in self._right or not allowed_edits(len(word)) or word.isdecimal():
            return word, ""
        looks = self._look_alike(word)
        if looks:
            return looks, "characters"
        if not word.isalpha():
            return word, ""
        near = self._nearest(word)
        if near != word:
            return near, "spelling"
        if len(word) >= 2 * _SHORTEST_PART and self._together.fullmatch(word):
            return " ".join(self._parts.findall(word)), "joined"
        return word, ""

    def _look_alike(self, word: str) -> str:
        """The known word that `word` becomes when what only looks like a letter is read as that letter; or ""."""
        guesses = []
        for letters in product(*(_LOOK_ALIKES.get(c, c) for c in word)):
            guesses.append("".join(letters))
            if len(guesses) == _MOST_GUESSES:
                break
        guesses += [guess.replace(pair, letter) for guess in guesses for pair, letter in _PAIRS if pair in guess]
        for guess in guesses:
            if guess != word and guess in self._right:
                return guess
        # Two things at once: heter0geneamemte.
        if word.isalpha():
            return ""
        near = (self._nearest(guess) for guess in guesses if guess.isalpha())
        return next((found for found in near if found in self._right), "")

    def _nearest(self, word: str) -> str:
        best, least = word, 3
        for candidate in self._words:
            if candidate[1:] == word and allowed_edits(len(candidate)) == 2:
                return candidate
            shorter = min(len(word), len(candidate))
            limit = allowed_edits(shorter) - (candidate[0] != word[0] and shorter < _LONG)
            if abs(len(word) - len(candidate)) > limit or not limit:
                continue
            distance = OSA.distance(word, candidate, score_cutoff=limit)
            if distance <= limit and distance < least:
                best, least = candidate, distance
        return best


@dataclass(frozen=True)
class Correction:
    """A word that was read as another."""

    start: int
    end: int
    read_as: str
    kind: str  # spelling | joined | characters


@dataclass(frozen=True)
class Words:
    """A text as words one space apart, folded and spelt right, with the way back to the text itself."""

    text: str
    starts: tuple[int, ...]  # of each word in `text`
    spans: tuple[tuple[int, int], ...]  # of each word in the source
    corrections: tuple[Correction, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the words of `text[start:end]` stand in the source."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end) - 1
        return self.spans[first][0], self.spans[last][1]


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
        parts = [*(f"({pattern})" for pattern, _ in pairs), r"\n", _WORD]
        self._token = re.compile("|".join(parts))

    def read(self, text: str) -> Words:
        """The words of cleaned text."""
        words: list[str] = []
        starts: list[int] = []
        spans: list[tuple[int, int]] = []
        corrections = []
        position = 0
        for match in self._token.finditer(fold(text)):
            read_as, kind = self._read(match)
            if kind:
                corrections.append(Correction(*match.span(), read_as, kind))
            for word in read_as.split():
                words.append(word)
                starts.append(position)
                spans.append(match.span())
                position += len(word) + 1
        return Words(" ".join(words), tuple(starts), tuple(spans), tuple(corrections))

    def _read(self, match: re.Match[str]) -> tuple[str, str]:
        if match.lastindex:
            return self._targets[match.lastindex - 1], ""
        return (LINE_END, "") if match[0] == "\n" else self._speller.correct(match[0])
