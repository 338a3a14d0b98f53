"""Reports read: every form of input, every fault of it, and the accounts of all of them."""

import io
import stat

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import datasets, tables
from mammoflow.datasets import cdd_cesm
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms
from mammoflow.reports.lexicon import load_lexicon
from mammoflow.reports.reading import (
    Input,
    exam_of_file,
    language_of,
    read_files,
    read_table,
    reconcile,
    report_of,
    report_tables,
)
from mammoflow.reports.texts import Text
from tests.conftest import REPO

LEXICON = load_lexicon(REPO / "resources/lexicons/mammography.yaml")
IDS = Pseudonyms(bytes(32), "folder")
KEEP = Pseudonyms(bytes(32), "folder", "keep")


def read(tmp_path, name, content, **settings):
    """What one file holds."""
    (tmp_path / name).write_bytes(content)
    settings = {"exam_key": "AccessionNumber"} | settings
    (found,) = read_files([(name, str(tmp_path / name))], **settings)
    return found


def saved(document):
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def document_of(*paragraphs):
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return document


def parsed(inputs, ids=KEEP):
    reports, texts, sections = report_tables(inputs, pseudonyms=ids, lexicon=LEXICON)
    return reports.set_index("exam_id"), texts.set_index("exam_id"), sections


# Files


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("1.txt", b"x" * 1_000_001, "too_large"),
        ("1.txt", b"%PDF-1.7", "not_text"),
        ("1.txt", b"texto\x00 cortado", "not_text"),
        ("1.txt", bytes(range(128, 256)) * 3, "garbled"),
        ("1.doc", b"\xd0\xcf\x11\xe0", "not_supported"),
        ("1.rtf", b"{\\rtf1 ACR b}", "not_supported"),
        ("1.pdf", b"%PDF-1.7", "not_supported"),
        ("1.odt", b"PK\x03\x04", "not_supported"),
        ("1.html", b"<p>ACR b</p>", "not_supported"),
        ("1.jpg", b"\xff\xd8", "not_supported"),
        ("1", b"ACR b", "not_supported"),
        ("1.dcm", b"no DICOM", "not_dicom"),
        ("1.docx", b"ACR b", "damaged"),
        ("1.docx", b"%PDF-1.7", "damaged"),
    ],
)
def test_files_that_are_no_reports(tmp_path, name, content, reason):
    assert read(tmp_path, name, content) == Input("1", name, Text(reason=reason))


@pytest.mark.parametrize("name", ["1.txt", "1.docx", "1.pdf", "1.dcm", "1"])
def test_an_empty_file_is_empty_in_any_form(tmp_path, name):
    assert read(tmp_path, name, b"") == Input("1", name, Text())


@pytest.mark.parametrize("content", [b" \r\n\t", b"-", b"...", b"_____ / _____", "——".encode()])
def test_blanks_and_dashes_are_no_text(tmp_path, content):
    assert read(tmp_path, "1.txt", content).held == Text()


def test_files_that_cannot_be_opened(tmp_path):
    (tmp_path / "folder.txt").mkdir()
    found = read_files(
        [("gone.txt", str(tmp_path / "gone.txt")), ("folder.txt", str(tmp_path / "folder.txt"))],
        exam_key="AccessionNumber",
    )
    assert [one.held.reason for one in found] == ["cannot_open", "cannot_open"]


@pytest.mark.parametrize(
    ("relative", "exam"),
    [
        ("0012345.txt", "0012345"),
        ("in/copy of/7.TXT", "7"),
        ("1.2.840.113619.2.55.txt", "1.2.840.113619.2.55"),
        # No ending: part of the id.
        ("1.2.840.113619.2.55", "1.2.840.113619.2.55"),
        ("12.345", "12.345"),
        ("a.docx", "a"),
        ("a.pages", "a"),
        # As headers are read: blanks count once.
        ("  a  b .txt", "a b"),
    ],
)
def test_a_file_is_named_after_its_exam(relative, exam):
    assert exam_of_file(relative) == exam


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Las mamas son de predominio graso y no hay nódulos", "es"),
        ("LA DENSIDAD ES B", "es"),
        ("The breasts are dense and there is no mass", "en"),
        ("ACR C: dense breasts. Right Breast: no masses.", "en"),
        ("ACR b", ""),
    ],
)
def test_language(text, language):
    assert language_of(text) == language


# Tables


def test_a_table_keeps_ids_as_they_are_and_loses_no_row(tmp_path):
    path = tmp_path / "reports.csv"
    path.write_text('id;texto\n007;"ACR b;\nsin nódulos"\n;sin dueño\n8;\n;\n;otro\n', encoding="latin-1")
    found = read_table(path, {"exam": "id", "text": "texto"})
    assert found == [
        Input("007", "row 2", Text("ACR b;\nsin nódulos")),
        Input("", "row 3", Text(reason="no_exam_id")),
        Input("8", "row 4", Text()),
        Input("", "row 6", Text(reason="no_exam_id")),
    ]
    reports, texts, _ = parsed(found, IDS)
    assert reports["status"].value_counts().to_dict() == {"unreadable": 2, "empty": 1, "parsed": 1}
    assert reports.loc[IDS.of("report", "row 3"), ["reason", "texts"]].tolist() == ["no_exam_id", 1]
    assert texts["exam"].tolist() == ["007"]


