"""Word documents: what a reader sees of them, and every way to be broken."""

import io
import random
import struct
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import given
from hypothesis import strategies as st

from mammoflow.reports import word_documents
from mammoflow.reports.texts import NoText, Text
from tests.test_reading import document_of, read, saved


def with_body(xml):
    """A document with this content, in the markup of its format."""
    document = docx.Document()
    spaces = " ".join(
        f'xmlns:{prefix}="{name}"'
        for prefix, name in {
            "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
            "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
            "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "v": "urn:schemas-microsoft-com:vml",
        }.items()
    )
    for child in parse_xml(f"<w:body {spaces}>{xml}</w:body>"):
        document.element.body.insert(-1, child)
    return saved(document)


def repacked(data, changes, compression=zipfile.ZIP_DEFLATED):
    """The same package with some parts replaced, or taken out where None."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", compression) as new:
        for name in [*old.namelist(), *(set(changes) - set(old.namelist()))]:
            content = changes.get(name, old.read(name) if name in old.namelist() else None)
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def word(tmp_path, content):
    return read(tmp_path, "7.docx", content).held


def test_paragraphs_and_tables_in_their_order_without_headers_and_footers(tmp_path):
    document = document_of("HALLAZGOS:\tmamas\ndensas", "")
    rows = (("Densidad mamaria", "Tipo C"), ("☐ A", "☒ B"), ("", "ACR c"), ("HALLAZGOS:", "x"))
    table = document.add_table(rows=len(rows), cols=2)
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    wide = document.add_table(rows=1, cols=3)
    wide.cell(0, 0).merge(wide.cell(0, 1)).text = "joined"
    wide.cell(0, 2).add_table(rows=1, cols=1).cell(0, 0).text = "inner"
    document.add_paragraph("IMPRESIÓN: ").add_run("BI-RADS 2").bold = True
    document.sections[0].header.paragraphs[0].text = "Hospital, 10 reported mammograms ACR d"
    document.sections[0].footer.paragraphs[0].text = "page 1"
    assert word(tmp_path, saved(document)).text.split("\n") == [
        "HALLAZGOS:\tmamas",
        "densas",
        "",
        "Densidad mamaria: Tipo C",
        "☐ A\t☒ B",
        "ACR c",
        "HALLAZGOS:\tx",
        "joined: inner",
        "IMPRESIÓN: BI-RADS 2",
    ]


def runs(*texts):
    return "<w:p>" + "".join(f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>' for text in texts) + "</w:p>"


LIST = '<w:listEntry w:val="tipo a"/><w:listEntry w:val="tipo b"/><w:listEntry w:val="tipo c"/>'


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (runs("ACR", " ", "c"), "ACR c"),
        ("<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>ACR c</w:t></w:r></w:p>", "ACR c"),
        # Content controls and smart tags wrap what a form or Word itself marked.
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{runs('ACR c')}</w:sdtContent></w:sdt>", "ACR c"),
        ("<w:p><w:sdt><w:sdtContent><w:r><w:t>ACR c</w:t></w:r></w:sdtContent></w:sdt></w:p>", "ACR c"),
        ("<w:p><w:smartTag><w:r><w:t>ACR c</w:t></w:r></w:smartTag></w:p>", "ACR c"),
        # What was deleted is not there, what was put in its place is.
        (
            "<w:p><w:r><w:t>ACR </w:t></w:r><w:del><w:r><w:delText>b</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>c</w:t></w:r></w:ins></w:p>",
            "ACR c",
        ),
        ("<w:p><w:del><w:r><w:t>ACR b</w:t></w:r></w:del><w:r><w:t>ACR c</w:t></w:r></w:p>", "ACR c"),
        ("<w:p><w:moveFrom><w:r><w:t>ACR b</w:t></w:r></w:moveFrom></w:p>" + runs("ACR c"), "\nACR c"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>ACR b</w:t></w:r><w:r><w:t>ACR c</w:t></w:r></w:p>", "ACR c"),
        ('<w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>ACR c</w:t></w:r></w:p>', "ACR c"),
        # A text box is there twice, for new and old readers.
        (
            "<w:p><w:r><w:t>uno</w:t></w:r><w:r><mc:AlternateContent>"
            f'<mc:Choice Requires="wps"><wps:txbx><w:txbxContent>{runs("ACR c")}</w:txbxContent></wps:txbx></mc:Choice>'
            f"<mc:Fallback><v:textbox><w:txbxContent>{runs('ACR c')}</w:txbxContent></v:textbox></mc:Fallback>"
            "</mc:AlternateContent></w:r></w:p>",
            "uno\nACR c\n",
        ),
        # Forms, old and new.
        (
            "<w:p><w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/></w:checkBox></w:ffData></w:fldChar>"
            "</w:r><w:r><w:t>b</w:t></w:r><w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/><w:checked/>"
            "</w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText><w:t>c</w:t></w:r>"
            "</w:p>",
            "☐ b☒ c",
        ),
        (f'<w:p><w:r><w:ffData><w:ddList><w:result w:val="2"/>{LIST}</w:ddList></w:ffData></w:r></w:p>', "tipo c"),
        (f"<w:p><w:r><w:ffData><w:ddList>{LIST}</w:ddList></w:ffData></w:r></w:p>", "tipo a"),
        ('<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> c</w:t></w:r></w:p>', "☒ c"),
        ("<w:p><w:r><w:t>BI</w:t><w:noBreakHyphen/><w:t>RADS</w:t><w:tab/><w:t>2</w:t></w:r></w:p>", "BI-RADS\t2"),
        ("<!-- a note --><w:p><w:r><w:t>ACR c</w:t><!-- inside --></w:r></w:p>", "ACR c"),
    ],
)
def test_what_a_reader_of_a_document_sees(tmp_path, xml, text):
    assert word(tmp_path, with_body(xml)).text == text


def test_the_document_is_found_by_its_relation_and_in_the_strict_edition(tmp_path):
    strict = '<d xmlns="http://purl.oclc.org/ooxml/wordprocessingml/main"><body><p><r><t>ACR c</t></r></p></body></d>'
    package = saved(document_of("x"))
    with zipfile.ZipFile(io.BytesIO(package)) as old:
        relations = old.read("_rels/.rels").replace(b"word/document.xml", b"/word/document2.xml")
    changed = {"_rels/.rels": relations, "word/document.xml": None, "word/document2.xml": strict}
    assert word(tmp_path, repacked(package, changed)).text == "ACR c"


BODY = "word/document.xml"
# Eleven megabytes in eleven kilobytes.
BOMB = b"<w:document>" + b" " * 11_000_000
ENTITIES = (
    b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "' % n + b"&a%d;" % (n - 1) * 10 + b'">' for n in range(1, 12)).replace(b"&a0;", b"&a;")
    + b"]><d>&a11;</d>"
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({BODY: BOMB}, "too_large"),
        ({"_rels/.rels": BOMB}, "too_large"),
        ({BODY: None}, "damaged"),
        ({"_rels/.rels": None}, "damaged"),
        ({"_rels/.rels": "<r/>"}, "damaged"),
        ({BODY: "no XML"}, "damaged"),
        ({BODY: ""}, "damaged"),
        ({BODY: b"\xff\xfe<d>"}, "damaged"),
        ({BODY: "<d>" * 300 + "</d>" * 300}, "damaged"),
        ({BODY: "<body><altChunk/></body>"}, "not_supported"),
    ],
)
def test_damaged_and_dangerous_documents(tmp_path, changes, reason):
    assert word(tmp_path, repacked(saved(document_of("ACR c")), changes)) == Text(reason=reason)


def test_entities_are_not_unfolded(tmp_path):
    held = word(tmp_path, repacked(saved(document_of("ACR c")), {BODY: ENTITIES}))
    assert held in (Text(), Text(reason="damaged"))


def test_bombs_in_parts_that_are_not_read_do_no_harm(tmp_path):
    bombs = {"word/styles.xml": BOMB, "word/media/image1.png": bytes(30_000_000)}
    assert word(tmp_path, repacked(saved(document_of("ACR c")), bombs)) == Text("ACR c")


def test_a_part_that_is_larger_than_it_says_is_damaged(tmp_path):
    package = bytearray(repacked(saved(document_of("x")), {BODY: BOMB}))
    size = struct.pack("<I", len(BOMB))
    assert package.count(size) == 2
    assert word(tmp_path, bytes(package).replace(size, struct.pack("<I", 1000))) == Text(reason="damaged")


def test_encrypted_documents(tmp_path):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert word(tmp_path, ole + "EncryptedPackage".encode("utf-16-le")) == Text(reason="encrypted")
    # An old .doc under a new name.
    assert word(tmp_path, ole + "WordDocument".encode("utf-16-le")) == Text(reason="not_supported")
    package = bytearray(saved(document_of("ACR c")))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := package.find(mark, at + 1)) >= 0:
            package[at + place] |= 1
    assert word(tmp_path, bytes(package)) == Text(reason="encrypted")


def test_a_document_cut_short_is_damaged_wherever_it_was_cut(tmp_path):
    whole = saved(document_of("ACR c"))
    for size in (1, 3, 4, 30, 1000, len(whole) // 2, len(whole) - 22, len(whole) - 1):
        assert word(tmp_path, whole[:size]) == Text(reason="damaged"), size


@given(st.data())
def test_flipped_bytes_of_a_document_never_raise(data):
    whole = bytearray(WORD_FILE)
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert word_documents.read(io.BytesIO(whole)) is not None
    except NoText as none:
        assert none.reason in ("damaged", "encrypted", "too_large", "not_supported")


WORD_FILE = repacked(
    saved(document_of("ACR c")), {"word/styles.xml": None, "word/stylesWithEffects.xml": None}, zipfile.ZIP_STORED
)


def test_a_large_document_is_not_read(tmp_path):
    package = repacked(
        saved(document_of("ACR c")), {"word/media/1.png": random.Random(0).randbytes(20_000_000)}, zipfile.ZIP_STORED
    )
    assert word(tmp_path, package) == Text(reason="too_large")
