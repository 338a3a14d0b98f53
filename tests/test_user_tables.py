"""Tables as people make them, and what they say of pictures and labels."""

import zipfile

import openpyxl
import pandas as pd
import pytest

from mammoflow import tasks, user_tables
from mammoflow.datasets import folder
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms
from tests.conftest import REPO

COLUMNS = {"labels.id_column": "exam", "labels.label_column": "density"}
IDS = Pseudonyms(bytes(32), "folder", "keep")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_separators_and_encodings(tmp_path, separator, encoding):
    path = tmp_path / "t.csv"
    rows = [["exam", "niño", "density"], ["007", "ñandú", " b "], ["", "", ""], ["008", "x", ""]]
    path.write_bytes("\r\n".join(separator.join(row) for row in rows).encode(encoding))
    found = user_tables.read(path, COLUMNS | {"labels.other": "niño"})
    assert found.to_numpy().tolist() == [["007", "b", "ñandú"], ["008", "", "x"]]


def test_a_workbook_keeps_leading_zeros(tmp_path):
    path = tmp_path / "t.xlsx"
    pd.DataFrame({"exam": ["007"], "density": ["a"]}).to_excel(path, index=False)
    assert user_tables.read(path, COLUMNS).to_numpy().tolist() == [["007", "a"]]


def workbook(path, *rows, **formats):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, number_format in formats.items():
        book.active[cell].number_format = number_format
    book.save(path)


def test_a_workbook_reads_as_it_shows(tmp_path):
    path = tmp_path / "t.xlsx"
    workbook(path, [], ["exam", "density"], [123, "a"], [1.23e9, 2.5], [None, None], [42, None], A3="000000", A6="0")
    found = user_tables.read(path, COLUMNS)
    assert found.to_numpy().tolist() == [["000123", "a"], ["1230000000", "2.5"], ["42", ""]]
    assert found.index.tolist() == [3, 4, 6]


@pytest.mark.parametrize(
    ("written", "other"),
    [(b'<dimension ref="A1:B2"', b'<dimension ref="A1"'), (b"<v>1230000000</v>", b"<v>1.23E+9</v>")],
    ids=["a wrong size", "an exponent"],
)
def test_a_workbook_of_another_program_is_read_whole(tmp_path, written, other):
    workbook(tmp_path / "t.xlsx", ["exam", "density"], [1230000000, "a"])
    with zipfile.ZipFile(tmp_path / "t.xlsx") as old, zipfile.ZipFile(tmp_path / "u.xlsx", "w") as new:
        parts = {name: old.read(name) for name in old.namelist()}
        assert any(written in part for part in parts.values())
        for name, part in parts.items():
            new.writestr(name, part.replace(written, other))
    assert user_tables.read(tmp_path / "u.xlsx", COLUMNS).to_numpy().tolist() == [["1230000000", "a"]]


def test_a_workbook_cut_short_is_answered(tmp_path):
    workbook(tmp_path / "t.xlsx", ["exam", "density"], *([str(n), "a"] for n in range(200)))
    whole = (tmp_path / "t.xlsx").read_bytes()
    for size in range(0, len(whole), 97):
        (tmp_path / "cut.xlsx").write_bytes(whole[:size])
        with pytest.raises(UserError, match="is no XLSX table"):
            user_tables.read(tmp_path / "cut.xlsx", COLUMNS)


def test_row_numbers_are_those_of_a_spreadsheet(tmp_path):
    (tmp_path / "t.csv").write_text('exam,density\n1,"a\nb"\n\n,,\n2,c\n')
    assert user_tables.read(tmp_path / "t.csv", COLUMNS).index.tolist() == [2, 5]


def test_what_a_spreadsheet_adds_is_left_out(tmp_path):
    (tmp_path / "t.csv").write_bytes("sep=;\r\nexam;density\r\n1,5;a;;\r\n".encode("utf-16"))
    assert user_tables.read(tmp_path / "t.csv", COLUMNS).to_numpy().tolist() == [["1,5", "a"]]


def test_a_text_may_hold_other_line_ends(tmp_path):
    (tmp_path / "t.csv").write_text("exam,density\n1,one\x0btwo\u2028three\x85four\n", encoding="utf-8")
    assert user_tables.read(tmp_path / "t.csv", COLUMNS)["label_column"].tolist() == ["one\x0btwo\u2028three\x85four"]