def test_a_workbook_of_reports(tmp_path):
    book = openpyxl.Workbook()
    for row in (("id", "texto", "other"), ("007", "ACR b", 1), (12, "ACR c", 2)):
        book.active.append(row)
    book.save(tmp_path / "reports.xlsx")
    found = read_table(tmp_path / "reports.xlsx", {"exam": "id", "text": "texto"})
    assert [(one.exam, one.held.text) for one in found] == [("007", "ACR b"), ("12", "ACR c")]


def test_cells_are_judged_as_files_are(tmp_path):
    path = tmp_path / "reports.tsv"
    path.write_text("id\ttexto\n1\t" + "x" * 1_000_001 + "\n2\t" + "\ufffd" * 30 + "\n3\tMamÃ¡s\n", encoding="utf-8")
    found = read_table(path, {"exam": "id", "text": "texto"})
    assert [one.held for one in found] == [Text(reason="too_large"), Text(reason="garbled"), Text("Mamás")]


# One report an exam, and the accounts


def several(*held):
    return report_of("7", [one if isinstance(one, Text) else Text(one) for one in held], LEXICON)


UNSUPPORTED, IMAGE, BROKEN = Text(reason="not_supported"), Text(reason="not_a_report"), Text(reason="damaged")


@pytest.mark.parametrize(
    ("held", "status", "reason"),
    [
        (["ACR b"], "parsed", ""),
        (["ACR b", "ACR b"], "parsed", ""),
        (["ACR b\n\nBI-RADS 2", "ACR b BI-RADS 2 "], "parsed", ""),
        (["ACR b", "ACR c"], "duplicate", "several_texts"),
        (["ACR b", "acr b"], "duplicate", "several_texts"),
        (["ACR b", BROKEN], "duplicate", "several_texts"),
        (["ACR b", ""], "parsed", ""),
        # Another form of it, or an image of the exam.
        (["ACR b", UNSUPPORTED, IMAGE], "parsed", ""),
        (["", UNSUPPORTED], "unreadable", "not_supported"),
        ([IMAGE, UNSUPPORTED], "unreadable", "not_a_report"),
        # What should have been read says more than what nobody reads.
        ([IMAGE, Text(reason="too_large")], "unreadable", "too_large"),
        ([Text(reason="too_large"), BROKEN], "unreadable", "damaged"),
        ([""], "empty", "no_text"),
        (["HALLAZGOS:"], "empty", "no_text"),
    ],
)
def test_the_report_of_an_exam(held, status, reason):
    for order in (held, held[::-1]):
        report = several(*order)
        assert (report.status, report.reason) == (status, reason)
        assert bool(report.text) == bool(report.sections) == (status == "parsed")


def test_order_of_files_does_not_matter():
    one, other = several("ACR b\nBI-RADS 2", "ACR b BI-RADS 2"), several("ACR b BI-RADS 2", "ACR b\nBI-RADS 2")
    assert one == other


def inputs_of(*pairs):
    return [
        Input(exam, f"place {place}", held if isinstance(held, Text) else Text(held))
        for place, (exam, held) in enumerate(pairs)
    ]


def test_every_input_stands_behind_one_row():
    text, unnamed = "HALLAZGOS: ACR b\nIMPRESIÓN: BI-RADS 2", ("", Text(reason="no_exam_id"))
    found = inputs_of(
        ("a", text), ("b", "ACR c"), ("a", text), ("b", "ACR d"), ("c", ""), unnamed, unnamed, ("d", BROKEN)
    )
    reports, texts, sections = parsed(found)
    assert reports[["texts", "status"]].agg(tuple, axis=1).to_dict() == {
        "a": (2, "parsed"),
        "b": (2, "duplicate"),
        "c": (1, "empty"),
        "d": (1, "unreadable"),
        "place 5": (1, "unreadable"),
        "place 6": (1, "unreadable"),
    }
    assert reports.loc["a", ["language", "sections"]].tolist() == ["", "findings impression"]
    assert texts.reset_index().to_numpy().tolist() == [["a", "a", text]]
    spans = [(row.section, texts.loc["a", "text"][row.start : row.end]) for row in sections.itertuples()]
    assert spans == [("findings", "ACR b"), ("impression", "BI-RADS 2")]


HELD = st.sampled_from(["ACR b", "ACR c", "", BROKEN, IMAGE])


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), HELD)))
def test_the_sums_always_reconcile(pairs):
    found = [
        Input(one.exam, one.place, one.held if one.exam or one.held.reason else Text(reason="no_exam_id"))
        for one in inputs_of(*pairs)
    ]
    reports, texts, _ = parsed(found)
    assert reports["texts"].sum() == len(pairs)
    assert list(texts.index) == list(reports.index[reports["status"] == "parsed"])


