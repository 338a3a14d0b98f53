import csv
import os
import re
import stat
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.reports import cleaning, sections
from mammoflow.reports.extraction import audit, judge_report, label_exams
from mammoflow.reports.mentions import find_mentions
from mammoflow.reports.reading import Text, decode, language_of, read_text, report_of, report_tables
from mammoflow.reports.rules import load_rules

ROOT = Path(__file__).parent.parent
LEXICON = ROOT / "resources/lexicons/density.yaml"
DATA = yaml.safe_load(LEXICON.read_text(encoding="utf-8"))
RULES = load_rules(LEXICON, task="density", classes=["a", "b", "c", "d"])
POLICY = {"level": "exam", "sides_differ": "ambiguous"}


def statements(language):
    path = Path(__file__).parent / f"data/statements/density_{language}.tsv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["text"].replace("\\n", "\n"), row["label"]) for row in rows]


STATEMENTS = statements("es") + statements("en")


def findings(text, sides_differ="ambiguous"):
    report = report_of("exam", [Text(cleaning.clean(text))])
    return judge_report([(s.kind, s.text) for s in report.sections], RULES, sides_differ=sides_differ)


def found(text, **policy):
    exam = findings(text, **policy)[""]
    return exam.label or exam.status


def reason(text):
    return findings(text)[""].reason


def labels(texts, **policy):
    reports, cut = report_tables((exam_id, Text(cleaning.clean(text))) for exam_id, text in texts)
    return label_exams(reports, cut, rules=RULES, policy=POLICY | policy).set_index(["exam_id", "side"])


# The statements collected ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "number"), [("es", 50), ("en", 22)])
def test_every_collected_statement_is_labelled_exactly_right(language, number):
    rows = statements(language)
    right = [found(text) == label for text, label in rows]
    assert (sum(right), len(rows)) == (number, number)


def noisy(text, *, accents, spaces, upper, decomposed):
    if accents:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    if upper:
        text = text.upper()
    words = re.split(r"(?<! ) (?! )", text)
    text = words[0] + "".join((" " * spaces[i % len(spaces)]) + word for i, word in enumerate(words[1:]))
    return unicodedata.normalize("NFD" if decomposed else "NFC", text)


@settings(max_examples=300, deadline=None)
@given(
    statement=st.sampled_from(STATEMENTS),
    accents=st.booleans(),
    spaces=st.lists(st.integers(1, 3), min_size=1, max_size=5),
    upper=st.booleans(),
    decomposed=st.booleans(),
)
def test_noise_never_changes_what_is_found(statement, accents, spaces, upper, decomposed):
    text, label = statement
    assert found(noisy(text, accents=accents, spaces=spaces, upper=upper, decomposed=decomposed)) == label


# Rules as data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", DATA["rules"], ids=lambda rule: rule["id"])
def test_rule_matches_its_example_and_not_its_counter_example(rule):
    assert rule["id"] in [mention.rule for mention in find_mentions(rule["example"], RULES)]
    assert rule["id"] not in [mention.rule for mention in find_mentions(rule["counter"], RULES)]


@pytest.mark.parametrize("context", DATA["contexts"], ids=lambda context: context["id"])
def test_context_holds_for_its_example_and_not_for_its_counter_example(context):
    if context["where"] == "exam":
        assert reason(context["example"]) == context["id"]
        assert reason(context["counter"]) != context["id"]
        return
    held = [mention.rejected or mention.unclear for mention in find_mentions(context["example"], RULES)]
    others = [mention.rejected or mention.unclear for mention in find_mentions(context["counter"], RULES)]
    assert context["id"] in held
    assert "" in others


@pytest.mark.parametrize("mask", DATA["masks"], ids=lambda mask: mask["id"])
def test_mask_covers_its_example_and_not_its_counter_example(mask):
    pattern = RULES.masks[DATA["masks"].index(mask)]
    assert pattern.search(RULES.reader.read(mask["example"]).text)
    assert not pattern.search(RULES.reader.read(mask["counter"]).text)


def test_ids_are_unique_and_no_pattern_captures_anything_but_codes():
    for kind in ("rules", "contexts", "masks"):
        ids = [entry["id"] for entry in DATA[kind]]
        assert len(set(ids)) == len(ids)
    assert all(not (rule.classes and rule.pattern.groups) for rule in RULES.rules)


