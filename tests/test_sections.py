import pytest

from mammoflow.reports import cleaning
from mammoflow.reports.sections import sections_of
from tests.reading_reports import LEXICON, collected

WHOLE = """MAMOGRAFÍA DIGITAL BILATERAL

INDICACIÓN: Control.

TÉCNICA: Proyecciones CC y MLO.

COMPARACIÓN: 2017.
HALLAZGOS: Sin masas.
ULTRASONIDO:
Sin quistes.
IMPRESIÓN DIAGNÓSTICA: BI-RADS 1.
RECOMENDACIONES: Anual.
NOTA: Legal."""
KINDS = [
    "indication", "technique", "comparison", "findings", "ultrasound", "impression", "recommendation", "notes",
]  # fmt: skip


def cut(text):
    return sections_of(cleaning.normal(text), LEXICON)


@pytest.mark.parametrize(
    "change",
    [
        str,
        str.upper,
        str.lower,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(":", ":\n"),
        lambda text: text.replace("HALLAZGOS", "H A L L A Z G O S").replace("TÉCNICA", "TECNICA"),
        lambda text: text.replace("\n", " ").replace("Control", "Control.").replace("MLO", "MLO."),
    ],
    ids=["as is", "upper", "lower", "CRLF", "headers alone", "spaced", "one paragraph"],
)
def test_sections_of_a_whole_report(change):
    found = cut(change(WHOLE))
    assert [section.kind for section in found if section.kind != "body"] == KINDS
    texts = {section.kind: section.text.lower().rstrip(".") for section in found}
    assert (texts["findings"], texts["impression"], texts["notes"]) == ("sin masas", "bi-rads 1", "legal")


def test_a_section_knows_where_its_words_stand():
    text = cleaning.normal("INDICACIÓN:  Dolor.\n\nHALLAZGOS:   Mamas   densas ,\n hetero-\ngéneas.  ")
    found = sections_of(text, LEXICON)
    assert [(section.kind, text[section.start : section.end]) for section in found] == [
        ("indication", "Dolor."),
        ("findings", "Mamas   densas ,\n hetero-\ngéneas."),
    ]
    assert found[1].text == "Mamas densas , heterogéneas."


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("HALLASGOS: x", "findings"),
        ("Hallazgos mamográficos: x", "findings"),
        ("COMPARACION mamografia ACR c", "comparison"),
        ("Mamografía previa: x", "comparison"),
        ("MAMOGRAFÍA: x", "findings"),
        ("Nódulo: x", "body"),
        ("Conclusión densidad ACR c", "body"),
        ("TECNICA DE EKLUND. Sin masas", "body"),
        ("ID: x", "impression"),
        ("Tipo de tejido mamario: b", "findings"),
        ("Densidad mamaria (BI-RADS 5.ª ed.): c", "findings"),
        ("Tissue density: c", "findings"),
        ("Ant.: densidad c", "indication"),
        ("MAMOGRAFÍA 2019: x", "body"),
    ],
)
def test_header_and_its_section(line, kind):
    assert cut(line)[0].kind == kind


def test_a_title_over_another_examination_opens_its_section():
    found = cut("MAMOGRAFÍA BILATERAL\nMamas.\nECOGRAFÍA MAMARIA BILATERAL\nQuistes.\nMAMOGRAFÍA DIGITAL\nMasas.")
    assert [section.kind for section in found] == ["findings", "ultrasound", "findings"]


def test_the_indication_ends_with_its_paragraph():
    found = cut("MOTIVO: Control.\nMamas densas en 2010.\n\nMamas con densidad b.")
    assert [(section.kind, section.text) for section in found] == [
        ("indication", "Control.\nMamas densas en 2010."),
        ("body", "Mamas con densidad b."),
    ]
    # Notices and ultrasound have several.
    assert [section.kind for section in cut("NOTA: Legal.\n\nMamas densas.")] == ["notes"]
    assert [section.kind for section in cut("ECOGRAFÍA: Piel.\n\nMamas densas.")] == ["ultrasound"]


def test_a_stated_header_is_part_of_its_section():
    assert cut("DENSIDAD MAMARIA: B")[0].text == "DENSIDAD MAMARIA: B"


def test_nothing_but_headers_has_no_section():
    assert cut("HALLAZGOS:") == []
    assert cut("") == []


@pytest.mark.parametrize("name", ["second", "third", "fourth"])
def test_sections_of_collected_reports_are_in_order_and_do_not_overlap(name):
    for one in collected(name):
        found = cut(one.text)
        places = [place for section in found for place in (section.start, section.end)]
        assert places == sorted(places)
        assert all(section.start < section.end for section in found)
