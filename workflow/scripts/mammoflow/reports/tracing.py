"""Text that knows where each of its characters stood before it was cleaned."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Traced:
    """A text made from another one by leaving characters out and changing others in their place.

    Attributes
    ----------
    text
        What the text is now.
    origin
        Place of each of its characters in the first text; rises strictly.
    """

    text: str
    origin: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Traced":
        """A text as it is."""
        return cls(text, tuple(range(len(text))))

    def changed(self, text: str) -> "Traced":
        """With other characters in the same places: `text` is as long as this one."""
        return Traced(text, self.origin)

    def without(self, pattern: re.Pattern[str]) -> "Traced":
        """Without what the pattern matches."""
        return self.without_spans(match.span() for match in pattern.finditer(self.text))

    def without_spans(self, spans: Iterable[tuple[int, int]]) -> "Traced":
        """Without these spans, which are in order and do not overlap."""
        pieces: list[str] = []
        origin: list[int] = []
        at = 0
        for start, end in spans:
            pieces.append(self.text[at:start])
            origin += self.origin[at:start]
            at = end
        if not at:
            return self
        return Traced("".join([*pieces, self.text[at:]]), (*origin, *self.origin[at:]))

    def cut(self, start: int, end: int) -> "Traced":
        """`text[start:end]`."""
        return Traced(self.text[start:end], self.origin[start:end])

    def strip(self) -> "Traced":
        """Without white space around it."""
        left = len(self.text) - len(self.text.lstrip())
        return self.cut(left, max(left, len(self.text.rstrip())))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, which holds something, stood in the first text."""
        return self.origin[start], self.origin[end - 1] + 1