def literal_words():
    patterns = [*DATA["macros"].values(), *(cue for cues in DATA["sides"].values() for cue in cues.values())]
    for entry in [*DATA["masks"], *DATA["rules"], *DATA["contexts"]]:
        for key in ("pattern", "needs", "unless", "unless_said"):
            patterns += [entry.get(key, "")] if isinstance(entry.get(key, ""), str) else entry[key]
    for pattern in patterns:
        for stem, choice, rest in re.findall(r"(?<![\\a-z])([a-z]{3,})(?:\[([a-z]+)\])?([a-z]*)(?!\w)", pattern):
            yield from (stem + letter + rest for letter in choice or [""])


def test_spelling_leaves_every_word_of_the_patterns_alone():
    speller = cleaning.Speller(map(str, DATA["words"]), map(str, DATA["protected"]))
    words = {word for word in literal_words() if not word.endswith("densit")}
    assert len(words) > 100
    assert {word: speller.correct(word) for word in words if speller.correct(word) != word} == {}


def test_rules_of_another_task_or_with_an_unknown_class_are_refused(tmp_path):
    with pytest.raises(UserError, match="rules for task density"):
        load_rules(LEXICON, task="dense", classes=["a", "b", "c", "d"])
    with pytest.raises(UserError, match="d is no class"):
        load_rules(LEXICON, task="density", classes=["a", "b", "c"])
    broken = tmp_path / "rules.yaml"
    broken.write_text("task: density\n")
    with pytest.raises(UserError, match="no file of rules"):
        load_rules(broken, task="density", classes=["a"])


