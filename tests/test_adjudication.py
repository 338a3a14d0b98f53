"""A person's word: what is listed for it, how it is read, and what follows from it."""

import copy
import re
from itertools import pairwise

import openpyxl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import caveats, configuration, inputs, layouts, tables, tasks
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms, load_key
from mammoflow.reports import quotes, records
from mammoflow.reports.adjudication import Correction, adjudicate, names_of, read_corrections, review
from tests.conftest import REPO
from tests.test_own_data import leaks
from tests.test_workflow import checkout, planned, run, write_config

__all__ = ["checkout"]
TASK = tasks.load(REPO / "resources/tasks/density.yaml")
DENSE = tasks.load(REPO / "resources/tasks/dense.yaml")
IDS = Pseudonyms(b"k" * 32, "folder")
SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))


# Sentences.


def quoted(text, *words, sections=None):
    """The sentences around words of a text."""
    spans = [(text.index(one), text.index(one) + len(one)) for one in words]
    places = [(text.index(one), text.index(one) + len(one)) for one in sections or [text]]
    return [text[start:end] for start, end in quotes.sentences(text, spans, places)]


@pytest.mark.parametrize(
    ("text", "words", "sentences"),
    [
        ("Una. Mamas densas. Otra.", ["densas"], ["Mamas densas."]),
        ("Mide 1.5 cm y es densa. Fin", ["densa"], ["Mide 1.5 cm y es densa."]),
        ("Es densa", ["densa"], ["Es densa"]),
        ("Tipo b. Nada. Tipo c? Fin.", ["Tipo b", "Tipo c"], ["Tipo b.", "Tipo c?"]),
        ("Tipo b y tipo c. Fin.", ["Tipo b", "tipo c"], ["Tipo b y tipo c."]),
        # A line that only the page broke goes on; another does not.
        ("Sin datos\nMamas muy\n densas\nSin nódulos", ["densas"], ["Mamas muy\n densas"]),
        ("Antes\n\nmamas densas\n\ndespués", ["densas"], ["mamas densas"]),
        # Upper case does not show it: rather too much than half a sentence.
        ("NO SE VEN\nMAMAS DENSAS\n\nFIN", ["DENSAS"], ["NO SE VEN\nMAMAS DENSAS"]),
        # A statement over the end of a sentence holds both together.
        ("Una. Densidad. Tipo c. Otra.", ["Densidad. Tipo c"], ["Densidad. Tipo c."]),
    ],
)
def test_whole_sentences_are_quoted(text, words, sentences):
    assert quoted(text, *words) == sentences


def test_a_quote_stays_in_its_section():
    text = "HALLAZGOS: mamas densas CONCLUSION: normal"
    assert quoted(text, "densas", sections=["mamas densas", "normal"]) == ["mamas densas"]
    assert quoted(text, "HALLAZGOS", sections=["mamas densas"]) == [text]


