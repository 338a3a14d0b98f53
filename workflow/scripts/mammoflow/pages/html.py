"""Pages for people: tables and figures put into HTML that needs no network, and reads the same without its script."""

import base64
import io
import numbers
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from PIL import Image

MISSING = "–"
FEW = "*"  # after an interval
FEW_NOTE = (
    f"{FEW} fewer than 30 patients are behind the interval, of the class for a measure of a class: likely too narrow."
)


@dataclass(frozen=True)
class HtmlTable:
    """A table as people read it. Cells are text or numbers; numbers are written and aligned by the page."""

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    notes: tuple[str, ...] = ()
    sortable: bool = True  # not where the order of the rows is the message


@dataclass(frozen=True)
class HtmlFigure:
    """A figure with what it shows in words, for those who cannot see it."""

    caption: str
    alt: str
    data: str  # data URI of the PNG


def figure(path: str | Path, *, caption: str, alt: str) -> HtmlFigure:
    """A PNG file, taken into the page in 256 colours, which halves it and is not seen."""
    packed = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(packed, "png")
    data = base64.b64encode(packed.getvalue()).decode("ascii")
    return HtmlFigure(caption, alt, f"data:image/png;base64,{data}")


def cell(value: Any) -> str:
    """A cell's text: counts with thousands separators, other numbers with three decimals, a dash if missing."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return MISSING
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    # A true minus sign; and a value that rounds to zero has none.
    return f"{value + 0.0:.3f}".replace("-0.000", "0.000").replace("-", "−") if is_number(value) else str(value)


def is_number(value: Any) -> bool:
    """Whether a cell is aligned as a number."""
    return value is None or value is pd.NA or (isinstance(value, numbers.Number) and not isinstance(value, bool))


def with_interval(value: float, low: float, high: float, *, few: bool = False) -> str:
    """A measure with its 95 % interval in square brackets, marked where it is of few patients."""
    return MISSING if pd.isna(value) else f"{cell(value)} {bracketed(low, high, few=few)}"


def above_interval(value: float, low: float, high: float, *, few: bool = False) -> str:
    """A measure with its 95 % interval in the line below, for tables of many columns."""
    return MISSING if pd.isna(value) else f"{cell(value)}\n{bracketed(low, high, few=few)}"


def is_measure(value: Any) -> bool:
    """Whether a cell is broken into lines only where it says so: a measure with its interval."""
    return isinstance(value, str) and (value.endswith(("]", f"]{FEW}")) or "\n" in value)


def bracketed(low: float, high: float, *, few: bool = False) -> str:
    """The ends of an interval, marked where it is of few patients."""
    return f"[{MISSING}]" if pd.isna(low) else f"[{cell(low)}, {cell(high)}]{FEW if few else ''}"


def counted(n: int, thing: str) -> str:
    """A number of things in words."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def render(template: str | Path, **values: Any) -> str:
    """Fill a template with values, escaping every one.

    Parameters
    ----------
    template
        A Jinja2 file; it may import from files beside it.
    values
        What the template names. A name that is not given is an error.
    """
    template = Path(template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = cell
    environment.tests["numeric"] = is_number
    environment.tests["measure"] = is_measure
    return environment.get_template(template.name).render(**values)