# What is said, and what it means -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Densidad mamaria ACR 1.", "a"),
        ("A.C.R. tipo d.", "d"),
        ("ACR: C. BI-RADS: 4.", "c"),
        ("Densidad mamaria: tipo A", "a"),
        ("Tejido fibroglandular mayor al 75% de la mama.", "d"),
        ("Mamas exremadamente densas", "d"),
        ("Mamas heterogenea-\nmente densas", "c"),
        ("DENSIDAD MAMARIA\nTIPO C\nBI-RADS 1", "c"),
        ("IMPRESIÓN DIAGNÓSTICA: Hallazgos benignos. BI-RADS 2. Densidad mamaria\nB.", "b"),
        ("Mamas densas (ACR c).", "c"),
        ("Mamas densas, ACR d.", "d"),
        ("ACR 3, 2 nódulos en mama derecha", "c"),
        ("ACR (5ª edición) tipo c", "c"),
        ("A diferencia del estudio previo (ACR c), actualmente ACR b.", "b"),
        ("Mamas heterogéneamente densas, sin cambios respecto al estudio previo.", "c"),
        ("Se compara con estudio previo del 2019 (ACR d). Mamas tipo c.", "c"),
        ("Estudio previo 2019: densidad d. Hoy: densidad c.", "c"),
        ("Previously heterogeneously dense, now scattered fibroglandular tissue", "b"),
        ("No se observan nódulos en mamas ACR b.", "b"),
        ("Curva tipo II. Composición mamaria tipo B.", "b"),
        ("Mama supernumeraria tipo IV de Kajava. Densidad tipo b.", "b"),
        ("Mastectomía derecha. Mama izquierda ACR b.", "b"),
        ("La sensibilidad de la mamografía disminuye en mamas densas. Densidad b.", "b"),
        ("HETEROGÃ‰NEAMENTE DENSAS".encode("cp1252", "replace").decode("cp1252"), "c"),
    ],
)
def test_one_class_said_is_the_label(text, label):
    assert found(text) == label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("BI-RADS según ACR: 3.", "no_statement"),
        ("Categoría BI-RADS ACR 2.", "no_statement"),
        ("Categoría 3 de BI-RADS.", "no_statement"),
        ("Nódulo ACR 4 en mama derecha.", "only_lesion"),
        ("Calcificaciones heterogéneamente densas.", "only_lesion"),
        ("Masas densas.", "no_statement"),
        ("MAMAS TENSAS, DOLOROSAS.", "no_statement"),
        ("Áreas diversas de densidad glandular.", "no_statement"),
        ("Asimetría de densidad c.s.e. derecho.", "no_statement"),
        ("Tejido graso que ocupa más del 75% de la mama.", "no_statement"),
        ("densidad a nivel del cuadrante superior", "no_statement"),
        ("Patrón ACR 5.", "out_of_range"),
        ("Mamas no son heterogéneamente densas.", "only_negated"),
        ("Breasts were extremely dense in 2017.", "only_prior_after"),
        ("ACR c en el estudio anterior.", "only_prior_after"),
        ("En 2018 las mamas eran extremadamente densas.", "only_prior"),
        ("Paciente con historia de mamas extremadamente densas.", "only_prior"),
        ("Hamartoma con tejido graso y fibroglandular disperso.", "only_lesion_of_breast_tissue"),
        ("Mamografía anterior informada como\nheterogéneamente densa.", "only_prior"),
        ("Mamografía previa del 22/04/2017, informada como densidad ACR tipo b.", "only_prior"),
        ("Varón con ginecomastia bilateral.", "male_breast"),
        ("INDICACIÓN: control por mamas densas ACR d.\nHALLAZGOS: sin masas.", "no_statement"),
        ("COMPARACIÓN: mamografía 2018 con densidad ACR d.\nHALLAZGOS: sin masas.", "no_statement"),
        ("TÉCNICA: CC y MLO, densidad ACR d.\nHALLAZGOS: sin masas.", "no_statement"),
        ("HALLAZGOS: sin masas.\nNOTA: mamas extremadamente densas.", "no_statement"),
        ("ULTRASONIDO: mamas extremadamente densas.", "no_statement"),
        (
            "HALLAZGOS: sin masas.\na: casi completamente grasas\nb: tejido fibroglandular disperso\n"
            "c: heterogéneamente densas\nd: extremadamente densas",
            "only_definition",
        ),
    ],
)
def test_where_nothing_is_said_there_is_no_label(text, why):
    exam = findings(text)[""]
    assert (exam.status, exam.label, exam.reason) == ("none", "", why)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Densidad ACR 2-3", "hedge"),
        ("Densidad mamaria entre b y c", "hedge"),
        ("Patrón ACR II-III", "hedge"),
        ("Clasificación ACR 4: sospechoso.", "perhaps_assessment"),
        ("Ganglios axilares, de predominio graso.", "perhaps_lesion"),
        ("If the breasts are extremely dense, consider ultrasound.", "hypothetical"),
        ("Mamas entre heterogéneamente densas y extremadamente densas.", "hedge"),
        ("Densidad b. Densidad c.", "contradiction"),
        ("The breasts are heterogeneously dense (b).", "contradiction"),
        ("Mamas densas, ACR b.", "contradiction"),
        ("Mamas mixtas de predominio graso.", "imprecise"),
        ("Mamas densas.", "imprecise"),
        ("Mamas moderadamente densas.", "imprecise"),
        ("Patrón ACR 5. Mamas heterogéneamente densas.", "out_of_range"),
        ("No parece una mama extremadamente densa.", "perhaps_negated"),
        ("In comparison with prior exam, the breasts are extremely dense.", "perhaps_prior"),
        ("ACR tipo c?", "uncertain_after"),
        ("Probablemente mamas extremadamente densas.", "uncertain"),
        ("Paciente masculino, mama densa ACR c", "male_breast"),
        ("Densidad b en mama derecha y c en mama izquierda.", "sides_differ"),
        ("Densidad mamaria: derecha b, izquierda c.", "sides_differ"),
        ("Mama derecha heterogéneamente densa, izquierda con más grasa.", "one_side_only"),
    ],
)
def test_doubt_is_never_a_label(text, why):
    exam = findings(text)[""]
    assert (exam.status, exam.label, exam.reason) == ("ambiguous", "", why)


def test_sides_that_differ_follow_the_policy_and_have_rows_of_their_own():
    text = "Right breast: density b. Left breast: density c."
    assert {side: f.label for side, f in findings(text).items()} == {"": "", "R": "b", "L": "c"}
    assert found(text, sides_differ="denser") == "c"
    # A third statement beside them is a contradiction under any policy.
    assert found(text + " Densidad d.", sides_differ="denser") == "ambiguous"
    assert found("MAMA DERECHA:\nTejido fibroglandular disperso.\nMAMA IZQUIERDA:\nMamas densas.") == "ambiguous"
    blocks = findings("MAMA DERECHA: piel normal. ACR b.\nMAMA IZQUIERDA: nódulo. ACR c.")
    assert {side: f.label for side, f in blocks.items()} == {"": "", "R": "b", "L": "c"}


# Whole reports -----------------------------------------------------------------------------------------------------

