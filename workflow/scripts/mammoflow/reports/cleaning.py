"""Characters and lines of a report put right; no word is changed here, and every place can be traced back."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise

from mammoflow.reports.tracing import Traced

_DASHES = dict.fromkeys("‐‑‒–—―−", "-")
_LINE_ENDS = dict.fromkeys("\u2028\u2029\u0085\x0b\x0c", "\n")
_OTHER = str.maketrans(_DASHES | _LINE_ENDS)
# UTF-8 read as Windows-1252 shows these letters before a second byte.
_MOJIBAKE = re.compile("[ÃÂ][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]")
_SPACES = re.compile(r"[^\S\n ]")
_MORE_SPACES = re.compile(r"(?m)(?<=\n) +|\A +| +$|(?<= ) +")
_BROKEN_WORD = re.compile(r"([^\W\d_]{2,})(-\n)([^\W\d_]{2,})")
_BROKEN_CODE = re.compile(r"(?<=[^\W\d_]-)\n(?=[^\W_])")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_] ){3,}[^\W\d_](?![^\W_])")
# A line that ends in one of these goes on in the next.
_GOES_ON = re.compile(
    # "A" may be a class, and then the statement ends: DENSIDAD: A
    r"(?:,|\(|(?<![:=(-] )(?<!\bacr )(?<!\btipo )(?<!\btype )(?<!oria )(?<!oría )(?<!gory )\b(?:a|e|o|y)|"
    r"\b(?:al|as|by|como|con|de|del|el|en|for|in|is|are|la|las|los|no|of|or|por|que|se|sin|son|the|to|un|una|was|with|"
    r"and|densidad(?: mamaria)?|composici[oó]n(?: mamaria)?|patr[oó]n|density|composition|tipo|type|categor[ií]a|"
    r"category|grado|acr))$",
    re.IGNORECASE,
)
_FULL_LINE = 60  # characters; a line as long as this was broken by its width


def normal(text: str) -> str:
    """The text as it is kept: in NFC, its mojibake repaired, lines ended by one newline.

    What is found in a report is given by its place in this text.
    """
    text = unicodedata.normalize("NFC", repair_mojibake(unicodedata.normalize("NFC", text)))
    return text.replace("\r\n", "\n").replace("\r", "\n")


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


def clean(text: str, is_word: Callable[[str], bool]) -> Traced:
    """A `normal` text without what stands between reader and words.

    Control characters and loose accents, doubled spaces, hyphens at a line's end and spaces inside a spaced-out word
    are left out. Numbers and single letters stay as they are.

    Parameters
    ----------
    text
        From `normal`.
    is_word
        Whether letters in a row, folded, make one or more known words, so that spaces between them may go.
    """
    traced = Traced.of(text)
    traced = traced.changed(_SPACES.sub(" ", text.translate(_OTHER))).without(_unseen())
    traced = traced.without_spans(_spaces_in_words(traced.text, is_word)).without(_MORE_SPACES)
    traced = traced.without_spans(_broken_words(traced.text, is_word))
    return traced.without(_BROKEN_CODE).strip()


def _spaces_in_words(text: str, is_word: Callable[[str], bool]) -> list[tuple[int, int]]:
    """The spaces of H A L L A Z G O S; not those of (a b c d)."""
    spans = []
    for match in _SPACED.finditer(text):
        if is_word(fold(match[0]).replace(" ", "")):
            spans += [(at, at + 1) for at in range(match.start() + 1, match.end(), 2)]
    return spans


def _broken_words(text: str, is_word: Callable[[str], bool]) -> list[tuple[int, int]]:
    """The hyphens and line ends inside words: after three letters always, after two where that makes a known word."""
    return [
        match.span(2)
        for match in _BROKEN_WORD.finditer(text)
        if len(match[1]) > 2 or is_word(fold(match[1] + match[3]))
    ]


@cache
def _unseen() -> re.Pattern[str]:
    """Characters that are no text: controls, formats, unassigned ones, and accents that no letter takes."""
    codes = [c for c in range(0x10000) if c not in (9, 10) and unicodedata.category(chr(c))[0] in "CM"]
    breaks = [i for i, (last, code) in enumerate(pairwise(codes), 1) if code != last + 1]
    runs = [codes[start:end] for start, end in zip([0, *breaks], [*breaks, len(codes)], strict=True)]
    return re.compile("[" + "".join(f"\\U{run[0]:08x}-\\U{run[-1]:08x}" for run in runs) + "]+")


def unwrap(text: str, *, column: int = 0) -> str:
    """Cleaned text with lines joined that only the width of the page broke; other line ends stay.

    It is as long as `text`. `column` is how far from the left edge the first line starts.
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
