"""Tables that people make: CSV, TSV or XLSX, read as text, whatever a spreadsheet did to them."""

import csv
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from mammoflow.characters import decode
from mammoflow.errors import UserError
from mammoflow.files import Changed, steady

# What Excel writes above the names, so that it reads its own file again.
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_ZEROS = re.compile("0{2,}")
_BROKEN_SHEET = (
    zipfile.BadZipFile, zlib.error, SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError,
    OSError, NotImplementedError, RuntimeError,
)  # fmt: skip
_LONGEST_CELL = 2_000_000  # characters; a longer one is a quotation mark that was never closed


def read(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    """Read the columns that the configuration names.

    Parameters
    ----------
    path
        CSV or TSV (comma, semicolon or tab; UTF-8, UTF-16 with its mark, else Windows-1252) or XLSX (its first sheet).
    columns
        Name of a column by the configuration key that names it.

    Returns
    -------
    pandas.DataFrame
        Text, without blanks around it, in columns named by the last part of their keys; rows without any text in them
        are left out. The index is the number of the row, as a spreadsheet counts.

    Raises
    ------
    UserError
        If the file is no such table, or lacks a column.
    """
    (_, names), *body = rows(path)
    places = {key: _place(key, name, names) for key, name in columns.items()}
    cells = [[row[place] for place in places.values()] for _, row in _even(body, len(names), path)]
    found = pd.DataFrame(
        cells, columns=[key.rpartition(".")[2] for key in places], index=[number for number, _ in body], dtype=str
    )
    return found[(found != "").any(axis=1)]


def rows(path: Path) -> list[tuple[int, list[str]]]:
    """Number and cells, without blanks around them, of the rows of a table with any text in them.

    Raises
    ------
    UserError
        If the file is no such table, or has no such row.
    """
    try:
        with steady(path):
            found = _sheet_rows(path) if path.suffix.lower() == ".xlsx" else _text_rows(path)
    except Changed:
        raise UserError(f"{path.name} changed while it was read; run again when it stays as it is") from None
    except OSError as error:
        raise UserError(f"{path.name}: {error.strerror}; allow reading it") from None
    filled = [(number, [cell.strip() for cell in row]) for number, row in found if any(map(str.strip, row))]
    if not filled:
        raise UserError(f"{path.name} is empty; allowed: a table with a line of column names")
    return filled


def _place(key: str, name: str, names: list[str]) -> int:
    if name not in names:
        raise UserError(f"config: {key} is {name!r}; allowed: a column of the table: {', '.join(names)}")
    if names.count(name) > 1:
        raise UserError(f"config: {key} is {name!r}; allowed: a name that only one column of the table has")
    return names.index(name)


def _even(rows: list[tuple[int, list[str]]], width: int, path: Path) -> list[tuple[int, list[str]]]:
    """The rows, if they are as long as the line of names; empty cells beyond it are none.

    A row of another length is a text with a separator or a line end in it that nobody quoted: its cells are not where
    their names are.
    """
    for number, row in rows:
        if len(row) < width or any(row[width:]):
            raise UserError(
                f"{path.name}: row {number} has {len(row)} cells, the line of column names has {width}, and no row may "
                "have more or fewer cells; mend it"
            )
    return rows


def _sheet_rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        # Some programs write a wrong size, and then only a part would be read.
        sheet.reset_dimensions()
        rows = [[_plain(cell) for cell in row] for row in sheet.iter_rows()]
    except _BROKEN_SHEET as error:
        raise UserError(f"{path.name} is no XLSX table ({type(error).__name__}); save it as CSV in UTF-8") from None
    width = max(map(len, rows), default=0)
    return [(number, row + [""] * (width - len(row))) for number, row in enumerate(rows, 1)]


def _plain(cell: Any) -> str:
    """A cell as the spreadsheet shows it, as far as ids and texts go: leading zeros kept, no point after a number."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and _ZEROS.fullmatch(cell.number_format or ""):
        return str(value).zfill(len(cell.number_format))
    return str(value)


def _text_rows(path: Path) -> list[tuple[int, list[str]]]:
    text = decode(path.read_bytes())
    if text is None:
        raise UserError(f"{path.name} is no table of text; save it as CSV in UTF-8")
    given = _SEPARATOR_LINE.match(text)
    text = text[given.end() :] if given else text
    # Text columns hold commas and semicolons; the line of names says what parts them.
    separator = given[1] if given else max("\t;,", key=text.lstrip().partition("\n")[0].count)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        # Only these are line ends: a text may hold others.
        return list(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1))
    except csv.Error:
        raise UserError(f"{path.name}: a cell has no end; close or double the quotation mark in it") from None
