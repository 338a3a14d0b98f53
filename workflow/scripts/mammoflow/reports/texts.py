"""What a file of reports, or a row of a table, holds: a text, or the reason why there is none."""

from dataclasses import dataclass

from mammoflow.characters import is_garbled
from mammoflow.reports.cleaning import normal

MOST_CHARACTERS = 1_000_000  # a report has some thousands


class NoText(Exception):
    """No text can be had; `reason` is a stable code."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Text:
    """A `normal` text, which may be empty, or the reason why there is none."""

    text: str = ""
    reason: str = ""


def text_of(found: str) -> Text:
    """What was found in a file or a cell, as it is kept."""
    if len(found) > MOST_CHARACTERS:
        return Text(reason="too_large")
    if "\x00" in found:
        return Text(reason="not_text")
    text = normal(found)
    if is_garbled(text):
        return Text(reason="garbled")
    # A dash or a dot says that there is nothing to say.
    return Text(text if any(map(str.isalnum, text)) else "")
