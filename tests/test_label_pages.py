"""Labels and the words they come from: what their tables count, and what the private page marks and shows."""

import pytest

from mammoflow import tables
from mammoflow.pages import evidence, labels
from mammoflow.reports import records
from tests.page_values import make_label_page, make_own_labels, make_private_page, make_records, read
from tests.test_plots import TASK


@pytest.mark.parametrize("with_reports", [True, False])
def test_label_page_names_what_was_not_run(with_reports):
    page = make_label_page(with_reports=with_reports)
    text = "".join(read(page).text)
    assert "Not run, because there are no images: zero_shot, convnext, majority." in text
    assert "3 exams without a label." in text
    assert ("private/report.html" in text) == with_reports
    assert "SECRET" not in page


def marked(pieces):
    """Words of statements with their status, and respelt ones with what they were read as."""
    return [(one.text, one.status, one.read_as) for one in pieces if one.status or one.respelt]


def test_records_are_put_together_from_tables():
    frames = [
        (tables.TEXTS, [("e1", "own e1", "Mamas ACR c. No b."), ("e2", "own e2", "Nada.")]),
        (tables.SECTIONS, [("e1", 1, "impression", 13, 18), ("e1", 0, "findings", 0, 12)]),
        (
            tables.MENTIONS,
            [
                ("e1", 13, 17, "code", "", "b", "5", "rejected", "negated"),
                ("e1", 6, 11, "code", "L", "c d", "5", "counted", ""),
            ],
        ),
        (tables.CORRECTIONS, [("e1", 0, 5, "MAMAS", "spelling")]),
    ]
    made = [
        tables.frame_of([dict(zip(table.columns, row, strict=True)) for row in rows], table) for table, rows in frames
    ]
    assert records.of_tables(*made) == {
        "e1": records.Record(
            "own e1",
            "Mamas ACR c. No b.",
            (records.Section("findings", 0, 12), records.Section("impression", 13, 18)),
            (
                records.Statement(6, 11, "code", "L", ("c", "d"), "counted", ""),
                records.Statement(13, 17, "code", "", ("b",), "rejected", "negated"),
            ),
            (records.Respelling(0, 5, "MAMAS"),),
        ),
        "e2": records.Record("own e2", "Nada."),
    }


def test_evidence_is_marked_where_it_stands():
    found = evidence.of_labels(make_own_labels(), make_records(), most=9)
    assert [len(found[status].shown) for status in evidence.ORDER] == [2, 1, 3]
    of_exam, without_text = found["ambiguous"].shown
    assert [marked(sentence) for sentence in of_exam.sentences] == [
        [("tipo B", "counted", "")],
        [("tipo ", "unclear", ""), ("CC", "unclear", "C")],
    ]
    assert [piece.tags for piece in of_exam.sentences[1]] == [(), (), ("2?",), ()]
    assert (without_text.why, without_text.sentences, without_text.lines) == ("several_texts", (), ())
    # A breast's label has the statements about it; one over the end of a line is whole.
    (sentence,) = found["labelled"].shown[1].sentences
    assert [piece.text for piece in sentence] == ["Izquierda ", "tipo ", "CC", "."]
    (sentence,) = found["labelled"].shown[0].sentences
    assert marked(sentence) == [("dencidad", "", "densidad"), ("tipo\nC", "counted", "")]
    assert [line.said for line in found["labelled"].shown[0].lines] == ["counted: c, by rule_c"]


def test_statements_that_overlap_are_cut_and_shown_by_the_strongest():
    text = "mamas densas tipo c"
    statements = (
        records.Statement(0, 12, "dense", "", ("c", "d"), "unclear", "imprecise"),
        records.Statement(6, 19, "code", "R", ("c",), "counted", ""),
        records.Statement(13, 19, "type", "", (), "rejected", "prior"),
    )
    own = evidence.pieces(records.Record("x", text, statements=statements), 0, len(text))
    assert [(one.text, one.status, one.tags) for one in own] == [
        ("mamas ", "unclear", ()),
        ("densas", "counted", ("1?",)),
        (" ", "counted", ()),
        ("tipo c", "counted", ("2", "3×")),
    ]
    assert own[1].title == "1?: unclear (imprecise): c or d, by dense; 2: counted: c, side R, by code"
    assert "3×: rejected (prior): no class, by type" in own[3].title
    assert "".join(one.text for one in own) == text


