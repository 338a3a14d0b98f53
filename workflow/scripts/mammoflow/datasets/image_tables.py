"""The CSV tables of large public data sets, with a row an image: read by column, as they may have hundreds of these."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pandas as pd

from mammoflow.dicom import headers
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError
from mammoflow.files import Changed, steady


def read(path: Path, *columns: str) -> pd.DataFrame:
    """Columns of a CSV table, as text without blanks around it; of a row that ends early, "".

    Names count without regard to case and to blanks around them; the frame has the names that were asked for.

    Raises
    ------
    UserError
        If it is no table, or lacks a column.
    """
    wanted = {name.casefold(): name for name in columns}

    def named(name: str) -> str:
        return wanted.get(name.strip().casefold(), "")

    try:
        with steady(path):
            table = pd.read_csv(
                path, usecols=named, index_col=False, dtype=str, keep_default_na=False, encoding="utf-8-sig"
            ).rename(columns=named)
    except Changed:
        raise UserError(f"{path.name} changed while it was read; run again when it stays as it is") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path.name} is no table that can be read ({type(error).__name__}); get it again") from None
    for name in columns:
        if name not in table:
            raise UserError(f"{path.name} has no column {name!r}; get it again")
    return table[list(columns)].fillna("").apply(lambda column: column.str.strip())


def whole(column: pd.Series) -> pd.Series:
    """Ids and codes as they are meant: programs write a whole number with a point where a column has empty cells."""
    return column.str.removesuffix(".0")


def rows_by(column: str, table: pd.DataFrame) -> Callable[[str], dict[str, str]]:
    """What finds the row of an image's file by its name without the suffix, which stands in this column.

    It raises Refused where the table has no row for it, or several that differ.
    """
    rows = table.drop_duplicates().drop_duplicates(column, keep=False)
    # A row of a frame takes twenty times as long.
    places, columns, cells = pd.Index(rows[column]), list(rows.columns), rows.to_numpy()

    def row_of(relative: str) -> dict[str, str]:
        name = PurePosixPath(relative).stem
        if name not in places:
            raise Refused("excluded", "not_in_table")
        return dict(zip(columns, cells[places.get_loc(name)], strict=True))

    return row_of


def side_of(word: str) -> str:
    """L or R; "" for a word that is none of them."""
    return word.upper() if word.upper() in ("L", "R") else ""


def view_of(word: str) -> str:
    """CC, MLO, other for another word, "" for none."""
    return word.upper() if word.upper() in ("CC", "MLO") else "other" if word else ""


def age_band(years: str) -> str:
    """The band of an age in years; "" where it is none."""
    return headers.age_band(f"{years:0>3}Y") if years else ""