@given(st.text("aA.?\n ", max_size=40), st.lists(st.tuples(st.integers(0, 39), st.integers(1, 9)), max_size=4))
def test_quotes_are_in_order_and_hold_every_span(text, places):
    spans = [(first, min(first + length, len(text))) for first, length in places if first < len(text)]
    spans = [(first, last) for first, last in spans if not text[first].isspace() and not text[last - 1].isspace()]
    found = quotes.sentences(text, spans, [(0, len(text))])
    assert all(any(start <= first and last <= end for start, end in found) for first, last in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


# What is listed for a person.


def make_records(**texts):
    """Records of reports without statements."""
    return {key: records.Record(exam=f"own-{key}", text=text) for key, text in texts.items()}


def make_labels(*rows):
    """Labels given as (exam_id, side, label or status)."""
    made = []
    for exam_id, side, said in rows:
        status = said if said in ("none", "ambiguous") else "labelled"
        label = said if status == "labelled" else ""
        reason = "" if label else "imprecise"
        made.append(
            {"exam_id": exam_id, "side": side, "label": label, "density": label, "status": status, "reason": reason}
            | {"rule": "r", "evidence": "SECRET", "edition": "5", "level": "breast" if side else "exam"}
        )
    return tables.frame_of(made, tables.LABELS)


TEXT = "Derecha tipo B. Otra frase.\nIzquierda\ntipo C. Previo: tipo D."


def frame(table, *rows):
    return tables.frame_of([dict(zip(table.columns, row, strict=True)) for row in rows], table)


def mention(exam_id, words, side, status, text=TEXT):
    start = text.index(words)
    return (exam_id, start, start + len(words), "rule", side, words[-1].lower(), "", status, "")


@pytest.fixture
def found():
    """Records of an exam whose report names both sides and a prior, and of one with a prior only."""
    return records.of_tables(
        frame(tables.TEXTS, ("e1", "Nº 1", TEXT), ("e2", "Nº 2", "Previo: tipo D.")),
        frame(tables.SECTIONS, ("e1", 0, "findings", 0, len(TEXT)), ("e2", 0, "body", 0, 15)),
        frame(
            tables.MENTIONS,
            mention("e1", "tipo B", "R", "counted"),
            mention("e1", "tipo C", "L", "unclear"),
            mention("e1", "tipo D", "", "rejected"),
            mention("e2", "tipo D", "", "rejected", "Previo: tipo D."),
        ),
        tables.empty(tables.CORRECTIONS),
    )


def test_every_ambiguous_label_is_listed_with_its_sentences(found, tmp_path):
    labels = make_labels(
        ("e1", "", "ambiguous"), ("e1", "L", "ambiguous"), ("e1", "R", "b"), ("e2", "", "ambiguous"), ("e3", "", "none")
    )
    listed = review(labels, found, names={"e1": "Nº 1", "e2": "Nº 2"})
    tables.write(listed, tmp_path / "review.tsv", tables.REVIEW, mode=0o600)
    assert (tmp_path / "review.tsv").stat().st_mode & 0o777 == 0o600
    rows = tables.read(tmp_path / "review.tsv", tables.REVIEW).to_numpy().tolist()
    assert rows == [
        ["Nº 1", "", "", "imprecise", "Derecha tipo B. | Izquierda tipo C."],
        ["Nº 1", "L", "", "imprecise", "Izquierda tipo C."],
        # What does not count is shown where there is nothing else.
        ["Nº 2", "", "", "imprecise", "Previo: tipo D."],
    ]


def test_an_exam_with_several_reports_is_listed_without_text(found):
    listed = review(make_labels(("e9", "", "ambiguous")), found, names={"e9": "Nº 9"})
    assert listed[["exam", "sentences"]].to_numpy().tolist() == [["Nº 9", ""]]
    # Without its own name it goes by that of the tables.
    assert review(make_labels(("e9", "", "ambiguous")), found, names={})["exam"].tolist() == ["e9"]


def test_exams_are_called_as_in_their_report_or_by_what_a_file_is_named_after(found):
    duplicate = IDS.of("exam", "copia")
    names = names_of(found, ["copia", "", "Nº 1"], IDS)
    assert names == {"e1": "Nº 1", "e2": "Nº 2", duplicate: "copia", IDS.of("exam", "Nº 1"): "Nº 1"}


# What a person gave.


def corrections(path, exams=("1", "002", "3")):
    given_ids = {IDS.of("exam", exam) for exam in exams}
    found = read_corrections(path, exam_ids=given_ids, task=TASK, pseudonyms=IDS)
    return [(one.row, one.exam_id, one.side, one.label) for one in found]


def table_of(tmp_path, *lines, name="corrections.csv"):
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / name


def test_corrections_are_read(tmp_path):
    path = table_of(tmp_path, "label;exam;side;notes", "C;1;;seen", "none;002;l;", ";3;;later", "", "b;002;R;")
    assert corrections(path) == [
        (2, IDS.of("exam", "1"), "", "c"),
        (3, IDS.of("exam", "002"), "L", "none"),
        (6, IDS.of("exam", "002"), "R", "b"),
    ]


def test_the_column_of_sides_may_be_left_out_and_an_exam_may_go_by_its_name_in_the_tables(tmp_path):
    path = table_of(tmp_path, "exam,label", f"{IDS.of('exam', '1')},d")
    assert corrections(path) == [(2, IDS.of("exam", "1"), "", "d")]


def test_corrections_in_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    for row in (("exam", "label"), ("002", "a"), (None, None), ("3", "None")):
        book.active.append(row)
    book.save(tmp_path / "corrections.xlsx")
    found = corrections(tmp_path / "corrections.xlsx")
    assert [(row, label) for row, _, _, label in found] == [(2, "a"), (4, "none")]


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", "\t"), ("utf-8-sig", ";"), ("cp1252", "\t"), ("utf-16", "\t")]
)
def test_the_review_filled_in_is_a_table_of_corrections(tmp_path, encoding, separator):
    names = {"e1": "Nº 1", "e2": "002", "e9": "Nº 9"}
    labels = make_labels(("e1", "", "ambiguous"), ("e1", "L", "ambiguous"), ("e2", "", "ambiguous"))
    text = 'Dice "tipo B;\ttipo C".'
    own = make_records(e1=text, e2="x")
    own["e1"] = records.Record("Nº 1", text, statements=(records.Statement(6, 12, "r", "", ("b",), "unclear", ""),))
    listed = review(labels, own, names=names)
    listed["label"] = ["c", "", "none"]
    path = tmp_path / "filled.tsv"
    path.write_bytes(listed.to_csv(sep=separator, index=False, lineterminator="\r\n").encode(encoding))
    assert 'Dice "tipo B; tipo C".' in listed["sentences"].tolist()
    found = corrections(path, exams=["Nº 1", "002"])
    assert found == [(2, IDS.of("exam", "Nº 1"), "", "c"), (4, IDS.of("exam", "002"), "", "none")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["exam,label", "1,c", "999,c"], "row 3: no such exam; allowed: the id of an exam that has a report"),
        (["exam,label", ",c"], "row 2: no such exam"),
        (["exam,label", "2,c"], "row 2: no such exam"),  # of 002
        (["exam,label", "", "1,densa"], "row 3: no such label; allowed: a, b, c, d, none"),
        (["exam,label", "1,ambiguous"], "row 2: no such label"),
        (["exam,label,side", "1,c,both"], "row 2: no such side; allowed: L, R, or empty for the exam"),
        (["exam,label", "1,c", "3,a", "1,b"], "row 4: it contradicts row 2; allowed: one label for each exam"),
        (["exam,label,side", "1,c,L", "1,C,l", "1,b,L"], "row 4: it contradicts row 2"),
        (["exam,label,side", "1,c,", "1,a,L", "1,b,R"], "row 3: it contradicts row 2"),
        (["exam,label,side", "1,a,L", "1,none,"], "row 3: it contradicts row 2"),
        (
            ["estudio,label", "1,c"],
            "the table lacks the column exam or label; allowed: a table with the columns exam, label and",
        ),
        (["1,c"], "the table lacks the column exam or label"),
    ],
)
def test_a_wrong_table_of_corrections_is_answered_in_one_line_that_shows_no_cell(tmp_path, lines, said):
    with pytest.raises(UserError) as error:
        corrections(table_of(tmp_path, *lines))
    message = str(error.value)
    assert message.startswith("config: labels.corrections")
    assert said in message
    assert "\n" not in message
    assert not any(cell in message for cell in ("999", "densa", "both", "estudio", "ambiguous"))


