"""Texts that were collected with what they state; none of them may be read wrongly."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reading_reports import CLASSES, collected, findings, found

# Set: how many texts it has, and how many of them are read exactly right; the others are given up, none is wrong.
SETS = {
    "first_es": (50, 50),
    "first_en": (22, 22),
    "second_es": (214, 213),
    "second_en": (74, 74),
    "third_es": (120, 120),
    "third_en": (50, 50),
    "fourth_es": (115, 114),
    "fourth_en": (29, 29),
    "fifth_es": (110, 109),
    "fifth_en": (50, 50),
    "sixth_es": (150, 150),
    "sixth_en": (50, 50),
}
REPORTS = {"second": (55, 55), "third": (36, 36), "fourth": (48, 48), "fifth": (40, 39)}
TEXTS = [one for name in [*SETS, *REPORTS] for one in collected(name)]
STATEMENTS = [one for name in SETS for one in collected(name)]


@pytest.mark.parametrize(("name", "number", "right"), [(name, *counts) for name, counts in (SETS | REPORTS).items()])
def test_no_collected_text_is_read_wrongly_and_few_are_given_up(name, number, right):
    texts = collected(name)
    read = [(one, found(one.text)) for one in texts]
    assert [one.name for one, label in read if label in CLASSES and label != one.label] == []
    assert sum(label == one.label for one, label in read) >= right
    assert len(texts) == number
    assert right >= 0.96 * number


def test_no_side_of_a_collected_text_is_read_wrongly():
    sided = [one for one in TEXTS if one.sides]
    assert len(sided) > 30
    wrong = [
        (one.name, one.text)
        for one in sided
        for side, finding in findings(one.text).items()
        if side and finding.label and finding.label != one.sides.get(side, one.label)
    ]
    assert wrong == []


def without_accents(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def with_edit(text, word, place, kind, letter):
    """The text with one letter of one of its words of eight letters and more added, lost, changed or swapped."""
    words = [match.span() for match in re.finditer(r"[^\W\d_]{8,}", text)]
    if not words:
        return text
    start, end = words[word % len(words)]
    at = start + place % (end - start)
    swapped = text[at : at + 2][::-1] if at + 1 < end else text[at]
    changed = {"added": letter + text[at], "lost": "", "changed": letter, "swapped": swapped}[kind]
    return text[:at] + changed + text[at + (2 if kind == "swapped" and at + 1 < end else 1) :]


@settings(max_examples=600, deadline=None)
@given(
    one=st.sampled_from(STATEMENTS),
    accents=st.booleans(),
    spaces=st.lists(st.integers(1, 3), min_size=1, max_size=5),
    upper=st.booleans(),
    decomposed=st.booleans(),
)
def test_accents_spaces_and_capitals_change_nothing(one, accents, spaces, upper, decomposed):
    # Accents that were spoilt by a wrong encoding are not there to be lost.
    text = without_accents(one.text) if accents and "Ã" not in one.text else one.text
    text = text.upper() if upper else text
    # Spaces at a line's start and between single letters have a meaning.
    words = re.split(r"(?<=[^\W\d_]{2}) (?=[^\W\d_]{2})", text)
    text = words[0] + "".join(" " * spaces[i % len(spaces)] + word for i, word in enumerate(words[1:]))
    text = unicodedata.normalize("NFD" if decomposed else "NFC", text)
    assert found(text) == found(one.text)


@settings(max_examples=1500, deadline=None)
@given(
    one=st.sampled_from(TEXTS),
    word=st.integers(0, 200),
    place=st.integers(0, 20),
    kind=st.sampled_from(["added", "lost", "changed", "swapped"]),
    letter=st.sampled_from("abcdefghijlmnopqrstuvz"),
    upper=st.booleans(),
    accents=st.booleans(),
)
def test_a_wrong_letter_in_a_long_word_never_makes_one_class_another(one, word, place, kind, letter, upper, accents):
    text = with_edit(one.text, word, place, kind, letter)
    text = without_accents(text) if accents else text
    before, after = found(one.text), found(text.upper() if upper else text)
    assert after == before or after not in CLASSES or before not in CLASSES
