"""How figures look, and how they are written: one style, and the same bytes for the same numbers.

Figures are made without pyplot, so nothing is shown, kept or shared between them. Colours are those of Okabe and Ito,
which people with any colour vision can tell apart; whatever a colour says, a shape, a hatch or a word says as well.
"""

import textwrap
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from mammoflow.files import atomic

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, SOFT, WARNING = "#222222", "#666666", "#A32100"
DPI = 150

mpl.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": "#DDDDDD",
        "grid.linewidth": 0.6,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "legend.frameon": False,
        "pdf.fonttype": 42,
        "svg.hashsalt": "mammoflow",
        "path.simplify": False,
    }
)


def new_figure(*, width: float, height: float) -> Figure:
    """An empty figure.

    Parameters
    ----------
    width, height
        Inches. Wide ones are 9, so that text stays readable on a page.
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
    height = figure.get_figheight()
    lines = subtitle.count("\n") + 1 if subtitle else 0
    # An inch holds some 13 bold letters.
    told = textwrap.wrap(f"⚠ {warning}", int(12 * figure.get_figwidth())) if warning else []
    above, below = 0.42 + 0.19 * lines, 0.13 + 0.19 * len(told) if told else 0.06
    figure.text(0.1 / figure.get_figwidth(), 1 - 0.12 / height, title, va="top", fontsize=12, weight="bold")
    figure.text(0.1 / figure.get_figwidth(), 1 - 0.38 / height, subtitle, va="top", color=SOFT, linespacing=1.35)
    if warning:
        at = (0.1 / figure.get_figwidth(), 0.1 / height)
        figure.text(*at, "\n".join(told), va="bottom", color=WARNING, weight="bold")
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, below / height, 1, 1 - (above + below) / height))


def save(figure: Figure, *, png: str | Path, pdf: str | Path) -> None:
    """Write a figure as PNG (150 dpi) and PDF, atomically, without times and versions in the files."""
    with atomic(png) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
    with atomic(pdf) as temporary:
        figure.savefig(temporary, metadata={"Creator": None, "Producer": None, "CreationDate": None})


def shares(axes: Axes) -> None:
    """Format the x axis of a measure between 0 and 1."""
    # A little more, so that a mark at an end is seen whole.
    axes.set_xlim(-0.02, 1.02)
    axes.grid(visible=True, axis="x")
