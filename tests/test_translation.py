"""Translation for real, on a tiny untrained Marian snapshot, and what must survive it on hand-made sentences."""

import json
import os
import re
import socket
import stat

import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from transformers import MarianMTModel, MarianTokenizer

from mammoflow import caveats, configuration, tables, tasks
from mammoflow.errors import UserError
from mammoflow.models import random_models, snapshots, translators
from mammoflow.pages import languages as page
from mammoflow.reports import fidelity, languages, translation
from mammoflow.reports.cleaning import normal
from mammoflow.reports.lexicon import load_lexicon
from mammoflow.reports.sections import sections_of
from mammoflow.translations import Translation, translated
from tests.conftest import REPO

MADE_OF = (REPO / "resources/translation/sentences.txt").read_text(encoding="utf-8").splitlines()
SENTENCES = [
    "Mamas grasas.",
    "Mamas densas.",
    "Sin cambios.",
    "Control anual.",
    "Piel y pezón normales.",
    "No se observan nódulos.",
    "Densidad ACR tipo c.",
]
SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
# It is for a normaliser that the tokenizer does not call.
pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
TASK = tasks.load(REPO / "resources/tasks/density.yaml")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translator")
    random_models.make_translator(folder, sentences=MADE_OF)
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def translator(snapshot):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield translators.load(snapshot)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def at_once(translator, tmp_path_factory):
    """The sentences translated in one go, and where they are kept."""
    folder = tmp_path_factory.mktemp("translations")
    made, n = translated([*SENTENCES, *SENTENCES], translator, folder=folder)
    assert n == len(SENTENCES)
    return made, folder


@pytest.fixture(scope="module")
def lexicon():
    return load_lexicon(REPO / "resources/lexicons/mammography.yaml")


def fits_all(_):
    return True


# The snapshot


def test_the_layout_is_that_of_opus_mt(snapshot, translator):
    assert {path.name for path in snapshot.iterdir()} == {
        "config.json", "generation_config.json", "pytorch_model.bin", "source.spm", "target.spm",
        "tokenizer_config.json", "vocab.json",
    }  # fmt: skip
    config = json.loads((snapshot / "config.json").read_text())
    assert (config["model_type"], config["architectures"]) == ("marian", ["MarianMTModel"])
    vocabulary = json.loads((snapshot / "vocab.json").read_text())
    assert vocabulary["</s>"] == config["eos_token_id"] == 0
    assert vocabulary["<unk>"] == 1
    assert vocabulary["<pad>"] == config["pad_token_id"] == config["decoder_start_token_id"] == len(vocabulary) - 1
    weights = torch.load(snapshot / "pytorch_model.bin", weights_only=True)
    assert {"final_logits_bias", "model.shared.weight"} <= set(weights)
    assert isinstance(translator.model, MarianMTModel)
    assert isinstance(translator.tokenizer, MarianTokenizer)
    assert translator.model.generation_config.num_beams == 4
    assert translator.tokenizer.tokenize(MADE_OF[0]).count("<unk>") == 0


def test_two_snapshots_are_the_same_bytes(snapshot, tmp_path):
    random_models.make_translator(tmp_path / "again", sentences=MADE_OF)
    first, again = (snapshots.account(one, source="random") for one in (snapshot, tmp_path / "again"))
    assert first.to_dict("list") == again.to_dict("list")


def test_what_was_written_is_what_is_loaded(snapshot, translator):
    written = torch.load(snapshot / "pytorch_model.bin", weights_only=True)
    loaded = translator.model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in written.items())
    # Places are in no snapshot: they are computed anew.
    config = translator.model.config
    fresh = MarianMTModel(config).model.encoder.embed_positions.weight
    assert torch.equal(translator.model.model.encoder.embed_positions.weight, fresh)


