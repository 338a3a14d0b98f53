"""Bytes as characters, and texts told from what is none."""

import base64
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mammoflow.characters import decode, is_garbled
from mammoflow.reports.texts import Text, text_of
from tests.conftest import REPO

SPANISH = "HALLAZGOS: Mamas heterogéneamente densas · señora, ¿nódulo? 12 µm."


def shipped_texts():
    """Texts that people wrote in many styles."""
    statements = sorted((REPO / "tests/data").glob("statements/*.tsv"))
    texts = [line.split("\t")[0] for path in statements for line in path.read_text("utf-8").splitlines()[1:]]
    texts += [path.read_text("utf-8") for path in sorted((REPO / "tests/data/reports").rglob("*.txt"))]
    assert len(texts) > 200
    return texts


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_encodings(encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert decode(mark + SPANISH.encode(encoding)) == SPANISH


def test_windows_1252_is_told_from_latin_1_by_what_only_it_has():
    assert decode("“densas” – 5 € … ñ".encode("cp1252")) == "“densas” – 5 € … ñ"
    # Five bytes mean nothing in Windows-1252; beside them the others still do.
    assert decode(b"caf\xe9 \x81 \x93c\x94") == "café \x81 “c”"


@pytest.mark.parametrize("encoding", ["mac_roman", "cp850", "cp437"])
def test_encodings_of_old_machines_are_not_guessed(encoding):
    data = "Mamas heterogéneamente densas".encode(encoding)
    assert decode(data) == "".join(
        bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in data
    )


def test_utf_8_with_stray_bytes_keeps_its_accents():
    data = "Mamas heterogéneamente densas, sin lesión.\n".encode()
    assert decode(data + "Firma: Núñez".encode("cp1252")[:9]) == data.decode() + "Firma: Nú"
    assert decode(data + b"distorsi\xc3") == data.decode() + "distorsiÃ"
    # One sound sequence by chance does not make Windows-1252 UTF-8.
    assert decode("densidad é, ó, Ã©".encode("cp1252")) == "densidad é, ó, Ã©"


@pytest.mark.parametrize("data", [b"%PDF-1.4", b"{\\rtf1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"a\x00b", b"\xff\xfea"])
def test_other_data_is_no_text(data):
    assert decode(data) is None


def test_utf_16_holds_no_nul_either():
    assert decode("a\x00b".encode("utf-16")) is None


@given(st.text(st.sampled_from("áéíóúüñÁÉÍÓÚÑ aeiou.,:\n"), max_size=40))
def test_words_come_back_from_every_encoding(text):
    for encoding in ("utf-8", "utf-16", "cp1252", "latin-1"):
        assert decode(text.encode(encoding)) == text


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf\xff")
def test_decoding_never_fails(data):
    text = decode(data)
    assert text is None or "\x00" not in text


# Garbled texts


@pytest.mark.parametrize(
    "change",
    [
        str,
        str.upper,
        lambda text: text.replace("\\n", "\n"),
        lambda text: text.encode("ascii", "replace").decode(),
        lambda text: text.encode("utf-8").decode("ascii", "replace"),
        lambda text: text.encode("cp850", "replace").decode("latin-1"),
        lambda text: text.encode("utf-8").decode("latin-1"),
    ],
    ids=["as is", "upper", "lines", "no accents", "lost bytes", "old machine", "mojibake"],
)
def test_no_report_is_taken_for_garbled(change):
    # Boxes alone are illegible where their bytes are lost.
    texts = [text for text in shipped_texts() if "☐" not in text or change is str or len(text) > 100]
    assert [text for text in texts if is_garbled(change(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "ACR b",
        "B",
        "ñ",
        "D",
        "3",
        "12/03/2019 45 M 1.2.840.113619 88 12x14x9 mm 1234567890 / 22,5 %",
        "☐ A  ☐ B  ☒ C  ☐ D",
        "\uf0a8 A \uf0a8 B \uf0fe C \uf0a8 D",
        "( ) A ( ) B (X) C ( ) D",
        "• ACR b\n• BI-RADS® 2\n─────────\n│ c │",
        "MMG BIL CC/MLO. TFG DISP. S/ MCC NI DIST. GL AX BIL NL. BR2. CTRL 12M. " * 6,
        "DENSIDAD: B\n" + "=" * 500,
        "heterog\ufffdneamente densas, sin n\ufffddulos ni distorsi\ufffdn",
        "\x1b&l0O MAMAS DENSAS\x0c",
        "composição mamária: mamas heterogêneamente densas, não há nódulos",
    ],
)
def test_short_and_odd_reports_are_not_garbled(text):
    assert not is_garbled(text)


SHIFTED = "".join(chr(ord(one) - 29) if one.isalpha() else one for one in "mamas heterogeneamente densas " * 20)


@pytest.mark.parametrize(
    "text",
    [
        bytes(random.Random(0).randrange(1, 256) for _ in range(300)).decode("latin-1"),
        "\ufffd" * 30,
        "漢字" * 40,
        "\x01\x02\x03\x04 abc",
        base64.b64encode(random.Random(0).randbytes(900)).decode(),
        SHIFTED,
    ],
    ids=["bytes", "lost characters", "another script", "controls", "base64", "shifted by a font"],
)
def test_what_is_no_words_is_garbled(text):
    assert is_garbled(text)
    assert text_of(text) == Text(reason="garbled")


def test_a_text_with_nul_is_none_wherever_it_came_from():
    assert text_of("ACR b\x00") == Text(reason="not_text")


def test_mojibake_is_repaired_before_it_is_judged():
    assert text_of("Ã¡Ã©Ã­Ã³Ãº") == Text("áéíóú")
