"""DICOM structured reports: their lines, whose they are, and every way to be broken."""

import io
import struct
import warnings
from collections import Counter

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from mammoflow.reports import reading, structured_reports
from mammoflow.reports.reading import Input
from mammoflow.reports.texts import NoText, Text
from tests.test_reading import parsed, read


def code(meaning, value="1"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99TEST", meaning
    return item


def content(kind, name="", *below, relation="CONTAINS", name_code="1", **values):
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    if name:
        item.ConceptNameCodeSequence = [code(name, name_code)]
    for key, value in values.items():
        setattr(item, key, value)
    if below:
        item.ContentSequence = list(below)
    return item


def text_item(text, name="", *below, **values):
    return content("TEXT", name, *below, TextValue=text, **values)


def code_item(meaning, name, *below, **values):
    return content("CODE", name, *below, ConceptCodeSequence=[code(meaning)], **values)


def number_item(value, unit, name):
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = value, [code("?", unit)]
    return content("NUM", name, MeasuredValueSequence=[measured])


def structured(*below, sop_class=uid.BasicTextSRStorage, syntax=uid.ExplicitVRLittleEndian, undefined=False, **values):
    """The bytes of a structured report of the exam A 1, accession number 007."""
    report = content("CONTAINER", "Radiology Report", *below)
    del report.RelationshipType
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = syntax
    report.file_meta.MediaStorageSOPClassUID, report.file_meta.MediaStorageSOPInstanceUID = sop_class, "1.2.3"
    report.SOPClassUID, report.SOPInstanceUID, report.StudyInstanceUID = sop_class, "1.2.3", "1.2.9"
    report.Modality, report.AccessionNumber, report.PatientName = "SR", "007", "Planted^Ana"
    report.SpecificCharacterSet = "ISO_IR 100"
    for key, value in values.items():
        setattr(report, key, value)
    if undefined:
        leave_open(report)
    file = io.BytesIO()
    pydicom.dcmwrite(file, report, enforce_file_format=True)
    return file.getvalue()


def leave_open(dataset):
    """Sequences that end by a mark, not by their length."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                leave_open(item)


REPORT = (
    code_item("Spanish", "Language of Content Item", relation="HAS CONCEPT MOD", name_code="121049"),
    content("PNAME", "Person Observer Name", relation="HAS OBS CONTEXT", PersonName="Planted^Doctor"),
    code_item("Person", "Observer Type", relation="HAS OBS CONTEXT"),
    content("CONTAINER", "History", text_item("Control por mamas densas.", "History")),
    content(
        "CONTAINER",
        "Findings",
        text_item("Mamas heterogéneamente densas.\nSin nódulos.", "Finding"),
        code_item("ACR c", "Breast composition", code_item("Both breasts", "Laterality", relation="HAS CONCEPT MOD")),
        number_item("12.5", "mm", "Diameter"),
        number_item("3", "1", "Calcifications:"),
        content("DATE", "Date of prior", Date="20190102"),
        content("CONTAINER", "Ultrasound", text_item("Quiste simple.")),
        text_item("Piel normal."),
    ),
    text_item("BI-RADS 2.", "Impression"),
)
LINES = [
    "Radiology Report:",
    "History:",
    "History: Control por mamas densas.",
    "Findings:",
    "Finding: Mamas heterogéneamente densas.",
    "Sin nódulos.",
    "Breast composition: ACR c (Both breasts)",
    "Diameter: 12.5 mm",
    "Calcifications: 3",
    "Ultrasound:",
    "Quiste simple.",
    # After the section within it, the outer one goes on.
    "Findings:",
    "Piel normal.",
    "Impression: BI-RADS 2.",
]


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "marks"])
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
@pytest.mark.parametrize("name", ["7.dcm", "IM0001", "report.txt"])
def test_a_structured_report_is_read_in_its_order(tmp_path, name, syntax, undefined):
    found = read(tmp_path, name, structured(*REPORT, syntax=syntax, undefined=undefined))
    assert (found.exam, found.held.reason) == ("007", "")
    assert found.held.text.split("\n") == LINES


def test_sections_of_a_structured_report_are_found(tmp_path):
    found = read(tmp_path, "1.dcm", structured(*REPORT))
    reports, texts, sections = parsed([found])
    assert {"indication", "findings", "ultrasound", "impression"} <= set(reports.loc["007", "sections"].split())
    words = {row.section: texts.loc["007", "text"][row.start : row.end] for row in sections.itertuples()}
    assert words["indication"].endswith("Control por mamas densas.")
    assert words["impression"] == "BI-RADS 2."


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("ISO_IR 100", "áéíóúñ Ü"),
        ("ISO_IR 192", "áéíóúñ ≥ “c”"),
        ("", "aeiou"),
        (["", "ISO 2022 IR 100"], "áéíóúñ"),
    ],
)
def test_character_sets_are_honoured(tmp_path, charset, text):
    found = read(tmp_path, "1.dcm", structured(text_item(text, "Findings"), SpecificCharacterSet=charset))
    assert found.held.text == f"Radiology Report:\nFindings: {text}"


def test_without_a_character_set_what_was_written_is_still_read(tmp_path):
    data = structured(text_item("áé", "Findings"), SpecificCharacterSet="ISO_IR 192")
    assert data.count(b"ISO_IR 192") == 1
    found = read(tmp_path, "1.dcm", data.replace(b"ISO_IR 192", b"ISO_IR 100"))
    assert found.held.text == "Radiology Report:\nFindings: áé"


def test_the_exam_is_that_of_the_images(tmp_path):
    data = structured(text_item("ACR c"), AccessionNumber=" 00  7 ")
    assert read(tmp_path, "x.dcm", data).exam == "00 7"
    assert read(tmp_path, "x.dcm", data, exam_key="StudyInstanceUID").exam == "1.2.9"
    for lacking in ("", None):
        data = structured(text_item("ACR c"), AccessionNumber=lacking)
        assert read(tmp_path, "x.dcm", data) == Input("", "x.dcm", Text(reason="no_exam_id"))


@pytest.mark.parametrize(
    ("sop_class", "reason"),
    [
        (uid.DigitalMammographyXRayImageStorageForPresentation, "not_a_report"),
        (uid.XRayRadiationDoseSRStorage, "not_a_report"),
        (uid.MammographyCADSRStorage, "not_a_report"),
        (uid.KeyObjectSelectionDocumentStorage, "not_a_report"),
        (uid.EncapsulatedPDFStorage, "not_supported"),
        (uid.EncapsulatedCDAStorage, "not_supported"),
        (uid.EnhancedSRStorage, ""),
        (uid.ComprehensiveSRStorage, ""),
        (uid.Comprehensive3DSRStorage, ""),
    ],
)
def test_only_documents_that_people_write_are_reports(tmp_path, sop_class, reason):
    found = read(tmp_path, "x.dcm", structured(text_item("ACR c"), sop_class=sop_class))
    assert (found.exam, found.held.reason) == ("007", reason)


def test_an_image_is_not_read_to_its_end(tmp_path, monkeypatch):
    sop_class = uid.DigitalMammographyXRayImageStorageForPresentation
    data = structured(sop_class=sop_class, PixelData=bytes(4_000_000), BitsAllocated=8)
    file = io.BytesIO(data)
    sizes = []
    monkeypatch.setattr(file, "read", lambda size=-1, real=file.read: sizes.append(size) or real(size), raising=False)
    header = structured_reports.read_header(file)
    assert structured_reports.exam_of(header, "AccessionNumber") == "007"
    with pytest.raises(NoText, match="not_a_report"):
        structured_reports.read(file, header)
    assert 0 < sum(sizes) <= 1_000_000


@pytest.mark.parametrize(
    "below",
    [
        (),
        (content("CONTAINER", "Findings"),),
        (text_item(""),),
        (content("IMAGE"), content("UIDREF", "UID", UID="1.2"), content("DATE", "Date", Date="20190102")),
    ],
)
def test_a_structured_report_without_words_is_empty(tmp_path, below):
    # Its title, and headers with nothing below them, are none.
    assert read(tmp_path, "x.dcm", structured(*below)) == Input("007", "x.dcm", Text())


def test_values_of_other_kinds_are_never_read(tmp_path):
    found = read(tmp_path, "x.dcm", structured(*REPORT))
    assert not any(planted in found.held.text for planted in ("Planted", "Person", "2019", "Spanish"))


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "marks"])
def test_a_structured_report_cut_short_is_never_taken_for_a_whole_one(tmp_path, undefined):
    whole = structured(*REPORT, undefined=undefined)
    expected = read(tmp_path, "x.dcm", whole).held
    found = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in range(1, len(whole), 3):
            held = read(tmp_path, "x.dcm", whole[:size]).held
            assert not held.text or held == expected, size
            found[held.reason] += 1
    assert set(found) <= {"", "damaged", "not_dicom", "not_a_report", "no_exam_id"}
    assert found["damaged"] > found.total() / 2


def test_a_structured_report_cut_before_its_content_is_not_empty(tmp_path):
    whole = structured(*REPORT)
    cut = whole[: whole.index(b"Planted^Ana") + 4]
    assert read(tmp_path, "x.dcm", cut) == Input("007", "x.dcm", Text(reason="damaged"))


SR_FILE = structured(*REPORT)


@given(st.data())
def test_flipped_bytes_of_a_structured_report_never_raise(data):
    whole = bytearray(SR_FILE)
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(132, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = reading._read_dicom("x.dcm", io.BytesIO(whole), "AccessionNumber")
    assert not (found.held.text and found.held.reason)


def nested(depth):
    item = text_item("ACR c")
    for _ in range(depth):
        item = content("CONTAINER", "c", item)
    return item


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "marks"])
def test_depth_is_bounded(tmp_path, undefined):
    assert read(tmp_path, "x.dcm", structured(nested(30), undefined=undefined)).held.text.endswith("ACR c")
    assert read(tmp_path, "x.dcm", structured(nested(40), undefined=undefined)).held == Text(reason="too_large")


def test_bottomless_nesting_is_no_crash(tmp_path):
    # Items that each begin another sequence, as pydicom would not write them.
    sequence = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    data = structured() + (sequence + item) * 5000
    assert read(tmp_path, "x.dcm", data).held.reason in ("too_large", "damaged")


def test_size_is_bounded(tmp_path):
    assert read(tmp_path, "x.dcm", structured(text_item("palabra " * 150_000))).held == Text(reason="too_large")
    assert read(tmp_path, "x.dcm", structured(text_item("palabra " * 700_000))).held == Text(reason="too_large")


def test_deflated_files_are_not_inflated(tmp_path):
    data = structured(text_item("ACR c" + " " * 900_000), syntax=uid.DeflatedExplicitVRLittleEndian)
    assert read(tmp_path, "x.dcm", data) == Input("", "x.dcm", Text(reason="not_supported"))


def test_no_value_of_a_broken_report_is_shown(tmp_path, recwarn, capsys, caplog):
    odd = content("NUM", "Size", MeasuredValueSequence=[Dataset()])
    data = structured(odd, text_item("ACR c")).replace(b"ISO_IR 100", b"ISO_IR XYZ").replace(b"1.2.9", b"PLANT")
    assert read(tmp_path, "x.dcm", data, exam_key="StudyInstanceUID").exam == "PLANT"
    assert not list(recwarn)
    assert capsys.readouterr() == ("", "")
    assert not caplog.records