def test_a_local_folder_is_copied_without_what_loading_does_not_need(snapshot, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for path in snapshot.iterdir():
        (source / path.name).write_bytes(path.read_bytes())
    for name in ("README.md", "tf_model.h5", "flax_model.msgpack"):
        (source / name).write_text("not needed")
    files = snapshots.fetch_translator(f"local-dir:{source}", "main", tmp_path / "copy")
    expected = snapshots.account(snapshot, source=f"local-dir:{source}")
    assert files.to_dict("list") == expected.to_dict("list")
    # Another revision, with safetensors: its weights alone are taken.
    translators.load(source).model.save_pretrained(source)
    snapshots.fetch_translator(f"local-dir:{source}", "main", tmp_path / "copy")
    weights = {"model.safetensors", "pytorch_model.bin"} & {path.name for path in (tmp_path / "copy").iterdir()}
    assert weights == {"model.safetensors"}
    assert translators.load(tmp_path / "copy").translate(["Sin cambios."])


def test_safetensors_are_loaded_where_both_are_there(snapshot, tmp_path):
    for path in snapshot.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    other = translators.load(tmp_path).model
    with torch.no_grad():
        other.final_logits_bias += 1
    other.save_pretrained(tmp_path)
    loaded = translators.load(tmp_path).model
    assert torch.equal(loaded.final_logits_bias, other.final_logits_bias)


def test_weights_with_code_in_them_are_refused(snapshot, tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    for path in snapshot.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    torch.save({"model.shared.weight": Trap()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(Exception, match="Weights only load failed"):
        translators.load(tmp_path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["config.json", "source.spm", "vocab.json", "pytorch_model.bin"])
def test_what_a_snapshot_lacks_is_named(snapshot, tmp_path, name):
    source = tmp_path / "source"
    source.mkdir()
    for path in snapshot.iterdir():
        if path.name != name:
            (source / path.name).write_bytes(path.read_bytes())
    lacks = "its weights (model.safetensors)" if name == "pytorch_model.bin" else name
    with pytest.raises(UserError, match=f"lacks {re.escape(lacks)}; name a whole snapshot"):
        snapshots.fetch_translator(f"local-dir:{source}", "main", tmp_path / "copy")


def test_a_folder_that_cannot_be_a_source_is_refused(snapshot, tmp_path):
    with pytest.raises(UserError, match="is not there"):
        snapshots.fetch_translator(f"local-dir:{tmp_path / 'nowhere'}", "main", tmp_path / "copy")
    with pytest.raises(UserError, match="allowed: another folder"):
        snapshots.fetch_translator(f"local-dir:{snapshot}", "main", snapshot)
    assert (snapshot / "pytorch_model.bin").is_file()
    with pytest.raises(UserError, match=r"config\.json is not there"):
        translators.load(tmp_path / "nowhere")


# The model


def test_translations_are_transformers_own(snapshot, translator):
    model, tokenizer = MarianMTModel.from_pretrained(snapshot), MarianTokenizer.from_pretrained(snapshot)
    ended = []
    for batch in translator.batches(SENTENCES):
        for sentence, found in zip(batch, translator.translate(batch), strict=True):
            inputs = tokenizer([sentence], return_tensors="pt")
            most = 3 * inputs["input_ids"].shape[1]
            output = model.generate(**inputs, max_length=most)
            assert found.text == tokenizer.decode(output[0], skip_special_tokens=True).strip()
            ended.append(found.ended)
            assert found.ended == (output.shape[1] < most or int(output[0, -2]) == model.config.pad_token_id)
    assert {True, False} == set(ended)


def test_a_batch_holds_sentences_of_one_length_and_each_sentence_once(translator):
    many = [*SENTENCES, *(f"Mamas {word}." for word in ("densas", "grasas", "mixtas", "grandes"))]
    batches = translator.batches(many)
    assert sorted(sentence for batch in batches for sentence in batch) == sorted(set(many))
    for batch in batches:
        assert len({len(translator.tokenizer(sentence)["input_ids"]) for sentence in batch}) == 1
        assert len(batch) <= translators.BATCH["cpu"]
    assert translator.batches([]) == []


def test_a_translation_does_not_depend_on_what_is_beside_it(translator, at_once):
    together, _ = at_once
    shared = [batch for batch in translator.batches(SENTENCES) if len(batch) > 1]
    assert shared
    for batch in shared:
        assert translator.translate(batch[::-1]) == [together[sentence] for sentence in batch[::-1]]
        for sentence in batch:
            assert translator.translate([sentence]) == [together[sentence]]


def test_what_is_too_long_is_divided_and_never_cut_off(translator, lexicon):
    long = "HALLAZGOS: " + ", ".join(f"nódulo número {n} de {n} mm en la mama izquierda" for n in range(1, 120)) + "."
    found = translation.pieces(long, lexicon, translator.fits)
    sentences = [piece.text for piece in found if piece.is_sentence]
    assert len(sentences) > 3
    assert all(translator.fits(sentence) for sentence in sentences)
    assert "".join(piece.text for piece in found) == long
    assert all(sentence.endswith((",", ".")) for sentence in sentences)
    with pytest.raises(ValueError, match="tokens"):
        translator.translate([long])
    blob = "x" * 3000
    assert "".join(piece.text for piece in translation.divided(blob, translator.fits)) == blob


# The cache


def kept(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_sentence_is_translated_once(translator, at_once):
    made, folder = at_once
    assert sorted(made) == sorted(SENTENCES)
    files = kept(folder)
    rows = [row for name in files for row in json.loads((folder / name).read_text(encoding="utf-8"))]
    assert sorted(row["source"] for row in rows) == sorted(SENTENCES)
    again, n = translated(SENTENCES[::-1], translator, folder=folder)
    assert n == 0
    assert again == made
    assert kept(folder) == files


def test_the_cache_changes_nothing(translator, at_once, tmp_path):
    translated(SENTENCES[1::3], translator, folder=tmp_path)
    first = kept(tmp_path)
    found, n = translated(SENTENCES, translator, folder=tmp_path)
    assert n == len(SENTENCES) - len(SENTENCES[1::3])
    assert kept(tmp_path).items() >= first.items()
    assert found == at_once[0]


def test_only_the_owner_can_read_the_cache(at_once):
    assert {stat.S_IMODE(path.stat().st_mode) for path in at_once[1].iterdir()} == {0o600}


class Killed(BaseException):
    pass


def test_a_killed_run_loses_one_batch_at_most(translator, at_once, tmp_path):
    def die_at_the_third(batches):
        for n, batch in enumerate(batches):
            if n == 2:
                raise Killed
            yield batch

    batches = translator.batches(SENTENCES)
    assert len(batches) > 3
    with pytest.raises(Killed):
        translated(SENTENCES, translator, folder=tmp_path, progress=die_at_the_third)
    assert len(kept(tmp_path)) == 2
    # What atomic writing leaves behind when the machine itself dies.
    (tmp_path / ".abc.json").write_text('[{"source": "Mam')
    found, n = translated(SENTENCES, translator, folder=tmp_path)
    assert n == len(SENTENCES) - len(batches[0]) - len(batches[1])
    assert found == at_once[0]


@pytest.mark.parametrize("content", ["", "[{}]", '[{"source": "Mamas densas."', "5"])
def test_a_damaged_file_is_named_but_not_quoted(translator, tmp_path, content):
    (tmp_path / "one.json").write_text(content)
    with pytest.raises(UserError, match=r"one\.json is damaged; delete it and run again") as caught:
        translated(SENTENCES, translator, folder=tmp_path)
    assert "Mamas" not in str(caught.value)


# What must survive


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Mamas con densidad tipo a, según ACR.", "Breasts with type A density, according to ACR."),
        ("(ACR: b)", "(ACR: b)"),
        ("Densidad mamaria tipo C del ACR.", "ACR type C breast density."),
        ("Categorías a, b, c y d.", "Categories a, b, c and d."),
        ("Densidad a-b.", "Density a-b."),
        ("Composición de la mama: a.", "Breast composition: a."),
        ("BI-RADS 4A en mama derecha.", "BI-RADS 4A in the right breast."),
        ("BIRADS 4-B", "BIRADS 4B"),
        ("Tipo de tejido mamario: A.", "Type of breast tissue: A."),
        ("Densidad (A.C.R.): b", "ACR density: b"),
        ("BI-RADS 5a. edición.", "BI-RADS 5th edition."),
        ("Estimado(a) colega:", "Dear colleague:"),
        ("Control en 4 a 6 meses.", "Follow-up in 4 to 6 months."),
        ("CONTROL EN 4 A 6 MESES.", "FOLLOW-UP IN 4 TO 6 MONTHS."),
        ("BI-RADS 3: control a corto plazo.", "BI-RADS 3: short-term follow-up."),
        ("Asimetría de densidad a nivel retroareolar izquierdo.", "Density asymmetry at the left retroareolar level."),
        ("Nódulo a 3 cm del pezón, en relación a un quiste.", "A nodule at 3 cm from the nipple, related to a cyst."),
        ("Patrón mamario tipo II.", "Type II breast pattern."),
        ("Patrón ACR tipo iii", "ACR type III pattern"),
        ("Quiste de 1,5 cm.", "Cyst of 1.5 cm."),
        ("Estudio del 03/05/2019.", "Study of 05/03/2019."),
        ("Edición 5.ª", "5th edition"),
        ("Ambas mamas son grasas.", "Both breasts are fatty."),
        ("Afectación bilateral.", "Involvement of both sides."),
        ("Nódulos en mama derecha e izquierda.", "Nodules in both the right and left breast."),
        ("MD: sin hallazgos. MI: quiste.", "RB: no findings. LB: cyst."),
        ("Contraste c/ gadolinio.", "Contrast with gadolinium."),
        ("No se aconseja.", "I'd not recommend it."),
        ("Tejido de tipo benigno.", "A type of benign tissue."),
        ("Sin cambios.", "No change."),
    ],
)
def test_what_survived_is_no_change(source, target):
    assert fidelity.changed(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "kinds"),
    [
        ("Mamas tipo a.", "Breasts type to.", ["codes"]),
        ("Densidad ACR b.", "ACR density.", ["codes"]),
        ("Tipo de tejido: A.", "Type of tissue: to.", ["codes"]),
        ("Densidad ACR b.", "ACR density c.", ["codes"]),
        ("Mamas densas, c.", "Dense breasts.", ["codes"]),
        ("BI-RADS 4A.", "BI-RADS 4.", ["codes"]),
        ("Densidad mamaria: (a)", "Breast density: ()", ["codes"]),
        ("ACR b.", "ACR b, b.", ["codes"]),
        ("Nódulo de 12 mm.", "Nodule of 1.2 mm.", ["numbers"]),
        ("Nódulo de 12 mm.", "Nodule.", ["numbers"]),
        ("Dos quistes.", "2 cysts.", ["numbers"]),
        ("Patrón tipo III.", "Pattern type II.", ["numerals"]),
        ("Patrón tipo I.", "Pattern type.", ["numerals"]),
        ("Patrón tipo II.", "Pattern type 2.", ["numbers", "numerals"]),
        ("Nódulo en mama derecha.", "Nodule in the left breast.", ["sides"]),
        ("Nódulo en mama izquierda.", "Nodule in the breast.", ["sides"]),
        ("En ambas mamas.", "In the breasts.", ["sides"]),
        ("Mama derecha: BI-RADS 2, ACR c.", "Breast: BI-RADS, ACR.", ["codes", "numbers", "sides"]),
    ],
)
def test_what_did_not_survive_is_named(source, target, kinds):
    assert fidelity.changed(source, target) == kinds


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(source, target):
    assert fidelity.changed(source, source) == []
    assert set(fidelity.changed(source, target)) <= set(fidelity.KINDS)


# Reports in pieces

WORDS = ("mamas", "densas", "Nódulo", "de", "1.5", "cm", "ACR", "c", "Dr.", "BI-RADS", "2", "¿", "tipo", "aprox.", "—")
MARKS = (" ", ". ", "? ", ", ", "; ", ": ", ".", "\n", "\n\n", "\n- ", "\n1) ", ".\n• ", "  ")


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS), st.text(max_size=5)), max_size=40))
def test_pieces_joined_are_the_text(parts):
    text = "".join(parts)
    assert "".join(piece.text for piece in translation.split(text)) == text


