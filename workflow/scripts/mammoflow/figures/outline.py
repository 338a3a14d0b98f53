"""Outline of the method (Fig. 2 of the paper): stages, and what each hands on."""

import textwrap
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from mammoflow.figures.layers import Places, place
from mammoflow.figures.style import COLOURS, INK, SOFT, WIDE, head, new_figure
from mammoflow.outline import Stage, reduced

_LETTERS = 20  # of the small print to an inch
_LINE, _TITLE, _GAP, _BETWEEN = 0.097, 0.19, 0.19, 0.12  # inches
_MOST_LINES = 3


def draw(stages: list[Stage], *, warning: str = "") -> Figure:
    """A box for each stage, in it what it does and what later stages read of it; arrows to where that goes.

    Arrows that follow from others are left out.

    Parameters
    ----------
    stages
        From `outline.read`, at least one.
    warning
        Shown below the figure; "" for nothing.
    """
    places = place([stage.name for stage in stages], reduced(stages))
    width = (WIDE - _BETWEEN) / places.width - _BETWEEN
    texts = {stage.name: _text(stage, stages, width=width) for stage in stages}
    heights = [
        _TITLE + 0.05 + _LINE * max(len(texts[name]) for name in layer if name in texts) for layer in places.layers
    ]
    total = sum(heights) + _GAP * (len(heights) - 1) + 0.06
    figure = new_figure(width=WIDE, height=total + 0.95)
    axes = figure.add_subplot()
    axes.set(xlim=(0, WIDE), ylim=(0, total))
    axes.axis("off")
    tops, top = [], total - 0.03
    for height in heights:
        tops.append(top)
        top -= height + _GAP
    for stage in stages:
        at = places.depth[stage.name]
        left = places.x[stage.name] * (width + _BETWEEN) + _BETWEEN - width / 2
        _box(axes, stage, texts[stage.name], left=left, top=tops[at], width=width, height=heights[at])
    for chain in places.chains:
        _arrow(axes, chain, places, tops=tops, heights=heights, unit=width + _BETWEEN)
    rules = sum(len(stage.rules) for stage in stages)
    counted = f"n = {len(stages)} stages of {rules} rules; → folders of results that later stages read"
    head(figure, title="Outline of the method", subtitle=counted, warning=warning)
    return figure


def _text(stage: Stage, stages: list[Stage], *, width: float) -> list[str]:
    """What stands in a box below its title, by lines; the last ones, from the arrow on, say what is handed on."""
    letters = int(_LETTERS * width)
    paths = {one for other in stages for one in other.after.get(stage.name, ())}
    folders = sorted({path.removeprefix("results/").split("/")[0] for path in paths})
    handed = textwrap.wrap(f"→ {', '.join(folders)}", letters) if folders else []
    return [*textwrap.wrap(stage.said, letters, max_lines=_MOST_LINES, placeholder=" …"), *handed]


def _box(axes: Axes, stage: Stage, lines: list[str], *, left: float, top: float, width: float, height: float) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (left, top - height),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="#EEF3F8",
            edgecolor=COLOURS[0],
            linewidth=0.8,
            zorder=2,
        )
    )
    axes.text(left + 0.06, top - 0.05, stage.title, va="top", fontsize=7, weight="bold", zorder=3)
    handed = False
    for index, line in enumerate(lines):
        handed = handed or line.startswith("→")
        at = top - _TITLE - _LINE * index
        axes.text(left + 0.06, at, line, va="top", fontsize=5.8, color=SOFT if handed else INK, zorder=3)


def _arrow(
    axes: Axes, chain: list[str], places: Places, *, tops: list[float], heights: list[float], unit: float
) -> None:
    """A line from the box above to the box below; where it passes layers, through the room that is left for it."""
    points: list[tuple[float, float]] = []
    for name in chain:
        at, x = places.depth[name], places.x[name] * unit + _BETWEEN
        points += [(x, tops[at]), (x, tops[at] - heights[at])]
    points = points[1:-1]
    vertices, codes = [points[0]], [Path.MOVETO]
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2
        bent = x != to_x
        vertices += [(x, middle), (to_x, middle), (to_x, to_y)] if bent else [(to_x, to_y)]
        codes += [Path.CURVE4] * 3 if bent else [Path.LINETO]
    axes.add_patch(PathPatch(Path(vertices, codes), facecolor="none", edgecolor=SOFT, linewidth=0.8, zorder=1))
    end = points[-1]
    style = {"arrowstyle": "-|>", "color": SOFT, "shrinkA": 0, "shrinkB": 0, "linewidth": 0.8, "mutation_scale": 7}
    axes.annotate("", xy=end, xytext=(end[0], end[1] + 0.05), arrowprops=style)
