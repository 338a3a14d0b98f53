"""Tick-box forms: what stands at a box that is not ticked is not said."""

from collections.abc import Iterator

from mammoflow.reports.spelling import LINE_END

TICKED, UNTICKED = "ticked", "unticked"  # what the lexicon rewrites boxes to
_BOXES = (TICKED, UNTICKED)
_ENDS = (".", LINE_END)


def mask_unticked(text: str) -> str:
    """Words one space apart with the options that are not ticked blotted out (#); as long as `text`.

    Options in lines of their own become one statement, so that the heading over them is heard for each.
    """
    if TICKED not in text and UNTICKED not in text:
        return text
    words = text.split(" ")
    for at in range(1, len(words) - 1):
        if (words[at] in _ENDS and words[at + 1] in _BOXES) or (words[at] == "." and _is_letter(words, at)):
            words[at] = "#"
    for start, end in _sentences(words):
        boxes = [at for at in range(start, end) if words[at] in _BOXES]
        if boxes:
            spans = _before(words, boxes, start, end) if _box_follows(words, boxes, start, end) else _after(boxes, end)
            for at in (at for box, span in zip(boxes, spans, strict=True) if words[box] == UNTICKED for at in span):
                words[at] = "#" * len(words[at])
    return " ".join(words)


def _is_letter(words: list[str], at: int) -> bool:
    """Whether the full stop at `at` ends an option's own letter: (x) b. Scattered ..."""
    return at > 1 and words[at - 2] in _BOXES and len(words[at - 1]) == 1


def _sentences(words: list[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for at, word in enumerate(words):
        if word in _ENDS:
            yield start, at
            start = at + 1
    yield start, len(words)


def _box_follows(words: list[str], boxes: list[int], start: int, end: int) -> bool:
    """Whether a box stands behind its option: A [ ] B [x], and not [ ] A [x] B."""
    return boxes[-1] == end - 1 and boxes[0] > start and words[boxes[0] - 1] not in (":", ")", "#")


def _after(boxes: list[int], end: int) -> list[range]:
    """For each box the words from it to the next one."""
    return [range(box, following) for box, following in zip(boxes, [*boxes[1:], end], strict=True)]


def _before(words: list[str], boxes: list[int], start: int, end: int) -> list[range]:
    """For each box the words from the one before it; before the first one only what follows the heading's mark."""
    first = boxes[0] - 1
    marks = [at for at in range(start, boxes[0]) if words[at] in (":", ")", "-")]
    if marks:
        first = marks[-1] + 1
    return [
        range(previous, box + 1) for previous, box in zip([first, *(box + 1 for box in boxes)], boxes, strict=False)
    ]
