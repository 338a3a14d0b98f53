import re
from dataclasses import replace

import pytest
import yaml

from mammoflow import tables, tasks
from mammoflow.errors import UserError
from mammoflow.reports import cleaning
from mammoflow.reports.classing import classed
from mammoflow.reports.extraction import label_exams
from mammoflow.reports.mentions import find_mentions
from mammoflow.reports.rules import load_rules
from tests.reading_reports import (
    CLASSES,
    LEXICON,
    LEXICON_FILE,
    POLICIES,
    RULES,
    RULES_FILE,
    findings,
    found,
    rules_with,
)

DATA = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))
WORDS = yaml.safe_load(LEXICON_FILE.read_text(encoding="utf-8"))


def reason(text):
    return findings(text)[""].reason


def mentions(text, rules=RULES):
    words = LEXICON.reader.read(cleaning.clean(cleaning.normal(text), LEXICON.speller.is_word).text)
    return find_mentions(words, rules)


def extracted(texts, **statuses):
    """What is extracted of exams that have these texts, and of others that have a status and a reason only."""
    rows = [{"exam_id": exam, "texts": 1, "status": "parsed", "reason": ""} for exam in texts]
    rows += [{"exam_id": exam, "texts": 1, "status": of[0], "reason": of[1]} for exam, of in statuses.items()]
    held = [{"exam_id": exam, "exam": exam, "text": cleaning.normal(text)} for exam, text in texts.items()]
    return label_exams(
        tables.frame_of(rows, tables.REPORTS),
        tables.frame_of(held, tables.TEXTS),
        lexicon=LEXICON,
        rules=RULES,
        sides_differ="ambiguous",
    )


# Rules as data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", DATA["rules"], ids=lambda rule: rule["id"])
def test_rule_matches_its_example_and_not_its_counter_example(rule):
    assert rule["id"] in [mention.rule for mention in mentions(rule["example"])]
    assert rule["id"] not in [mention.rule for mention in mentions(rule["counter"])]


@pytest.mark.parametrize("number", range(len(DATA["contexts"])), ids=lambda number: DATA["contexts"][number]["id"])
def test_context_holds_for_its_example_and_not_for_its_counter_example(number):
    entry = DATA["contexts"][number]
    alone = replace(RULES, contexts=(RULES.contexts[number],))
    if entry["where"] == "exam":
        assert findings(entry["example"], rules=alone)[""].reason == entry["id"]
        assert found(entry["counter"], rules=alone) in CLASSES
        return
    assert all(one.rejected or one.unclear for one in mentions(entry["example"], alone))
    assert mentions(entry["example"], alone)
    assert any(not one.rejected and not one.unclear for one in mentions(entry["counter"], alone))


@pytest.mark.parametrize("mask", DATA["masks"], ids=lambda mask: mask["id"])
def test_mask_covers_its_example_and_not_its_counter_example(mask):
    pattern = RULES.masks[DATA["masks"].index(mask)]
    assert pattern.search(LEXICON.reader.read(mask["example"]).text)
    assert not pattern.search(LEXICON.reader.read(mask["counter"]).text)


def test_ids_are_unique_and_no_pattern_captures_anything_but_codes():
    for kind in ("rules", "contexts", "masks"):
        ids = [entry["id"] for entry in DATA[kind]]
        assert len(set(ids)) == len(ids)
    assert all(not (rule.classes and rule.pattern.groups) for rule in RULES.rules)


def literal_words():
    """Words that stand in the patterns as they are, with the letters in brackets and without."""
    patterns = [*DATA["macros"].values(), *(cue for cues in DATA["sides"].values() for cue in cues.values())]
    for entry in [*DATA["masks"], *DATA["rules"], *DATA["contexts"]]:
        for key in ("pattern", "needs", "unless", "unless_before", "unless_said", "unless_after"):
            patterns += [entry.get(key, "")] if isinstance(entry.get(key, ""), str) else entry[key]
    for pattern in patterns:
        for stem, choice, rest in re.findall(r"(?<![\\a-z])([a-z]{3,})(?:\[([a-z]+)\])?([a-z]*)(?![\w(])", pattern):
            yield from (stem + letter + rest for letter in choice or [""])