def test_rows_that_say_the_same_do_not_contradict(tmp_path):
    path = table_of(tmp_path, "exam,label,side", "1,c,", "1,C,", "1,c,L", "1,b,R", "3,none,", "3,none,L")
    assert len(corrections(path)) == 6


# What follows from it.


def letter_of(label):
    return label.replace("none", "")


def adjudicated(labels, *given_labels, sides_differ="ambiguous"):
    """Rows after corrections given as (exam_id, side, label)."""
    own = [Correction(row, *one, letter=letter_of(one[2])) for row, one in enumerate(given_labels, start=2)]
    found = adjudicate(labels, own, task=TASK, sides_differ=sides_differ)
    keys = ["exam_id", "side", "label", "status", "reason", "rule"]
    assert (found["density"] == found["label"]).all()
    return {tuple(row[:2]): tuple(row[2:]) for row in found[keys].to_numpy().tolist()}


CORRECTED = {one: (one, "labelled", "corrected", "correction") for one in "abcd"}
CORRECTED["none"] = ("", "none", "corrected", "correction")


def test_a_correction_of_an_exam_takes_the_place_of_all_its_rows():
    labels = make_labels(("1", "", "ambiguous"), ("1", "L", "b"), ("1", "R", "c"), ("2", "", "a"), ("2", "L", "a"))
    found = adjudicated(labels, ("1", "", "d"))
    assert found == {
        ("1", ""): CORRECTED["d"],
        ("2", ""): ("a", "labelled", "", "r"),
        ("2", "L"): ("a", "labelled", "", "r"),
    }