HEAD = "MAMOGRAFÍA DIGITAL BILATERAL\n\nINDICACIÓN: {why}\n\nTÉCNICA: Proyecciones CC y MLO de ambas mamas.\n\n"
BENIGN = "No se observan nódulos ni microcalcificaciones agrupadas. Ganglios axilares de aspecto habitual."
WHOLE = [  # why the exam was made, the rest of its report, what it says
    (
        "Tamizaje.",
        "HALLAZGOS:\nMamas casi completamente grasas.\n" + BENIGN + "\nIMPRESIÓN DIAGNÓSTICA:\nBI-RADS 1.",
        "a",
    ),
    (
        "Control.",
        "HALLAZGOS: Mamas con áreas dispersas de densidad fibroglandular (ACR b). " + BENIGN + "\nIMPRESIÓN "
        "DIAGNÓSTICA: Estudio benigno, BI-RADS 2.\n\nRECOMENDACIÓN: Control anual.",
        "b",
    ),
    (
        "Control por mamas densas.",
        "COMPARACIÓN: Mamografía 2017, extremadamente densas.\n\nHALLAZGOS: Mamas "
        "heterogéneamente densas, lo que puede ocultar nódulos pequeños. " + BENIGN + "\nIMPRESIÓN: BIRADS 2",
        "c",
    ),
    (
        "Antecedente familiar.",
        "HALLAZGOS: Mamas extremadamante  densas . BIRADS 2\n\nRECOMENDACION: ultrasonido "
        "complementario por densidad mamaria.",
        "d",
    ),
    (
        "Tamizaje.",
        "COMPARACION: estudio previo ACR d\nHALLASGOS: mamas heterogeneamente densas. no se obserban nodulos.\n"
        "IMPRESION DIAGNOSTICA: birads 2",
        "c",
    ),
    (
        "Tamizaje.",
        "HALLAZGOS\nTejido fibroglandular disperso en ambas mamas.\n" + BENIGN + "\nCONCLUSIÓN\nBI-RADS 1",
        "b",
    ),
    ("Dolor.", "HALLAZGOS: " + BENIGN + "\nIMPRESIÓN DIAGNÓSTICA: BI-RADS 2. ACR A.", "a"),
    (
        "Control.",
        "COMPARACIÓN: Se compara con mamografía de 2016 informada con densidad tipo d.\n\nHALLAZGOS: Composición "
        "mamaria tipo C.\nSin cambios respecto al estudio previo.\n\nIMPRESIÓN: BI-RADS® 3.",
        "c",
    ),
    (
        "Nódulo palpable.",
        "HALLAZGOS: Parénquima mamario heterogéneamente denso. Nódulo de alta densidad de 15 mm en la "
        "mama derecha.\n\nULTRASONIDO: Tejido fibroglandular disperso, nódulo hipoecoico.\n\nIMPRESIÓN: BI-RADS 4B.",
        "c",
    ),
    (
        "Implantes.",
        "HALLAZGOS: Prótesis con ruptura tipo II, Baker III. Mamas con patrón glandular tipo II de la ACR.\n\n"
        "IMPRESIÓN: BI-RADS 2.",
        "b",
    ),
    (
        "Control.",
        "HALLAZGOS: Patrón ACR 3. " + BENIGN + "\nIMPRESIÓN DIAGNÓSTICA: Mamas con densidad tipo B. BI-RADS 2.",
        "ambiguous",
    ),
    ("Control.", "HALLAZGOS: Mamas densas. " + BENIGN + "\nIMPRESIÓN DIAGNÓSTICA: BI-RADS 2.", "ambiguous"),
    (
        "Control.",
        "COMPARACIÓN: Mamografía previa ACR c.\n\nHALLAZGOS: " + BENIGN + " Sin cambios.\n\nIMPRESIÓN: BI-RADS 2.",
        "none",
    ),
    (
        "Mamas densas ACR d.",
        "HALLAZGOS: Asimetría de densidad en CSE izquierdo. " + BENIGN + "\nIMPRESIÓN: BI-RADS 0.",
        "none",
    ),
    (
        "Tamizaje.",
        "HALLAZGOS: Mamas hetero-\ngéneamente densas, con calcificaciones vasculares.\nIMPRESIÓN: Categoría "
        "BI-RADS 2.\nNOTA: La densidad mamaria se clasifica en a, b, c y d.",
        "c",
    ),
    ("Tamizaje.", "HALLAZGOS: Mama derecha: ACR b. Mama izquierda: ACR b. " + BENIGN + "\nIMPRESIÓN: BI-RADS 1.", "b"),
]


