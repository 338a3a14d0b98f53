"""The text of Word documents (.docx), as a reader sees it, without headers and footers of the page."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from docx.oxml import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement as Element

from mammoflow.reports.texts import NoText

_MOST_BYTES = 20_000_000  # of a file; pictures make reports large
_MOST_XML = 10_000_000  # of the part that holds the text, unpacked; lxml takes some ten times as much
_OLE = b"\xd0\xcf\x11\xe0"  # the old .doc, and what a password makes of a .docx
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_PACKAGE = "_rels/.rels"  # says which part is the document
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, SyntaxError, KeyError, ValueError, EOFError, OSError,
    NotImplementedError, RecursionError,
)  # fmt: skip
# What a form's left column holds: the name of what stands in the right one.
_NAME = re.compile(r"[^\W\d_][^\n:.;,?!]{0,58}[^\s:.;,?!]")
# Deleted words, older forms of what is read already, and the stops of tabs, which are called as tabs are.
_UNSEEN = {"del", "moveFrom", "Fallback", "pPr"}
_MARKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Boxes of Word's symbol fonts, by the low byte of their codes.
_BOXES = {0x6F: "☐", 0xA8: "☐", 0x78: "☒", 0xFE: "☒", 0xFD: "☒", 0x52: "☒", 0x53: "☒", 0xFC: "✓", 0xFB: "✗"}


def read(file: BinaryIO) -> str:
    """The text of a document: paragraphs and tables in their order, a line each.

    Only the part that holds the text is unpacked and parsed, by python-docx's parser, after a look at its size: any
    part may be a bomb, and styles take ten times as long as the text.

    Raises
    ------
    NoText
        If the file is no such document, or one that cannot be read.
    """
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise NoText(reason="too_large")
    if data.startswith(_OLE):
        raise NoText(reason="encrypted" if _ENCRYPTED_PACKAGE in data else "not_supported")
    try:
        with zipfile.ZipFile(file) as package:
            document = _part(package, _document(package))
        return "\n".join(_lines(document))
    except _BROKEN:
        raise NoText(reason="damaged") from None


def _document(package: zipfile.ZipFile) -> str:
    """Name of the part that holds the text."""
    for relation in _part(package, _PACKAGE):
        if str(relation.get("Type")).endswith("/officeDocument"):
            return str(relation.get("Target")).lstrip("/")
    raise KeyError(_PACKAGE)


def _part(package: zipfile.ZipFile, name: str) -> Element:
    part = package.getinfo(name)
    # No more than this size is unpacked, whatever the file holds.
    if part.file_size > _MOST_XML:
        raise NoText(reason="too_large")
    if part.flag_bits & 1:
        raise NoText(reason="encrypted")
    return parse_xml(package.read(part))


def _lines(parent: Element) -> Iterator[str]:
    """The lines of a document, a cell or a text box; whatever else wraps paragraphs is looked into."""
    for child in parent:
        name = _name(child)
        if name == "p":
            yield "".join(_pieces(child))
        elif name == "tbl":
            yield from _rows(child)
        elif name == "altChunk":
            # A file in another form within the document: without it, part of the report would be missing.
            raise NoText(reason="not_supported")
        elif name not in _UNSEEN:
            yield from _lines(child)


def _rows(table: Element) -> Iterator[str]:
    for row in _below(table, "tr"):
        cells = ["\n".join(_lines(cell)).strip() for cell in _below(row, "tc")]
        if len(cells) == 2 and all(cells) and _NAME.fullmatch(cells[0]):
            # Without the colon, nothing would tell the name of a field, which may be a header, from what follows.
            yield f"{cells[0]}: {cells[1]}"
        elif any(cells):
            yield "\t".join(filter(None, cells))


def _below(parent: Element, wanted: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also those in a content control."""
    for child in parent:
        name = _name(child)
        if name == wanted:
            yield child
        elif name not in _UNSEEN:
            yield from _below(child, wanted)


def _pieces(parent: Element) -> Iterator[str]:
    """The words and marks of a paragraph; a text box stands on lines of its own."""
    for child in parent:
        name = _name(child)
        if name == "r" and _is_hidden(child):
            continue
        if name == "t":
            yield child.text or ""
        elif name in _MARKS:
            yield _MARKS[name]
        elif name == "sym":
            yield _BOXES.get(int(_attribute(child, "char") or "0", 16) & 0xFF, "")
        elif name == "checkBox":
            yield "☒ " if _is_checked(child) else "☐ "
        elif name == "ddList":
            yield _chosen(child)
        elif name == "txbxContent":
            yield "\n" + "\n".join(_lines(child)) + "\n"
        elif name not in _UNSEEN:
            yield from _pieces(child)


def _is_hidden(run: Element) -> bool:
    return any(_name(mark) == "vanish" and _is_on(mark) for own in run if _name(own) == "rPr" for mark in own)


def _is_checked(box: Element) -> bool:
    """Whether a box of an old form is ticked; what the user did counts before what the form began with."""
    state = {_name(child): _is_on(child) for child in box}
    return state.get("checked", state.get("default", False))


def _chosen(choices: Element) -> str:
    """The chosen entry of a list of an old form; the first, unless it says another."""
    entries = [_attribute(child, "val") for child in choices if _name(child) == "listEntry"]
    state = {_name(child): int(_attribute(child, "val") or "0") for child in choices if _name(child) != "listEntry"}
    place = state.get("result", state.get("default", 0))
    return entries[place] if 0 <= place < len(entries) else ""


def _is_on(mark: Element) -> bool:
    """Whether a mark holds: it does unless it says that it does not."""
    return _attribute(mark, "val") not in ("0", "false", "off")


def _name(element: Element) -> str:
    """The name of an element without its namespace, which differs between editions of the format; "" of a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _attribute(element: Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")