@given(st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=60), st.integers(1, 30))
def test_a_divided_sentence_joined_is_the_sentence(parts, most):
    sentence = "".join(parts)
    found = translation.divided(sentence, lambda text: len(text) <= most)
    assert "".join(piece.text for piece in found) == sentence
    assert all(len(piece.text) <= most for piece in found if piece.is_sentence)


LINES = (
    "HALLAZGOS:", "Hallazgos: mamas densas.", "IMPRESIÓN DIAGNÓSTICA:", "Mamas densas, ACR c. Sin nódulos.",
    "BI-RADS 2.", "MAMOGRAFÍA BILATERAL", "Densidad mamaria: tipo b", "- Piel normal.", "1) Quiste de 5 mm", "",
    "Control en un año.",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=12))
def test_nothing_of_a_report_is_lost_between_pieces(lexicon, lines):
    text = normal("\n".join(lines))
    joined = "".join(piece.text for piece in translation.pieces(text, lexicon, fits_all))
    # Lines that only the page's width broke are joined.
    assert joined.replace("\n", " ") == text.replace("\n", " ")


def test_headers_bullets_and_codes_alone_are_no_sentences(lexicon):
    text = "HALLAZGOS: Mamas densas. Piel normal.\n- Quiste de aprox. 5 mm, Dr. Pérez.\n1) ACR c.\n"
    text += "\nCONCLUSIÓN:\nBI-RADS 2.\n"
    found = translation.pieces(text, lexicon, fits_all)
    assert [piece.text for piece in found if piece.is_sentence] == [
        "Mamas densas.", "Piel normal.", "Quiste de aprox. 5 mm, Dr. Pérez.",
    ]  # fmt: skip
    between = "".join(piece.text for piece in found if not piece.is_sentence)
    assert all(word in between for word in ("HALLAZGOS: ", "- ", "1) ", "ACR c.", "CONCLUSIÓN:", "BI-RADS 2."))


