import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoflow.errors import UserError
from mammoflow.reports import cleaning
from mammoflow.reports.boxes import mask_unticked
from mammoflow.reports.lexicon import load_lexicon
from mammoflow.reports.spelling import Reader, Speller
from mammoflow.reports.tracing import Traced
from tests.reading_reports import LEXICON, LEXICON_FILE, collected

TEXTS = [one.text for name in ("first_es", "first_en", "second_es", "second_en", "second") for one in collected(name)]


def clean(text):
    return cleaning.clean(cleaning.normal(text), LEXICON.speller.is_word).text


# Characters and lines ----------------------------------------------------------------------------------------------


def test_the_text_that_is_kept_has_one_form():
    assert cleaning.normal(unicodedata.normalize("NFD", "heterogéneamente")) == "heterogéneamente"
    assert cleaning.normal("heterogÃ©neamente") == "heterogéneamente"
    assert cleaning.normal(unicodedata.normalize("NFD", "heterogÃ©neamente")) == "heterogéneamente"
    assert cleaning.normal("a\r\nb\rc") == "a\nb\nc"


def test_only_what_goes_back_whole_is_repaired():
    assert cleaning.normal("Ã bien") == "Ã bien"
    assert cleaning.normal("Ã© y después") == "Ã© y después"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Densidad\u00a0\u00a0b\x07 \u2013 c", "Densidad b - c"),
        ("  Mamas \t densas  \n  b  ", "Mamas densas\nb"),
        ("pos-\nquirúrgica", "posquirúrgica"),
        ("BI-\nRADS 2, ACR-\nC", "BIRADS 2, ACR-C"),
        ("Densidad ma-\nmaria", "Densidad mamaria"),
        ("a-\nb", "a-b"),
        ("H A L L A Z G O S:  D E N S I D A D  B", "HALLAZGOS: DENSIDAD B"),
        ("M A M A S D E N S A S", "MAMASDENSAS"),
        ("T I P O  C", "TIPO C"),
        ("opciones: a b c d", "opciones: a b c d"),
        ("R C C L C C", "R C C L C C"),
        ("uno\u2028dos", "uno\ndos"),
    ],
)
def test_what_stands_between_reader_and_words_is_left_out(text, cleaned):
    assert clean(text) == cleaned


@settings(max_examples=400)
@given(st.one_of(st.sampled_from(TEXTS), st.text(), st.text(alphabet="abcd ACR-\n\t.:1234ñéH")))
def test_every_character_stands_where_it_stood(text):
    kept = cleaning.normal(text)
    traced = cleaning.clean(kept, LEXICON.speller.is_word)
    assert len(traced.text) == len(traced.origin)
    assert list(traced.origin) == sorted(set(traced.origin))
    for character, at in zip(traced.text, traced.origin, strict=True):
        assert character == kept[at] or (character in " \n-" and not kept[at].isalnum())


@settings(max_examples=400)
@given(st.one_of(st.sampled_from(TEXTS), st.text(alphabet="abcdei ACRIV-\n.:,1234567890%lO")))
def test_cleaning_and_spelling_change_no_number_and_no_single_letter(text):
    def codes(words):
        return [word for word in re.findall(r"[^\W_]+", words) if word.isdecimal() or len(word) == 1]

    kept = clean(text)
    speller = LEXICON.speller
    words = re.findall(r"[^\W_]+", cleaning.fold(kept))
    assert codes(" ".join(words)) == codes(" ".join(speller.correct(word)[0] for word in words))


def test_a_span_leads_back_over_what_was_left_out():
    text = "x  hetero-\ngéneas  y"
    traced = cleaning.clean(text, lambda _: False)
    start = traced.text.index("heterogéneas")
    first, last = traced.span(start, start + len("heterogéneas"))
    assert text[first:last] == "hetero-\ngéneas"
    assert Traced.of("abc").without(re.compile("b")).span(1, 2) == (2, 3)