def test_spelling_leaves_every_word_of_the_patterns_alone():
    words = set(literal_words())
    assert len(words) > 300
    read = {word: LEXICON.speller.correct(word)[0] for word in words}
    assert {word: read_as for word, read_as in read.items() if read_as != word} == {}


def test_long_words_of_the_patterns_are_put_right_where_they_are_misspelt():
    # A cue that is missed for a wrong letter (anteriormente, probablemente) could make a label of a doubt.
    known = set(WORDS["words"]) | set(WORDS["protected"])
    months = {"december", "february", "november", "september", "diciembre", "septiembre", "setiembre", "noviembre"}
    assert {word for word in literal_words() if len(word) > 8} - known - months == set()


def test_rules_of_something_else_or_with_an_unknown_class_are_refused(tmp_path):
    with pytest.raises(UserError, match="rules for density, not for tissue"):
        load_rules(RULES_FILE, attribute="tissue", policies=POLICIES)
    broken = tmp_path / "rules.yaml"
    broken.write_text(RULES_FILE.read_text().replace("{a: a, b: b,", "{a: a, b: z,"))
    with pytest.raises(UserError, match="z is no class; allowed: a, b, c, d"):
        load_rules(broken, attribute="density", policies=POLICIES)
    broken.write_text("attribute: density\n")
    with pytest.raises(UserError, match="no file of rules"):
        load_rules(broken, attribute="density", policies=POLICIES)


DENSE = tasks.load(RULES_FILE.parent.parent / "tasks/dense.yaml")


@pytest.mark.parametrize(
    ("rows", "exam"),
    [
        ([("", "a", "labelled", "")], ("non_dense", "a", "labelled", "")),
        ([("", "d", "labelled", "")], ("dense", "d", "labelled", "")),
        ([("", "", "ambiguous", "hedge")], ("", "", "ambiguous", "hedge")),
        # Breasts of two letters, of one class or of two.
        (
            [("", "", "ambiguous", "sides_differ"), ("L", "c", "labelled", ""), ("R", "d", "labelled", "")],
            ("dense", "", "labelled", ""),
        ),
        (
            [("", "", "ambiguous", "sides_differ"), ("L", "b", "labelled", ""), ("R", "c", "labelled", "")],
            ("", "", "ambiguous", "sides_differ"),
        ),
        (
            [("", "d", "labelled", ""), ("L", "c", "labelled", ""), ("R", "d", "labelled", "")],
            ("dense", "d", "labelled", ""),
        ),
    ],
)
def test_letters_become_classes_of_a_task(rows, exam):
    extracted = [
        {"exam_id": "1", "side": side, "label": letter, "density": letter, "status": status, "reason": reason}
        | {"level": "breast" if side else "exam", "image_id": "", "rule": "r", "evidence": "", "edition": ""}
        for side, letter, status, reason in rows
    ]
    found = classed(tables.frame_of(extracted, tables.LABELS), DENSE).set_index("side")
    tables.LABELS.schema.validate(found.reset_index()[list(tables.LABELS.columns)])
    assert tuple(found.loc["", ["label", "density", "status", "reason"]]) == exam
    for side, letter, *_ in rows[1:]:
        assert tuple(found.loc[side, ["label", "density"]]) == (DENSE.classify(letter), letter)


@pytest.mark.parametrize(
    ("text", "policy", "plain"),
    [
        ("Mamas de predominio graso.", "mostly_fatty", "a"),
        ("Mamas parcialmente grasas.", "partly_fatty", "ambiguous"),
        ("Patrón mixto.", "mixed", "ambiguous"),
        ("Mamas moderadamente densas.", "moderately_dense", "ambiguous"),
        ("Mamas densas.", "dense", "ambiguous"),
    ],
)
def test_a_policy_says_what_a_vague_wording_means(text, policy, plain):
    assert found(text) == plain
    assert found(text, rules=rules_with(**{policy: "c"})) == "c"
    assert found(text, rules=rules_with(**{policy: "ambiguous"})) == "ambiguous"