# Whole reports

SPANISH = "HALLAZGOS:\nMamas densas. Nódulo de 5 mm en la mama derecha.\n\nIMPRESIÓN: BI-RADS 2. ACR tipo c de la mama."
ENGLISH = {
    "Mamas densas.": "Dense breasts.",
    "Nódulo de 5 mm en la mama derecha.": "Nodule of 5 mm in the right breast.",
    "ACR tipo c de la mama.": "ACR type c of the breast.",
    "Quiste en la mama izquierda.": "Cyst in the breast.",
}


def tables_of(*rows):
    """Reports and texts from (exam, language, status, text)."""
    reports = [
        {"exam_id": exam, "texts": 1, "language": language, "status": status, "reason": "", "sections": ""}
        for exam, language, status, _ in rows
    ]
    texts = [
        {"exam_id": exam, "exam": f"own {exam}", "text": text} for exam, _, status, text in rows if status == "parsed"
    ]
    return tables.frame_of(reports, tables.REPORTS), tables.frame_of(texts, tables.TEXTS)


def from_dictionary(sentences):
    return {sentence: Translation(ENGLISH[sentence], ended=True) for sentence in sentences}


@pytest.fixture
def reports(lexicon):
    rows = [
        ("e1", "es", "parsed", SPANISH),
        ("e2", "en", "parsed", "FINDINGS: Dense breasts."),
        ("e3", "", "parsed", "ACR b."),
        ("e4", "", "unreadable", ""),
        ("e5", "es", "parsed", "Mamas densas.\nQuiste en la mama izquierda."),
    ]
    return translation.translate_reports(*tables_of(*rows), lexicon=lexicon, fits=fits_all, translate=from_dictionary)