def test_a_report_that_gets_lost_stops_the_job():
    found = inputs_of(("a", "ACR b"), ("b", "ACR c"))

    def lossy(exams):
        return list(exams)[1:]

    with pytest.raises(UserError, match="reports do not reconcile: 2 files or rows were found, 1 stand behind"):
        report_tables(found, pseudonyms=KEEP, lexicon=LEXICON, progress=lossy)

    def twice(exams):
        return [*exams, *exams]

    with pytest.raises(UserError, match="4 stand behind the 2 exams"):
        report_tables(found, pseudonyms=KEEP, lexicon=LEXICON, progress=twice)


def test_accounts_that_do_not_reconcile():
    def reports(*rows):
        return tables.frame_of([{"exam_id": exam, "texts": texts} for exam, texts in rows], tables.REPORTS)

    reconcile(reports(("a", 1), ("b", 2)), inputs=3)
    for rows in [(("a", 1), ("b", 2), ("c", 1)), (("a", 1), ("a", 2)), (("a", 3), ("b", 0)), (("a", 2),)]:
        with pytest.raises(UserError, match="do not reconcile"):
            reconcile(reports(*rows), inputs=3)


def test_tables_are_valid_and_odd_characters_come_back(tmp_path):
    text = 'HALLAZGOS:\n\tMamas "densas"\x0b\u2028 \x1b tipo c\x0c\n\n  fin'
    reports, texts, sections = report_tables(inputs_of(("a\udcff", text)), pseudonyms=IDS, lexicon=LEXICON)
    tables.write(reports, tmp_path / "reports.tsv", tables.REPORTS)
    tables.write(texts, tmp_path / "texts.tsv", tables.TEXTS, mode=0o600)
    tables.write(sections, tmp_path / "sections.tsv", tables.SECTIONS, mode=0o600)
    again = tables.read(tmp_path / "texts.tsv", tables.TEXTS)
    assert again[["exam", "text"]].to_numpy().tolist() == [["a\udcff", text]]
    assert stat.S_IMODE((tmp_path / "texts.tsv").stat().st_mode) == 0o600
    assert len(tables.read(tmp_path / "sections.tsv", tables.SECTIONS)) == 1


def test_no_report_at_all_gives_empty_tables(tmp_path):
    for frame, table in zip(
        report_tables([], pseudonyms=IDS, lexicon=LEXICON), (tables.REPORTS, tables.TEXTS, tables.SECTIONS), strict=True
    ):
        tables.write(frame, tmp_path / "t.tsv", table)
        assert len(tables.read(tmp_path / "t.tsv", table)) == 0


# CDD-CESM


def cdd_document(number, density, *, in_block="", opinion="(BIRADS 2)"):
    lines = [f"PATIENT NO.{number}", "DIGITALIZED LOW DOSE SOFT TISSUE MAMMOGRAPHY REVEALED:"]
    lines += [density] if not in_block else []
    for side in ("Right", "Left"):
        lines += [f"{side} Breast:", *([density] if in_block == side else []), "No obvious masses."]
    lines += ["OPINION:", f"Benign findings {opinion}.", "CONTRAST ENHANCED SPECTRAL MAMMOGRAPHY REVEALED:"]
    lines += ["Right Breast:", "No pathological enhancement.", "OPINION:", f"Benign {opinion}."]
    return saved(document_of(*lines))


@pytest.mark.parametrize("in_block", ["", "Right", "Left"])
@pytest.mark.parametrize("density", ["ACR C: Heterogeneously dense breasts.", "ACR C: Heterogenously dense breasts."])
def test_the_layout_of_cdd_cesm(tmp_path, in_block, density):
    found = read(
        tmp_path,
        "P12.docx",
        cdd_document(12, density, in_block=in_block),
        exam_of=datasets.report_namer("cdd_cesm"),
    )
    reports, texts, sections = parsed([found])
    assert reports.loc["P12", ["status", "language"]].tolist() == ["parsed", "en"]
    held = texts.loc["P12", "text"]
    where = [row.section for row in sections.itertuples() if density in held[row.start : row.end]]
    assert where == ["findings"]
    assert "impression" in reports.loc["P12", "sections"].split()


def test_a_report_of_cdd_cesm_meets_its_images():
    assert cdd_cesm.exam_of_report("P12.docx") == cdd_cesm.describe("P12_L_DM_CC.jpg").exam == "P12"
    assert cdd_cesm.exam_of_report("in/P12 .docx") == "P12"
    assert cdd_cesm.exam_of_report("notes.docx") == cdd_cesm.exam_of_report("P12 copy.docx") == ""
    assert datasets.report_namer("folder") is None


def test_an_unknown_name_in_cdd_cesm_is_accounted_for(tmp_path):
    found = read(tmp_path, "copy.docx", saved(document_of("ACR c")), exam_of=cdd_cesm.exam_of_report)
    assert found == Input("", "copy.docx", Text(reason="no_exam_id"))