def test_lines_that_only_the_page_broke_are_joined():
    assert cleaning.unwrap("informada como\nHETEROGENEAMENTE") == "informada como HETEROGENEAMENTE"
    assert cleaning.unwrap("Sin masas\nMamas densas") == "Sin masas\nMamas densas"
    assert cleaning.unwrap("x" * 50 + "\nMamas", column=10) == "x" * 50 + " Mamas"
    assert cleaning.unwrap("x" * 60 + "\nMamas") == "x" * 60 + " Mamas"
    assert cleaning.unwrap("Sin masas.\nmamas") == "Sin masas.\nmamas"
    # "A" is a class here, and no preposition that goes on.
    assert cleaning.unwrap("DENSIDAD: A\nMAMA DERECHA") == "DENSIDAD: A\nMAMA DERECHA"
    assert cleaning.unwrap("SE EXTIENDE A\nMAMA DERECHA") == "SE EXTIENDE A MAMA DERECHA"


def test_folding_keeps_places():
    text = "Ñandú İß Éx"
    assert len(cleaning.fold(text)) == len(text)
    assert cleaning.fold("HETEROGÉNEAMENTE") == "heterogeneamente"


# Words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "read_as", "kind"),
    [
        ("dendas", "densas", "spelling"),
        ("desnas", "densas", "spelling"),
        ("heteroganeamnte", "heterogeneamente", "spelling"),
        ("eterojeneamente", "heterogeneamente", "spelling"),
        ("ispersas", "dispersas", "spelling"),
        ("bispersas", "dispersas", "spelling"),
        ("heter0geneamente", "heterogeneamente", "characters"),
        ("heterogenearnente", "heterogeneamente", "characters"),
        ("heterog\ufffdneamente", "heterogeneamente", "characters"),
        ("dlspersas", "dispersas", "spelling"),
        ("d1spersas", "dispersas", "characters"),
        ("densasgrasa", "densas grasa", "joined"),
        ("dendaz", "dendaz", ""),
        ("tensas", "tensas", ""),
        ("grata", "grata", ""),
        ("gras", "gras", ""),
        ("c3", "c3", ""),
        ("12345678", "12345678", ""),
        ("2019", "2019", ""),
    ],
)
def test_a_word_is_put_right_by_its_length(word, read_as, kind):
    speller = Speller(["densas", "heterogeneamente", "grasa", "dispersas"], ["grata", "tensas"])
    assert speller.correct(word) == (read_as, kind)


def test_words_of_the_lexicon_are_right_and_those_of_headers_too():
    assert LEXICON.speller.correct("hallazgos") == ("hallazgos", "")
    assert LEXICON.speller.is_word("hallazgos")
    assert LEXICON.speller.is_word("densidadb")
    assert not LEXICON.speller.is_word("abcd")


def test_words_lead_back_to_the_text():
    reader = Reader(Speller(["densas", "mamas"]), [("a ?c ?r", "acr")])
    words = reader.read("Mamas dendas\n(A C R b), mamasdensas.")
    assert words.text == "mamas densas ¶ ( acr b ) , mamas densas ."
    start = words.text.index("acr")
    assert words.span(start, start + len("acr b")) == (14, 21)
    assert [(one.start, one.end, one.read_as, one.kind) for one in words.corrections] == [
        (6, 12, "densas", "spelling"),
        (24, 35, "mamas densas", "joined"),
    ]


def test_a_file_that_is_no_lexicon_is_refused(tmp_path):
    broken = tmp_path / "lexicon.yaml"
    broken.write_text(LEXICON_FILE.read_text(encoding="utf-8").replace("\nwords:", "\nwurds:"))
    with pytest.raises(UserError, match="is no lexicon: KeyError 'words'"):
        load_lexicon(broken)


# Tick boxes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("densidad : unticked a ticked b unticked c", "densidad : # ticked b #"),
        ("densidad : a unticked b ticked c unticked", "densidad : # b ticked #"),
        (
            "densidad ¶ unticked a . grasa ¶ ticked b . dispersa ¶ piel normal",
            "densidad # ticked b # dispersa ¶ piel normal",
        ),
        ("sin nodulos . densidad b", "sin nodulos . densidad b"),
        ("unticked a ¶ unticked b", "#"),
    ],
)
def test_what_is_not_ticked_is_not_said(text, left):
    masked = mask_unticked(text)
    assert len(masked) == len(text)
    assert re.sub(r"#+(?: #+)*", "#", masked) == left