def test_edition_4_gives_labels_or_doubts_as_the_policy_says():
    careful = rules_with(edition_4="ambiguous")
    for text in ("Mamas sin lesiones, densidad ACR 3.", "Patrón glandular tipo II de la ACR.", "Densidad 4."):
        assert found(text) in CLASSES
        assert found(text, rules=careful) == "ambiguous"
        assert findings(text, rules=careful)[""].reason == "edition_4"
    assert found("Densidad ACR c.", rules=careful) == "c"
    # They still contradict.
    assert found("Densidad ACR 3. Densidad b.", rules=careful) == "ambiguous"


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
        ("Breasts were extremely dense in 2017.", "only_prior"),
        ("ACR c en el estudio anterior.", "only_prior"),
        ("En 2018 las mamas eran extremadamente densas.", "only_prior"),
        ("Paciente con historia de mamas extremadamente densas.", "only_prior"),
        ("Hamartoma con tejido graso y fibroglandular disperso.", "only_lesion"),
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
            "no_statement",
        ),
        (
            "HALLAZGOS: sin masas.\n• Casi completamente grasas\n• Tejido fibroglandular disperso\n"
            "• Heterogéneamente densas\n• Extremadamente densas",
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
        ("ACR tipo c?", "uncertain"),
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


# Tables ------------------------------------------------------------------------------------------------------------


def test_every_exam_has_a_label_row_with_rule_and_evidence():
    found_in = extracted(
        {
            "1": "Nombre: Ana. Mamas heterogéneamente  dendas. BI-RADS 1.",
            "2": "Densidad b. Densidad c.",
            "5": "Mama derecha ACR 2.",
        },
        **{"3": ("empty", "no_text"), "4": ("duplicate", "several_texts")},
    )
    rows = found_in.labels.set_index(["exam_id", "side"])
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


def test_mentions_and_corrections_stand_at_their_places_in_the_text_as_it_was_read(tmp_path):
    text = (
        "H A L L A Z G O S:\t\tMamas   hetero-\ngéneamente  dendas (ACR c).\n\nPrevio ACR b; "
        "mamas sin n0dulos ni microcalsificaciones."
    )
    found_in = extracted({"1": text})
    said = {(row.rule, text[row.start : row.end], row.status) for row in found_in.mentions.itertuples()}
    assert ("c_heterogeneously_dense", "Mamas   hetero-\ngéneamente  dendas", "counted") in said
    assert ("acr_code", "ACR b", "rejected") in said
    corrections = {text[row.start : row.end]: (row.read_as, row.kind) for row in found_in.corrections.itertuples()}
    assert corrections == {
        "dendas": ("densas", "spelling"),
        "n0dulos": ("nodulos", "characters"),
        "microcalsificaciones": ("microcalcificaciones", "spelling"),
    }
    for name, table in (("mentions", tables.MENTIONS), ("corrections", tables.CORRECTIONS), ("labels", tables.LABELS)):
        tables.write(getattr(found_in, name), tmp_path / f"{name}.tsv", table)
        assert len(tables.read(tmp_path / f"{name}.tsv", table)) == len(getattr(found_in, name))


def test_no_report_at_all_gives_empty_tables():
    found_in = extracted({})
    assert (len(found_in.labels), len(found_in.mentions), len(found_in.corrections)) == (0, 0, 0)


def test_reports_and_texts_that_are_not_of_the_same_exams_are_refused():
    reports = tables.frame_of([{"exam_id": "1", "texts": 1, "status": "parsed"}], tables.REPORTS)
    with pytest.raises(ValueError, match="1 parsed reports, but 0 texts"):
        label_exams(reports, tables.empty(tables.TEXTS), lexicon=LEXICON, rules=RULES, sides_differ="ambiguous")


@pytest.mark.parametrize(
    "piece", ["densidad ", "acr b , ", "[ ] a [x] b ", "d e n s i d a d ", "1", "1l0O5S8B", "(", "\n"]
)
def test_endless_text_is_read_like_any_other(piece):
    assert found(piece * 2000) in [*CLASSES, "none", "ambiguous"]
