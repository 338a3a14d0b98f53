"""Tables that people make: CSV, TSV or XLSX, read as text, whatever a spreadsheet did to them."""

import csv
from pathlib import Path

import pandas as pd

from mammoflow.errors import UserError


def read(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    """Read the columns that the configuration names.

    Parameters
    ----------
    path
        CSV or TSV (comma, semicolon or tab; UTF-8, else Windows-1252) or XLSX (its first sheet).
    columns
        Name of a column by the configuration key that names it.

    Returns
    -------
    pandas.DataFrame
        Text, without blanks around it, in columns named by the last part of their keys; rows without any text are
        left out.

    Raises
    ------
    UserError
        If the file is no such table, or lacks a column.
    """
    frame = _read_sheet(path) if path.suffix.lower() == ".xlsx" else _read_text(path)
    frame.columns = [str(name).strip() for name in frame.columns]
    for key, name in columns.items():
        if name not in frame.columns:
            raise UserError(f"config: {key} is {name!r}; allowed: a column of the table: {', '.join(frame.columns)}")
    found = pd.DataFrame({key.rpartition(".")[2]: frame[name].map(_plain) for key, name in columns.items()}, dtype=str)
    return found[(found != "").any(axis=1)].reset_index(drop=True)


def _read_sheet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_excel(path, dtype=str, keep_default_na=False)
    except (ValueError, KeyError, OSError) as error:
        raise UserError(f"{path.name} is no XLSX table ({type(error).__name__}); save it as CSV in UTF-8") from None


def _read_text(path: Path) -> pd.DataFrame:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    lines = text.splitlines()
    if not lines:
        raise UserError(f"{path.name} is empty; allowed: a table with a line of column names")
    # Text columns hold commas and semicolons; the line of names says what parts them.
    separator = max("\t;,", key=lines[0].count)
    rows = list(csv.reader(text.splitlines(keepends=True), delimiter=separator))
    if any(len(row) not in (0, len(rows[0])) for row in rows):
        raise UserError(f"{path.name}: some rows have more or fewer cells than the line of column names; mend them")
    return pd.DataFrame([row for row in rows[1:] if row], columns=rows[0], dtype=str)


def _plain(value: object) -> str:
    return str(value).strip()