def test_a_corrected_row_holds_nothing_of_what_was_extracted():
    found = adjudicate(
        make_labels(("1", "", "a")), [Correction(2, "1", "", "none")], task=TASK, sides_differ="ambiguous"
    )
    row = found.iloc[0].to_dict()
    assert (row["evidence"], row["edition"], row["level"]) == ("", "", "exam")


@pytest.mark.parametrize(
    ("before", "given_labels", "policy", "exam"),
    [
        # Both breasts decided: the exam follows.
        ([("", "ambiguous"), ("L", "ambiguous"), ("R", "b")], [("L", "b")], "ambiguous", CORRECTED["b"]),
        ([("", "ambiguous")], [("L", "b"), ("R", "b")], "ambiguous", CORRECTED["b"]),
        (
            [("", "ambiguous"), ("L", "ambiguous"), ("R", "b")],
            [("L", "c")],
            "ambiguous",
            ("", "ambiguous", "sides_differ", "correction"),
        ),
        ([("", "ambiguous"), ("L", "ambiguous"), ("R", "b")], [("L", "c")], "denser", CORRECTED["c"]),
        ([("", "c")], [("L", "d"), ("R", "a")], "denser", CORRECTED["d"]),
        ([("", "c"), ("L", "c")], [("L", "none"), ("R", "none")], "denser", CORRECTED["none"]),
        # One breast only: the exam stays as it is ...
        ([("", "ambiguous"), ("L", "ambiguous")], [("L", "b")], "denser", ("", "ambiguous", "imprecise", "r")),
        ([("", "none")], [("L", "b")], "denser", ("", "none", "imprecise", "r")),
        ([("", "b"), ("L", "b")], [("L", "b")], "denser", ("b", "labelled", "", "r")),
        # ... unless its label would contradict a person.
        ([("", "b"), ("L", "b")], [("L", "c")], "denser", ("", "ambiguous", "one_side_only", "correction")),
        ([("", "b")], [("R", "none")], "denser", ("", "ambiguous", "one_side_only", "correction")),
        # A person's word on the exam beside one on a breast stands.
        ([("", "b")], [("", "b"), ("R", "none")], "denser", CORRECTED["b"]),
    ],
)
def test_the_exam_follows_its_corrected_breasts(before, given_labels, policy, exam):
    labels = make_labels(*(("1", side, said) for side, said in before))
    found = adjudicated(labels, *(("1", side, label) for side, label in given_labels), sides_differ=policy)
    assert found["1", ""] == exam
    for side, label in given_labels:
        assert found["1", side] == CORRECTED[label]


def test_letters_and_classes_are_accepted_where_a_class_is_of_several_letters(tmp_path):
    path = table_of(tmp_path, "exam,label,side", "1,C,L", "1,D,R", "002,non_dense,", "3,none,")
    given_ids = {IDS.of("exam", exam) for exam in ("1", "002", "3")}
    own = read_corrections(path, exam_ids=given_ids, task=DENSE, pseudonyms=IDS)
    assert [(one.label, one.letter) for one in own] == [("dense", "c"), ("dense", "d"), ("non_dense", ""), ("none", "")]
    labels = make_labels(*((exam, "", "ambiguous") for exam in sorted(given_ids)))
    found = adjudicate(labels, own, task=DENSE, sides_differ="ambiguous").set_index(["exam_id", "side"])
    said = found[["label", "density"]].apply(tuple, axis=1).to_dict()
    # The breasts differ by their letters, but not by their class: that is the exam's.
    assert said == {
        (IDS.of("exam", "1"), "L"): ("dense", "c"),
        (IDS.of("exam", "1"), "R"): ("dense", "d"),
        (IDS.of("exam", "1"), ""): ("dense", ""),
        (IDS.of("exam", "002"), ""): ("non_dense", ""),
        (IDS.of("exam", "3"), ""): ("", ""),
    }