def test_only_sentences_of_spanish_reports_change(reports, tmp_path):
    tables.write(reports.texts, tmp_path / "texts.tsv", tables.TEXTS)
    text = tables.read(tmp_path / "texts.tsv", tables.TEXTS).set_index("exam_id")
    assert text.loc["e1", "text"] == (
        "HALLAZGOS:\nDense breasts. Nodule of 5 mm in the right breast.\n\n"
        "IMPRESIÓN: BI-RADS 2. ACR type c of the breast."
    )
    assert text.loc["e2", "text"] == "FINDINGS: Dense breasts."
    assert text.loc["e3", "text"] == "ACR b."
    assert text.loc["e1", "exam"] == "own e1"


def test_every_report_has_one_status(reports, tmp_path):
    tables.write(reports.accounts, tmp_path / "translation.tsv", tables.TRANSLATION)
    found = tables.read(tmp_path / "translation.tsv", tables.TRANSLATION)
    assert found.to_dict("split", index=False)["data"] == [
        ["e1", "translated", 3, 0, "", ""],
        ["e2", "already_english", 0, 0, "", ""],
        ["e3", "unknown_language", 0, 0, "", ""],
        ["e4", "not_parsed", 0, 0, "", ""],
        ["e5", "translated", 2, 1, "sides", "translation_check"],
    ]


