"""How figures look, and how they are written: one style, and the same bytes for the same numbers.

Figures are made without pyplot, so nothing is shown, kept or shared between them. Colours are those of Okabe and Ito,
which people with any colour vision can tell apart; whatever a colour says, a shape, a hatch or a word says as well.
"""

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from mammoflow.files import atomic

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
INK, SOFT, WARNING = "#222222", "#666666", "#A32100"
WIDE = 7.2  # inches, of two columns of a journal, or of a page between its margins
DPI = 200

STYLE: dict[Any, Any] = {
    # Matplotlib brings this font along, so that figures are the same everywhere.
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    # Text stays text, to be searched and edited.
    "svg.fonttype": "none",
    "svg.hashsalt": "mammoflow",
    "path.simplify": False,
}
mpl.rcParams.update(STYLE)


def new_figure(*, width: float, height: float) -> Figure:
    """An empty figure.

    Parameters
    ----------
    width, height
        Inches, as printed: at most WIDE.
    """
    return Figure(figsize=(width, height), layout="constrained")


def head(figure: Figure, *, title: str, subtitle: str = "", warning: str = "") -> None:
    """Put title, subtitle (what was counted) and, below the figure, the warning.

    Parameters
    ----------
    figure
        Holds its axes already.
    title, subtitle
        Lines above the axes; the subtitle may have several.
    warning
        What a reader must not miss; "" for nothing.
    """
    width, height = figure.get_figwidth(), figure.get_figheight()
    # An inch holds some 16 letters, or 14 bold ones.
    shown = [piece for line in subtitle.split("\n") for piece in textwrap.wrap(line, int(16 * width))]
    told = textwrap.wrap(f"⚠ {warning}", int(13.5 * width)) if warning else []
    above, below = 0.36 + 0.16 * len(shown), 0.12 + 0.16 * len(told) if told else 0.05
    figure.text(0.08 / width, 1 - 0.1 / height, title, va="top", fontsize=10.5, weight="bold")
    figure.text(0.08 / width, 1 - 0.33 / height, "\n".join(shown), va="top", color=SOFT, linespacing=1.35)
    if warning:
        at = (0.08 / width, 0.08 / height)
        figure.text(*at, "\n".join(told), va="bottom", color=WARNING, weight="bold")
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, below / height, 1, 1 - (above + below) / height))


def save(figure: Figure, *, png: str | Path, pdf: str | Path, svg: str | Path) -> None:
    """Write a figure as PNG (200 dpi), PDF and SVG, atomically, without times and versions in the files."""
    with atomic(png) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
    with atomic(pdf) as temporary:
        figure.savefig(
            temporary, format="pdf", dpi=DPI, metadata=dict.fromkeys(("Creator", "Producer", "CreationDate"))
        )
    with atomic(svg) as temporary:
        figure.savefig(temporary, format="svg", dpi=DPI, metadata=dict.fromkeys(("Creator", "Date")))


def shares(axes: Axes) -> None:
    """Format the x axis of a measure between 0 and 1, or from further down where a line that is drawn reaches there."""
    reached = [float(x) for line in axes.lines for x in np.asarray(line.get_xdata(), dtype=np.float64) if x < 0]
    # A little more, so that a mark at an end is seen whole.
    axes.set(xlim=(min([0.0, *reached]) - 0.03, 1.03), xticks=[0, 0.5, 1])
    axes.grid(visible=True, axis="x")