def test_two_letters_of_one_class_for_one_breast_contradict(tmp_path):
    path = table_of(tmp_path, "exam,label,side", "1,a,L", "1,b,L")
    with pytest.raises(UserError, match="row 3: it contradicts row 2"):
        read_corrections(path, exam_ids={IDS.of("exam", "1")}, task=DENSE, pseudonyms=IDS)


SAID = st.sampled_from(["a", "b", "c", "d", "none", "ambiguous"])
GIVEN = st.sampled_from(["a", "b", "c", "d", "none"])
EXAMS = st.dictionaries(
    st.sampled_from("123"), st.fixed_dictionaries({"": SAID}, optional={"L": SAID, "R": SAID}), min_size=1
)


@given(EXAMS, st.dictionaries(st.tuples(st.sampled_from("123"), st.sampled_from(["", "L", "R"])), GIVEN), st.booleans())
def test_every_exam_keeps_one_row_of_its_own_and_no_label_contradicts_a_person(exams, given_labels, denser):
    labels = make_labels(*((exam, side, said) for exam, own in exams.items() for side, said in own.items()))
    given_labels = {(exam, side): label for (exam, side), label in given_labels.items() if exam in exams}
    own = [Correction(2, exam, side, label, letter_of(label)) for (exam, side), label in given_labels.items()]
    found = adjudicate(labels, own, task=TASK, sides_differ="denser" if denser else "ambiguous")
    tables.LABELS.schema.validate(found)
    assert sorted(found.loc[found["side"] == "", "exam_id"]) == sorted(exams)
    said = found.set_index(["exam_id", "side"])
    for key, label in given_labels.items():
        assert (said.loc[key, "label"] or "none") == label
    # What no correction names is as it was.
    others = labels[~labels["exam_id"].isin([exam for exam, _ in given_labels])]
    assert found.merge(others, how="inner").shape[0] == len(others)


# The configuration, and the list of files.


def configured(**labels):
    config = copy.deepcopy(SHIPPED)
    config["dataset"] = {"kind": "folder", "images": "images", "reports": "reports"}
    config["labels"] |= labels
    return config


AUDIT = {"table": "known.csv", "id_column": "id", "label_column": "density"}


def test_corrections_and_audit_are_allowed_for_labels_from_reports():
    configuration.check(configured(corrections="mine.tsv", audit=AUDIT), REPO / "workflow/schemas/config.schema.yaml")