@pytest.mark.parametrize(("why", "rest", "label"), WHOLE)
@pytest.mark.parametrize(
    "change", [str, str.upper, lambda text: text.replace("\n", "\r\n")], ids=["as is", "upper", "CRLF"]
)
def test_whole_reports(why, rest, label, change):
    assert found(change(HEAD.format(why=why) + rest)) == label


def test_sections_of_a_whole_report():
    text = (
        HEAD.format(why="Control.") + "COMPARACIÓN: 2017.\nHALLAZGOS: Sin masas.\nIMPRESIÓN DIAGNÓSTICA: BI-RADS 1.\n"
    )
    text += "RECOMENDACIONES: Anual.\nNOTA: Legal."
    cut = sections.cut(cleaning.clean(text))
    assert [s.kind for s in cut] == [
        "indication", "technique", "comparison", "findings", "impression", "recommendation", "notes",
    ]  # fmt: skip
    assert [s.text for s in cut][2:5] == ["2017.", "Sin masas.", "BI-RADS 1."]


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
    ],
)
def test_header_and_its_section(line, kind):
    assert sections.cut(line)[0].kind == kind


# Reading -----------------------------------------------------------------------------------------------------------


def test_decoding():
    text = "Mamas heterogéneamente densas · ñ"
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"):
        assert decode(text.encode(encoding)) == text
    assert decode(b"caf\xe9 \x81") == "café \x81"
    assert decode(b"%PDF-1.4") is None
    assert decode(b"a\x00b") is None
    assert decode(b"\xff\xfea") is None


def test_cleaning():
    assert cleaning.clean("Densidad\u00a0\u00a0b\x07 \u2013 c") == "Densidad b - c"
    assert cleaning.clean("heterogéneamente") == "heterogéneamente"
    assert cleaning.clean("heterogÃ©neamente") == "heterogéneamente"
    assert cleaning.clean("Ã bien") == "Ã bien"
    assert cleaning.clean("pos-\nquirúrgica") == "posquirúrgica"
    assert cleaning.clean("BI-\nRADS 2, ACR-\nC") == "BI-RADS 2, ACR-C"


def test_lines_that_only_the_page_broke_are_joined():
    assert cleaning.unwrap("informada como\nHETEROGENEAMENTE") == "informada como HETEROGENEAMENTE"
    assert cleaning.unwrap("Sin masas\nMamas densas") == "Sin masas\nMamas densas"
    assert cleaning.unwrap("x" * 50 + "\nMamas", column=10) == "x" * 50 + " Mamas"
    assert cleaning.unwrap("x" * 60 + "\nMamas") == "x" * 60 + " Mamas"
    assert cleaning.unwrap("Sin masas.\nmamas") == "Sin masas.\nmamas"


def test_folding_keeps_places():
    text = "Ñandú İß Éx"
    assert len(cleaning.fold(text)) == len(text)
    assert cleaning.fold("HETEROGÉNEAMENTE") == "heterogeneamente"


def test_spelling_is_put_right_by_length_and_never_across_the_first_letter():
    speller = cleaning.Speller(["densas", "heterogeneamente", "grasa"], ["grata"])
    assert speller.correct("dendas") == "densas"
    assert speller.correct("desnas") == "densas"
    assert speller.correct("dendaz") == "dendaz"
    assert speller.correct("eterogeneamente") == "eterogeneamente"
    assert speller.correct("heteroganeamnte") == "heterogeneamente"
    assert speller.correct("tensas") == "tensas"
    assert speller.correct("grata") == "grata"
    assert speller.correct("gras") == "gras"


def test_language():
    assert language_of("Las mamas son de predominio graso y no hay nódulos") == "es"
    assert language_of("The breasts are dense and there is no mass") == "en"
    assert language_of("ACR b") == ""


def test_files_that_are_no_reports(tmp_path):
    (tmp_path / "big.txt").write_bytes(b"x" * 1_000_001)
    (tmp_path / "pdf.txt").write_bytes(b"%PDF-1.7")
    assert read_text(tmp_path / "big.txt") == Text(reason="too_large")
    assert read_text(tmp_path / "pdf.txt") == Text(reason="not_text")
    assert read_text(tmp_path / "absent.txt") == Text(reason="cannot_open")
    assert read_text(tmp_path) == Text(reason="cannot_open")


