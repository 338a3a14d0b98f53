"""What is quoted of a report: the whole sentences around places in its text, as it was read."""

import re
from collections.abc import Iterable, Sequence

Span = tuple[int, int]

# Where a sentence may end: a full stop, or the end of a line.
_END = re.compile(r"[.?!]+(?=\s)|\s*\n\s*")


def sentences(text: str, spans: Iterable[Span], sections: Sequence[Span]) -> list[Span]:
    """The sentences that hold these spans, as places in the text, in order; none overlaps another.

    Parameters
    ----------
    text
        A report.
    spans
        Places in it. A span that goes on over the end of a sentence is held by both as one.
    sections
        Places of its sections: no sentence goes on from one to the next, as headers stand between them.
    """
    found: list[Span] = []
    for first, last in sorted(spans):
        around = next(((start, end) for start, end in sections if start <= first < end), (0, len(text)))
        start, end = _sentence(text, first, last, around)
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def joined(text: str, places: Iterable[Span]) -> str:
    """These parts of a text in one line, with bars between them."""
    return " | ".join(" ".join(text[start:end].split()) for start, end in places)


def _sentence(text: str, first: int, last: int, around: Span) -> Span:
    """The sentence that holds `text[first:last]`, without white space at its ends."""
    start, end = around[0], max(around[1], last)
    for border in _borders(text, *around):
        if border <= first:
            start = border
        elif border >= last:
            end = border
            break
    whole = text[start:end]
    return start + len(whole) - len(whole.lstrip()), end - len(whole) + len(whole.rstrip())


def _borders(text: str, start: int, end: int) -> list[int]:
    """Where sentences of `text[start:end]` end.

    A line's end is one unless the page only broke the line, which the small letter after it shows. In upper case
    nothing shows it: there only an empty line ends a sentence, because too long a quote does no harm.
    """
    upper = text[start:end].isupper()
    borders = []
    for match in _END.finditer(text, start, end):
        line = "\n" in match[0]
        after = text[match.end() : match.end() + 1]
        if not line or match[0].count("\n") > 1 or not (upper or after.islower()):
            borders.append(match.end())
    return borders