@pytest.mark.parametrize(
    ("labels", "dataset", "said"),
    [
        (
            {"corrections": "x.csv", "source": "table", "table": "t.csv", "id_column": "i", "label_column": "l"},
            {},
            None,
        ),
        ({"corrections": "x.csv"}, {"kind": "demo"}, None),
        ({"audit": AUDIT}, {"kind": "demo"}, "config: labels.audit is given; allowed: only where labels.source is "),
        ({"corrections": "private/../private/review.tsv"}, {}, "which the workflow writes anew; allowed: a copy of it"),
        ({"audit": AUDIT | {"table": ""}}, {}, "labels.audit.table is ''"),
        ({"audit": {"table": "x"}}, {}, "labels.audit.id_column is missing"),
    ],
)
def test_wrong_settings_of_corrections_and_audit(labels, dataset, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = configured(**labels)
    config["dataset"] = dataset or config["dataset"]
    with pytest.raises(UserError, match=said or "config: labels.corrections is given; allowed: only where labels"):
        configuration.check(config, REPO / "workflow/schemas/config.schema.yaml")


def test_the_page_shows_no_file_of_a_person_and_extraction_does_not_know_them():
    config = configured(corrections="/data/Pérez.tsv", audit=AUDIT)
    assert "Pérez" not in str(caveats.public(config))
    assert "known.csv" not in str(caveats.public(config))
    assert configuration.without_label_files(config["labels"]) == SHIPPED["labels"]


@pytest.mark.parametrize("kind", ["folder", "cdd_cesm"])
def test_corrections_and_audit_are_listed_by_their_keys(kind, tmp_path):
    for name in ("mine.tsv", "known.csv"):
        (tmp_path / name).write_text("x")
    dataset = {"kind": kind, "root": tmp_path, "variant": "subtracted"}
    labels = {"corrections": str(tmp_path / "mine.tsv"), "audit": {"table": str(tmp_path / "known.csv")}}
    sources = layouts.of(dataset, labels).annotations[-2:]
    assert [(one.key, one.paths) for one in sources] == [
        ("labels.corrections", (tmp_path / "mine.tsv",)),
        ("labels.audit.table", (tmp_path / "known.csv",)),
    ]


def test_missing_corrections_are_named_by_their_key(tmp_path):
    layout = layouts.of({"kind": "folder"}, {"corrections": str(tmp_path / "gone.tsv")})
    with pytest.raises(UserError, match=r"config: labels.corrections leads to .*gone.tsv"):
        inputs.list_files(layout, shards=1, private=tmp_path)


# The workflow.

REPORTS = {
    "PEREZ-001": "HALLAZGOS: Mamas densas. Sin nódulos.",
    "PEREZ-002": "HALLAZGOS: Mamas heterogéneamente densas.",
    "PEREZ-003": "HALLAZGOS: Mamas casi completamente grasas.",
    "0004": "HALLAZGOS: Mamas entre heterogéneamente densas y extremadamente densas.",
    "0005": "HALLAZGOS: Mamas extremadamente densas.",
    "copia/0005": "HALLAZGOS: Mamas casi completamente grasas.",
}
EXAM_NAMES = sorted({name.split("/")[-1] for name in REPORTS})


@pytest.fixture(scope="module")
def decided(tmp_path_factory, checkout):
    """A folder in which reports were labelled, and what was ambiguous then decided; and the first output."""
    directory = tmp_path_factory.mktemp("decided")
    reports = directory / "informes"
    for name, text in REPORTS.items():
        (reports / name).parent.mkdir(parents=True, exist_ok=True)
        (reports / f"{name}.txt").write_text(text, encoding="utf-8")
    (directory / "read.csv").write_text("exam;class\nPEREZ-002;C\nPEREZ-003;B\n0004;ambiguous\n0999;a\n")
    settings = {"dataset": {"kind": "folder", "reports": str(reports)}, "shards": 1}
    write_config(directory, settings)
    run(checkout, directory, "private/review.tsv")
    listed = tables.read(directory / "private/review.tsv", tables.REVIEW)
    filled = listed.assign(label=listed["exam"].map({"PEREZ-001": "c", "0004": "none"}).fillna(""))
    filled.to_csv(directory / "PEREZ decided.tsv", sep="\t", index=False)
    audit = {"table": str(directory / "read.csv"), "id_column": "exam", "label_column": "class"}
    settings["labels"] = {"corrections": str(directory / "PEREZ decided.tsv"), "audit": audit}
    write_config(directory, settings)
    run(checkout, directory)
    return directory, listed, settings


def of_exams(directory, name="labels"):
    pseudonyms = Pseudonyms(load_key(directory / "private/id.key"), "folder")
    frame = tables.read(directory / f"results/labels/{name}.tsv", tables.LABELS)
    said = frame[frame["side"] == ""].set_index("exam_id")
    return {exam: tuple(said.loc[pseudonyms.of("exam", exam), ["label", "status", "reason"]]) for exam in EXAM_NAMES}


@pytest.mark.workflow
def test_what_is_ambiguous_is_listed_privately_by_the_hospitals_own_ids(decided):
    _, listed, _ = decided
    assert listed["exam"].tolist() == ["0004", "0005", "PEREZ-001"]
    assert listed["reason"].tolist()[1] == "several_texts"
    assert listed["sentences"].tolist()[1:] == ["", "Mamas densas."]
    assert (decided[0] / "private/review.tsv").stat().st_mode & 0o777 == 0o600


@pytest.mark.workflow
def test_decisions_are_in_the_labels_and_counted_and_nothing_else_changed(decided):
    directory, _, _ = decided
    after, before = of_exams(directory), of_exams(directory, "extracted")
    assert after["PEREZ-001"] == ("c", "labelled", "corrected")
    assert after["0004"] == ("", "none", "corrected")
    assert {exam: after[exam] for exam in ("PEREZ-002", "PEREZ-003", "0005")} == {
        exam: before[exam] for exam in ("PEREZ-002", "PEREZ-003", "0005")
    }
    reports = tables.read(directory / "results/reports/reports.tsv", tables.REPORTS)
    labels = tables.read(directory / "results/labels/labels.tsv", tables.LABELS)
    assert sorted(labels.loc[labels["side"] == "", "exam_id"]) == sorted(reports["exam_id"])
    # What is left to decide.
    assert tables.read(directory / "private/review.tsv", tables.REVIEW)["exam"].tolist() == ["0005"]
    page = (directory / "results/report/report.html").read_text()
    assert re.search(r"a person corrected</th>\s*<td class=\"number\">2</td>", page)


@pytest.mark.workflow
def test_labels_are_audited_as_they_were_extracted(decided):
    directory, _, _ = decided
    audit = tables.read(directory / "results/labels/audit.tsv", tables.AUDIT)
    assert sorted(zip(audit["stated"], audit["found"], strict=True)) == [
        ("a", "missing"),
        ("ambiguous", "ambiguous"),
        ("b", "a"),
        ("c", "c"),
    ]
    private = (directory / "private/report.html").read_text()
    assert "a (known: b)" in private


@pytest.mark.workflow
def test_ids_and_words_of_reports_stay_private(decided):
    directory, _, _ = decided
    folders = [directory / "results", directory / ".snakemake"]
    planted = {"PEREZ", "0999", "Sin nódulos", "read.csv", "decided.tsv", "informes"}
    assert leaks(folders, planted) == []


@pytest.mark.workflow
def test_an_edit_of_the_corrections_reads_and_extracts_nothing_again(decided, checkout):
    directory, _, _ = decided
    assert "Nothing to be done" in run(checkout, directory, "-n")
    path = directory / "PEREZ decided.tsv"
    before = path.read_bytes()
    with path.open("ab") as file:
        file.write(b"PEREZ-002\t\td\t\t\n")
    try:
        jobs = dict(planned(run(checkout, directory, "-n")))
    finally:
        path.write_bytes(before)
        run(checkout, directory)
    assert "Params have changed" in jobs["adjudicate_labels"]
    assert not set(jobs) & {"parse_reports", "extract_labels"}
    assert {"list_review", "make_label_report", "make_private_report"} <= set(jobs)


@pytest.mark.workflow
def test_without_corrections_the_labels_are_those_of_the_reports_again(decided, checkout):
    directory, _, settings = decided
    own = {key: value for key, value in settings["labels"].items() if key != "corrections"}
    write_config(directory, settings | {"labels": own})
    try:
        jobs = dict(planned(run(checkout, directory, "-n")))
    finally:
        write_config(directory, settings)
    assert "extract_labels" in jobs
    assert "parse_reports" not in jobs


@pytest.mark.workflow
def test_a_wrong_correction_stops_with_one_line_that_names_no_exam(decided, snakemake_run, tmp_path):
    _, _, settings = decided
    (tmp_path / "wrong.tsv").write_text("exam\tlabel\nPEREZ-001\tc\nPEREZ-777\tb\n")
    settings = copy.deepcopy(settings)
    settings["labels"]["corrections"] = str(tmp_path / "wrong.tsv")
    done = snakemake_run(tmp_path, "results/labels/labels.tsv", "--configfile", write_config(tmp_path, settings))
    ours = [line for line in done.stdout.splitlines() if line.startswith("mammoflow: ")]
    assert done.returncode != 0
    assert ours == [
        "mammoflow: config: labels.corrections, row 3: no such exam; "
        "allowed: the id of an exam that has a report, its leading zeros kept"
    ]
    assert "PEREZ" not in done.stdout
    assert "PEREZ" not in (tmp_path / "results/logs/adjudicate_labels.log").read_text()