def test_the_translation_is_cut_into_the_sections_of_the_report(reports, lexicon, tmp_path):
    tables.write(reports.sections, tmp_path / "sections.tsv", tables.SECTIONS)
    text = reports.texts.set_index("exam_id")["text"]["e1"]
    own = reports.sections[reports.sections["exam_id"] == "e1"]
    assert list(own["section"]) == [section.kind for section in sections_of(SPANISH, lexicon)]
    assert text[own["start"].iloc[1] : own["end"].iloc[1]] == "BI-RADS 2. ACR type c of the breast."


@pytest.mark.parametrize("made", [Translation("", ended=True), Translation("Dense breasts.", ended=False)])
def test_an_empty_translation_or_one_cut_off_fails(lexicon, made):
    found = translation.translate_reports(
        *tables_of(("e1", "es", "parsed", "Mamas densas.")),
        lexicon=lexicon,
        fits=fits_all,
        translate=lambda sentences: dict.fromkeys(sentences, made),
    )
    assert list(found.accounts["changed"]) == ["words"]
    assert list(found.accounts["reason"]) == ["translation_check"]


def test_reports_are_translated_for_real(translator, at_once, lexicon):
    rows = [
        ("e1", "es", "parsed", "HALLAZGOS:\nMamas densas. Sin cambios.\n\nIMPRESIÓN: BI-RADS 2."),
        ("e2", "es", "parsed", "TÉCNICA: Dos vistas.\n\n" + " ".join(SENTENCES)),
    ]

    def translate(sentences):
        return translated(sentences, translator, folder=at_once[1])[0]

    first, again = (
        translation.translate_reports(*tables_of(*rows), lexicon=lexicon, fits=translator.fits, translate=translate)
        for _ in range(2)
    )
    assert first.texts.equals(again.texts)
    assert first.accounts.equals(again.accounts)
    assert list(first.accounts["sentences"]) == [2, 1 + len(SENTENCES)]
    assert first.texts["text"].str.startswith(("HALLAZGOS:\n", "TÉCNICA: ")).all()
    assert not first.texts["text"].str.contains("Mamas densas").any()


def test_no_spanish_report_is_nothing_to_do(translator, lexicon, tmp_path):
    rows = tables_of(("e1", "en", "parsed", "Dense breasts."))
    found = translation.translate_reports(
        *rows, lexicon=lexicon, fits=fits_all, translate=lambda own: translated(own, translator, folder=tmp_path)[0]
    )
    assert list(found.texts["text"]) == ["Dense breasts."]
    assert not list(tmp_path.iterdir())


# Labels by language


def labels_of(**exams):
    """Labels of exams: a class, or (status, reason)."""
    rows = []
    for exam_id, said in exams.items():
        status, reason = ("labelled", "") if isinstance(said, str) else said
        label = said if isinstance(said, str) else ""
        rows.append({"exam_id": exam_id, "label": label, "density": label, "status": status, "reason": reason})
    defaults = {"level": "exam", "rule": "code", "evidence": "ACR c", "edition": "5"}
    return tables.frame_of([defaults | row for row in rows], tables.LABELS)


def accounts_of(**exams):
    """What became of translations: "" or what they do not keep; None where nothing was translated."""
    rows = [
        {
            "exam_id": exam_id,
            "status": "already_english" if changed is None else "translated",
            "sentences": 2,
            "failed": int(bool(changed)),
            "changed": changed or "",
            "reason": "translation_check" if changed else "",
        }
        for exam_id, changed in exams.items()
    ]
    return tables.frame_of(rows, tables.TRANSLATION)


ORIGINAL = labels_of(e1="a", e2="b", e3="c", e4=("none", "no_statement"), e5="d", e6="a", e7="b")
FROM_TRANSLATION = labels_of(
    e1="a", e2="c", e3="c", e4=("none", "no_statement"), e5=("ambiguous", "hedge"), e6="a", e7=("none", "no_statement")
)
ACCOUNTS = accounts_of(e1="", e2="", e3="codes sides", e4="numbers", e5="codes", e6=None, e7="")