def test_one_row_for_an_exam_whatever_its_files():
    reports, cut = report_tables(
        [
            ("same", Text("ACR b")), ("same", Text("ACR b")),
            ("two", Text("ACR b")), ("two", Text("ACR c")),
            ("half", Text("ACR b")), ("half", Text(reason="not_text")),
            ("addendum", Text("ACR b")), ("addendum", Text("")),
            ("nothing", Text("")),
            ("broken", Text(reason="too_large")),
            ("header", Text("HALLAZGOS:")),
        ]
    )  # fmt: skip
    rows = reports.set_index("exam_id")
    assert rows["status"].to_dict() == {
        "same": "parsed", "two": "duplicate", "half": "duplicate", "addendum": "parsed",
        "nothing": "empty", "broken": "unreadable", "header": "empty",
    }  # fmt: skip
    assert rows.loc["two", "reason"] == "several_texts"
    assert rows.loc["broken", "reason"] == "too_large"
    assert sorted(cut["exam_id"]) == ["addendum", "same"]


# Tables ------------------------------------------------------------------------------------------------------------


def test_every_exam_has_a_label_row_with_rule_and_evidence():
    rows = labels(
        [
            ("1", "Nombre: Ana. Mamas heterogéneamente  dendas. BI-RADS 1."),
            ("2", "Densidad b. Densidad c."),
            ("3", ""),
            ("4", "ACR b"),
            ("4", "ACR c"),
            ("5", "Mama derecha ACR 2."),
        ]
    )
    first = rows.loc[("1", "")]
    assert first[["label", "density", "status", "rule", "edition", "level"]].tolist() == [
        "c", "c", "labelled", "c_heterogeneously_dense", "", "exam",
    ]  # fmt: skip
    assert first["evidence"] == "Mamas heterogéneamente dendas"
    assert rows.loc[("2", ""), "evidence"] == "Densidad b | Densidad c"
    assert rows.loc[("3", ""), ["status", "reason"]].tolist() == ["none", "no_text"]
    assert rows.loc[("4", ""), ["status", "reason"]].tolist() == ["ambiguous", "several_texts"]
    assert rows.loc[("5", "R"), ["label", "edition", "level"]].tolist() == ["b", "4", "breast"]
    assert rows.loc[("5", ""), "label"] == "b"


def test_tables_are_valid_and_private_where_they_hold_words(tmp_path):
    reports, cut = report_tables([("1", Text('HALLAZGOS:\nMamas "densas"\nACR c')), ("2", Text(""))])
    tables.write(reports, tmp_path / "reports.tsv", tables.REPORTS)
    tables.write(cut, tmp_path / "sections.tsv", tables.SECTIONS, mode=0o600)
    again = tables.read(tmp_path / "sections.tsv", tables.SECTIONS)
    assert again["text"].tolist() == ['Mamas "densas"\nACR c']
    assert stat.S_IMODE(os.stat(tmp_path / "sections.tsv").st_mode) == 0o600
    found_labels = label_exams(reports, again, rules=RULES, policy=POLICY)
    tables.write(found_labels, tmp_path / "labels.tsv", tables.LABELS)
    assert tables.read(tmp_path / "labels.tsv", tables.LABELS)["label"].tolist() == ["c", ""]


def test_no_report_at_all_gives_an_empty_table():
    reports, cut = report_tables([])
    assert len(label_exams(reports, cut, rules=RULES, policy=POLICY)) == 0


def test_audit_sets_labels_beside_the_truth(tmp_path):
    found_labels = labels([("1", "ACR b"), ("2", "Mamas densas."), ("3", "Mama derecha ACR c.")]).reset_index()
    truth = tables.frame_of(
        [
            {"exam_id": "1", "density": "b", "stated": "b"},
            {"exam_id": "2", "density": "c", "stated": "none"},
            {"exam_id": "3", "density": "c", "stated": "c"},
            {"exam_id": "4", "density": "c", "stated": ""},
            {"exam_id": "5", "density": "d", "stated": "none"},
        ],
        tables.TRUTH,
    )
    audited = audit(found_labels, truth)
    tables.write(audited, tmp_path / "audit.tsv", tables.AUDIT)
    assert audited.set_index("exam_id")["found"].to_dict() == {"1": "b", "2": "ambiguous", "3": "c", "5": "missing"}
    assert audited.set_index("exam_id")["agree"].to_dict() == {"1": True, "2": False, "3": True, "5": False}