def test_quoted_cells_may_hold_lines_and_separators(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('exam,density\n1,"one, two\nthree"\n')
    assert user_tables.read(path, COLUMNS)["label_column"].tolist() == ["one, two\nthree"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "t.csv is empty"),
        (
            "t.csv",
            b"exam,class\n1,a\n",
            "config: labels.label_column is 'density'; allowed: a column of the table: exam",
        ),
        ("t.csv", b"exam,density\n1,a,b\n", "row 2 has 3 cells, .* more or fewer cells"),
        ("t.csv", b"exam,density\n1\n", "row 2 has 1 cells"),
        ("t.csv", b'exam,density\n1,"' + b"a" * 2_000_001, "t.csv: a cell has no end"),
        (
            "t.csv",
            b"exam,density,density\n1,a,b\n",
            "'density'; allowed: a name that only one column",
        ),
        ("t.csv", b"%PDF-1.7\n", "t.csv is no table of text"),
        ("t.csv", b"exam,density\n1,\x00\n", "t.csv is no table of text"),
        ("t.csv", b"\n\n,,\n", "t.csv is empty"),
        ("t.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "t.xlsx is no XLSX table"),
        ("t.xlsx", b"no workbook", "t.xlsx is no XLSX table"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        user_tables.read(tmp_path / name, COLUMNS)
    assert "\n" not in str(error.value)


TASKS = {path.stem: tasks.load(path) for path in (REPO / "resources/tasks").glob("*.yaml")}


def labels(tmp_path, rows, *, level, pictures=(), **columns):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["id,side,density", *rows]) + "\n")
    columns = {"labels.id_column": "id", "labels.label_column": "density"} | columns
    found = folder.labels(path, columns, level=level, pictures=list(pictures), task=TASKS["density"], pseudonyms=IDS)
    assert (found["density"] == found["label"]).all()
    keys = ["exam_id", "side", "image_id", "label", "status", "reason"]
    return {tuple(row[:3]): tuple(row[3:]) for row in found[keys].to_numpy().tolist()}


def test_labels_of_exams(tmp_path):
    found = labels(tmp_path, ["1,,B", "2,,", "3,,e", "4,,a", "4,,c", "5,,a", "5,,A", ",,b"], level="exam")
    assert found == {
        ("1", "", ""): ("b", "labelled", ""),
        ("2", "", ""): ("", "none", "not_stated"),
        ("3", "", ""): ("", "none", "out_of_range"),
        ("4", "", ""): ("", "ambiguous", "contradiction"),
        ("5", "", ""): ("a", "labelled", ""),
    }


@pytest.mark.parametrize(
    ("task", "cells", "finding"),
    [
        ("dense", ["A"], ("non_dense", "a", "labelled", "")),
        ("dense", ["Dense"], ("dense", "", "labelled", "")),  # the key of a class
        ("dense", ["c", "d"], ("dense", "", "labelled", "")),
        ("dense", ["c", "dense"], ("dense", "", "labelled", "")),
        ("dense", ["b", "c"], ("", "", "ambiguous", "contradiction")),
        ("dense", ["c", "fatty"], ("", "", "ambiguous", "contradiction")),
        ("tissue", ["Glandular"], ("glandular", "", "labelled", "")),
        ("tissue", ["b"], ("", "", "none", "out_of_range")),
        ("benign_malignant", ["malignant"], ("malignant", "", "labelled", "")),
        ("benign_malignant", ["Normal"], ("", "", "none", "not_in_task")),
    ],
)
def test_cells_are_classes_or_values_of_the_attribute(tmp_path, task, cells, finding):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["id,label", *(f"1,{cell}" for cell in cells)]) + "\n")
    columns = {"labels.id_column": "id", "labels.label_column": "label"}
    found = folder.labels(path, columns, level="exam", pictures=[], task=TASKS[task], pseudonyms=IDS)
    assert found[["label", "density", "status", "reason"]].apply(tuple, axis=1).tolist() == [finding]


def test_labels_of_breasts(tmp_path):
    side = {"labels.side_column": "side"}
    found = labels(tmp_path, ["1,L,b", "1,derecha,c"], level="breast", **side)
    assert found == {("1", "L", ""): ("b", "labelled", ""), ("1", "R", ""): ("c", "labelled", "")}


def test_labels_of_images_by_path_or_name(tmp_path):
    pictures = ["in/one.png", "in/two.png", "more/two.png"]
    found = labels(tmp_path, ["one.png,,a", "more/two.png,,b", "1.2.3,,c"], level="image", pictures=pictures)
    assert {key[2]: own[0] for key, own in found.items()} == {"in/one.png": "a", "more/two.png": "b", "1.2.3": "c"}


@pytest.fixture
def describe(tmp_path):
    path = tmp_path / "pictures.csv"
    path.write_text(
        "file,patient,exam,side,view\none.png,p1,e1,Izquierda,cc\nin/two.png,p2,,R,\nthree.png,,e3,L,CC\n"
        "four.png,p4,e4,both,CC\nfive.png,p5,e5,L,XCCL\nsix.png,p6,,,\nsix.png,p7,,,\n"
    )
    table = {"image_column": "file", "patient_column": "patient", "exam_column": "exam"}
    table |= {"side_column": "side", "view_column": "view"}
    return folder.describer(path, {"kind": "folder", "image_table": table})


def test_a_table_says_what_a_picture_is_of(describe):
    one, two = describe("any/one.png"), describe("in/two.png")
    assert (one.patient, one.exam, one.laterality, one.view) == ("p1", "e1", "L", "CC")
    assert (two.patient, two.exam, two.laterality, two.view) == ("p2", "p2", "R", "")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("absent.png", "not_in_table"),
        ("three.png", "no_patient_id"),
        ("four.png", "no_laterality"),
        ("five.png", "non_standard_view"),
        ("six.png", "not_in_table"),
    ],
)
def test_a_picture_that_is_not_accepted_has_its_reason(describe, path, reason):
    with pytest.raises(Refused, match=reason):
        describe(path)