def test_a_translation_that_failed_gives_no_label(tmp_path):
    found = languages.withheld(FROM_TRANSLATION, ACCOUNTS)
    tables.write(found, tmp_path / "labels.tsv", tables.LABELS)
    said = found.set_index("exam_id")[["status", "label", "reason"]].T.to_dict("list")
    assert said["e1"] == ["labelled", "a", ""]
    assert said["e3"] == ["ambiguous", "", "translation_check"]
    assert said["e4"] == ["ambiguous", "", "translation_check"]
    assert said["e5"] == ["ambiguous", "", "hedge"]
    assert said["e6"] == ["labelled", "a", ""]
    assert list(FROM_TRANSLATION["label"]) == ["a", "c", "c", "", "", "a", ""]


def test_every_row_of_an_exam_that_failed_is_withheld():
    both = pd.concat([FROM_TRANSLATION, FROM_TRANSLATION.assign(side="L", level="breast")], ignore_index=True)
    found = languages.withheld(both, ACCOUNTS)
    own = found[found["exam_id"] == "e3"]
    assert set(own["status"]) == {"ambiguous"}
    assert set(own["side"]) == {"", "L"}


def test_languages_are_compared_where_a_report_was_translated(tmp_path):
    found = languages.compare(ORIGINAL, FROM_TRANSLATION, ACCOUNTS)
    tables.write(found, tmp_path / "languages.tsv", tables.LANGUAGES)
    found = tables.read(tmp_path / "languages.tsv", tables.LANGUAGES)
    assert found.to_dict("split", index=False)["data"] == [
        ["e1", "a", "a", "", True],
        ["e2", "b", "c", "", False],
        ["e3", "c", "ambiguous", "translation_check", False],
        ["e4", "none", "ambiguous", "translation_check", False],
        ["e5", "d", "ambiguous", "hedge", False],
        ["e7", "b", "none", "no_statement", False],
    ]


def test_the_page_says_how_often_they_disagree():
    shown = page.of_run(
        languages.compare(ORIGINAL, FROM_TRANSLATION, ACCOUNTS), ACCOUNTS, task=TASK, language="original"
    )
    assert "come from the reports as they were written" in shown.about
    assert "agree in 1 of 6 translated reports and disagree in 5, which is 83.3 %" in shown.about
    assert "different classes: 1; a class from the report only: 3; a class from the translation only: 0" in shown.about
    assert "In 2 the translation gives no label" in shown.about
    crossed, became, changed = shown.tables
    assert (TASK.of("b").name + " (b)", 0, 0, 1, 0, 0, 1) in crossed.rows
    assert ("translated", "translation_check", 3) in became.rows
    assert changed.rows[0][1] == 2
    assert [row[1] for row in changed.rows] == [2, 1, 0, 1, 0]


def test_a_run_that_translated_nothing_says_so():
    compared = languages.compare(ORIGINAL, ORIGINAL, accounts_of(e1=None))
    shown = page.of_run(compared, accounts_of(e1=None), task=TASK, language="translation")
    assert "nothing to compare" in shown.about
    assert shown.tables[0].rows == []


# The configuration


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"labels": {"language": "translation"}},
            "config: labels.language is 'translation'; allowed: original, as translate.engine is 'none'",
        ),
        ({"translate": {"engine": "google"}}, "config: translate.engine is 'google'; allowed: none, marian"),
        ({"translate": {"source": "opus"}}, "config: translate.source is 'opus'; allowed: text, of the form"),
        (
            {
                "dataset": {"kind": "cdd_cesm", "root": "data", "variant": "subtracted"},
                "labels": {"source": "dataset", "level": "breast"},
                "translate": {"engine": "marian"},
            },
            "config: translate.engine is 'marian'; allowed: none, as labels.source is 'dataset'",
        ),
    ],
)
def test_a_wrong_setting_is_answered_in_one_line(settings, said):
    config = SHIPPED | {key: SHIPPED[key] | own if key != "dataset" else own for key, own in settings.items()}
    with pytest.raises(UserError) as caught:
        configuration.check(config, REPO / "workflow/schemas/config.schema.yaml")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_labels_of_translations_are_allowed_where_there_is_an_engine():
    config = SHIPPED | {
        "labels": SHIPPED["labels"] | {"language": "translation"},
        "translate": SHIPPED["translate"] | {"engine": "marian"},
    }
    configuration.check(config, REPO / "workflow/schemas/config.schema.yaml")