def test_reports_in_colour_cover_every_status_and_have_a_text():
    own, found = make_own_labels(), make_records()
    assert evidence.choose(own, found, n=3) == ["e1", "e2", "e3"]
    assert evidence.choose(own, found, n=10) == ["e1", "e2", "e3", "e4"]
    shown = evidence.reports(own, found, ["e1", "e2", "e4"])
    assert [[text for text, status, _ in marked(part.pieces) if status] for part in shown[0].parts] == [
        ["tipo B"],
        ["tipo\nC"],
    ]
    assert [line.tag for line in shown[0].lines] == ["1×", "2"]
    assert [one.side for one in shown[1].labels] == ["", "L"]
    assert [one.label for one in shown[2].labels] == ["b"]


def test_a_page_of_thousands_shows_every_ambiguous_label_and_says_how_many_others_it_leaves_out():
    rows = [{"exam_id": f"{i:05d}", "status": "ambiguous", "level": "exam"} for i in range(1500)]
    rows += [{"exam_id": f"l{i:05d}", "status": "labelled", "label": "c", "level": "exam"} for i in range(1500)]
    found = evidence.of_labels(tables.frame_of(rows, tables.LABELS), {}, most=200)
    assert [(len(found[status].shown), found[status].left_out) for status in evidence.ORDER] == [
        (1500, 0),
        (0, 0),
        (200, 1300),
    ]
    assert found["labelled"].shown[-1].exam_id == "l00199"
    text = "".join(read(make_private_page(most=2)).text)
    assert "Labelled (3)" in text
    assert (
        "Shown are the first 2 by their ids; 1 more are left out here, and stand in results/labels/labels.tsv." in text
    )


def test_private_page_says_what_it_is_and_escapes_everything():
    page = make_private_page()
    reader = read(page)
    assert "must not leave private/" in page[page.index("<title>") : page.index("</title>")]
    assert "<b>datos" not in page
    assert "Sin más <b>datos</b>." in "".join(reader.text)
    headings = [attributes["id"] for tag, attributes in reader.tags if tag == "section"]
    assert headings == ["reports", "disagreements", "ambiguous", "none", "labelled"]
    assert "contradiction" in page
    assert "[read as densidad]" in page
    titles = {attributes["title"] for tag, attributes in reader.tags if tag == "mark" and "title" in attributes}
    assert "1×: rejected (hedge): b, by rule_b" in titles


def rows_of(given, caption):
    (table,) = [one for one in given if one.caption.startswith(caption)]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_label_tables_count_steps_languages_editions_and_rules():
    own = make_own_labels()
    own["edition"] = ["4", "", "4", "", "", ""]
    status = ["parsed", "parsed", "parsed", "parsed", "duplicate"]
    reports = tables.frame_of(
        [
            {"exam_id": f"e{i}", "texts": i, "language": "en" if i == 3 else "es" if one == "parsed" else ""}
            | {"status": one}
            for i, one in enumerate(status, start=1)
        ],
        tables.REPORTS,
    )
    given = labels.labels(own, TASK, reports=reports, exams=None)
    assert [tuple(row.values()) for row in rows_of(given, "From reports")] == [
        ("report texts found", 15),
        ("exams with a report", 5),
        ("exams with a parsed report", 4),
        ("exams with a label", 2),
        ("exams left ambiguous", 2),
        ("exams without a statement, or without a readable report", 1),
        ("of these exams, those that a person corrected", 1),
    ]
    assert rows_of(given, "Exams with a parsed report") == [
        {"language": "en", "exams": 1, "labelled": 0, "ambiguous": 0, "none": 1},
        {"language": "es", "exams": 3, "labelled": 2, "ambiguous": 1, "none": 0},
    ]
    heterogeneous, scattered = f"{TASK.of('c').name} (c)", f"{TASK.of('b').name} (b)"
    editions = {row["edition"]: row for row in rows_of(given, "Labelled exams by the edition")}
    assert (editions["4"][heterogeneous], editions["not told"][scattered]) == (1, 1)
    rules = {(row["rule"], row["level"]): row for row in rows_of(given, "Labels by the rules")}
    assert rules["rule_c", "exam"] | {"rule": "", "level": ""} == {
        "rule": "", "level": "", scattered: 0, heterogeneous: 1, "ambiguous": 1
    }  # fmt: skip
    assert rules["rule_b", "exam"]["ambiguous"] == 1
    assert rules["correction", "exam"][scattered] == 1
    assert ("(none)", "exam") not in rules


def test_label_tables_of_nothing():
    given = labels.labels(tables.empty(tables.LABELS), TASK, reports=tables.empty(tables.REPORTS), exams=None)
    assert rows_of(given, "Exams with a parsed report") == rows_of(given, "Labels by the rules") == []
