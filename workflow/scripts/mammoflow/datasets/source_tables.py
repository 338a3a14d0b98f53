"""The tables that public data sets come with, whose columns are known, under one name or another."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mammoflow import user_tables
from mammoflow.errors import UserError


def read(path: Path, columns: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Read some columns of a table.

    Parameters
    ----------
    path
        CSV or XLSX (its first sheet).
    columns
        The names that each column has in one copy or another of the data set, by the name that the result gives it.

    Returns
    -------
    pandas.DataFrame
        Text, without blanks around it; "" where a row ends early.

    Raises
    ------
    UserError
        If the file is no table, or lacks a column.
    """
    (_, names), *body = user_tables.rows(path)
    places = [_place(path, alike, names) for alike in columns.values()]
    cells = [[row[place] if place < len(row) else "" for place in places] for _, row in body]
    return pd.DataFrame(cells, columns=list(columns), dtype=str)


def _place(path: Path, alike: tuple[str, ...], names: list[str]) -> int:
    for name in alike:
        if name in names:
            return names.index(name)
    raise UserError(f"{path.name} has no column {' or '.join(map(repr, alike))}")