def test_pages_about_labels_say_what_an_untrained_translation_is_worth():
    untrained = SHIPPED | {"translate": SHIPPED["translate"] | {"engine": "marian"}}
    assert caveats.UNTRAINED_TRANSLATION in caveats.of_labels(untrained)
    for trained in (SHIPPED, untrained | {"weights": "pretrained"}):
        assert caveats.UNTRAINED_TRANSLATION not in caveats.of_labels(trained)
    assert not any("Labels come from translations" in said for said in caveats.of_labels(untrained))
    chosen = untrained | {"labels": SHIPPED["labels"] | {"language": "translation"}}
    assert any("Labels come from translations" in said for said in caveats.of_labels(chosen))


# The workflow


@pytest.fixture(scope="module")
def workflow_run(snapshot, snakemake_run, tmp_path_factory):
    """A folder in which three reports were translated with a model of a local folder."""
    directory = tmp_path_factory.mktemp("run")
    (directory / "reports").mkdir()
    texts = {
        "1001": "HALLAZGOS: Mamas heterogéneamente densas, ACR tipo c.\nCicatriz que refiere la señora Gumersinda.\n",
        "1002": "HALLAZGOS: Las mamas son casi completamente grasas.\n\nIMPRESIÓN: BI-RADS 2.\n",
        "1003": "FINDINGS: There are scattered areas of fibroglandular density in both breasts.\n",
    }
    for exam, text in texts.items():
        (directory / f"reports/{exam}.txt").write_text(text, encoding="utf-8")
    settings = {
        "dataset": {"kind": "folder", "reports": "reports"},
        "weights": "pretrained",
        "translate": {"engine": "marian", "source": f"local-dir:{snapshot}"},
    }
    (directory / "mine.yaml").write_text(yaml.safe_dump(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        done = snakemake_run(directory, "results/labels/languages.tsv", "--configfile", directory / "mine.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    return directory


@pytest.mark.workflow
def test_reports_are_translated_by_the_workflow(workflow_run, snapshot):
    accounts = tables.read(workflow_run / "results/reports/translation.tsv", tables.TRANSLATION)
    assert sorted(accounts["status"]) == ["already_english", "translated", "translated"]
    compared = tables.read(workflow_run / "results/labels/languages.tsv", tables.LANGUAGES)
    assert sorted(compared["original"]) == ["a", "c"]
    files = tables.read(workflow_run / "results/models/translator.tsv", tables.MODEL_FILES)
    expected = snapshots.account(snapshot, source=f"local-dir:{snapshot}")
    assert files.to_dict("list") == expected.to_dict("list")
    texts = tables.read(workflow_run / "private/translations/texts.tsv", tables.TEXTS)
    assert set(texts["exam"]) == {"1001", "1002", "1003"}
    assert not texts["text"].str.contains("Cicatriz").any()


@pytest.mark.workflow
def test_words_of_reports_stay_private(workflow_run):
    holding = [
        path.relative_to(workflow_run)
        for path in workflow_run.rglob("*")
        if path.is_file() and b"Gumersinda" in path.read_bytes()
    ]
    assert {path.parts[0] for path in holding} == {"private", "reports"}
    cached = list(workflow_run.glob("private/work/translations/*/*.json"))
    assert cached
    private = [*cached, *workflow_run.glob("private/translations/*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE((workflow_run / "private").stat().st_mode) == 0o700


@pytest.mark.workflow
def test_labels_can_be_taken_from_translations(workflow_run, snakemake_run):
    settings = yaml.safe_load((workflow_run / "mine.yaml").read_text()) | {"labels": {"language": "translation"}}
    (workflow_run / "translation.yaml").write_text(yaml.safe_dump(settings))
    target = ["results/labels/labels.tsv", "-n", "--configfile", workflow_run / "translation.yaml"]
    done = snakemake_run(workflow_run, *target)
    assert done.returncode == 0, done.stdout[-6000:]
    planned = dict(re.findall(r"^(?:local)?rule (\w+):\n    input: (.*)$", done.stdout, flags=re.MULTILINE))
    assert set(planned) == {"extract_labels", "withhold_labels"}
    assert "private/translations/texts.tsv" in planned["extract_labels"]
    assert "results/reports/translation.tsv" in planned["withhold_labels"]
