"""Sheets of test images with maps of where a network's score is sensitive."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from mammoflow.figures.examples import N_EXAMPLES
from mammoflow.figures.style import SOFT, WIDE, head, new_figure
from mammoflow.tasks import Task

_HALF = 0.5  # of a map's largest value: where its line runs
_OPAQUE = 0.65  # how much of the picture's grey the colour of a map's largest value covers


@dataclass(frozen=True)
class Example:
    """A test image, what a network said of it, and where the score of that is sensitive."""

    label: str
    said: str
    probability: float  # of what was said
    picture: NDArray[np.uint8]  # (side, side), as the network saw it
    sensitive: NDArray[np.float32]  # (side, side), from 0 to 1

    @property
    def right(self) -> bool:
        """Whether the label was said."""
        return self.label == self.said


def draw(
    examples: Sequence[Example],
    answered: pd.DataFrame,
    *,
    experiment: str,
    seed: int,
    classes: Sequence[str],
    task: Task,
    warning: str = "",
) -> Figure:
    """Pictures in grey under their maps: a row for each class, in it those told rightly and those told wrongly.

    Parameters
    ----------
    examples
        At most N_EXAMPLES right and as many wrong of each class are drawn, in this order.
    answered
        All that they were chosen from, as examples.answers gives it: for the counts.
    experiment, seed
        For the title.
    classes
        Keys of the classes, in order.
    task
        For their names.
    warning
        Shown below the figure; "" for nothing.
    """
    figure = new_figure(width=WIDE, height=1.5 + 1.32 * len(classes))
    widths = [1] * N_EXAMPLES + [0.12] + [1] * N_EXAMPLES
    grid: Any = figure.subplots(len(classes), len(widths), squeeze=False, gridspec_kw={"width_ratios": widths})
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for row, key in zip(grid, classes, strict=True):
        own = answered[answered["label"] == key]
        counted = f"{own['right'].sum():,} right, {(~own['right']).sum():,} wrong"
        row[0].set_ylabel(f"{fill(task.of(key).title, 20)}\n{counted}", fontsize=7)
        for right, cells in ((True, row[:N_EXAMPLES]), (False, row[-N_EXAMPLES:])):
            _draw_group([one for one in examples if one.label == key and one.right == right], cells)
    grid[0][0].set_title("Right")
    grid[0][-N_EXAMPLES].set_title("Wrong")
    colours = ListedColormap(_overlaid(np.full(256, 128), np.linspace(0, 1, 256)))
    ticks = [0, _HALF, 1]
    bar = figure.colorbar(ScalarMappable(cmap=colours), ax=grid, location="bottom", shrink=0.45, aspect=45, ticks=ticks)
    bar.set_label("sensitivity of the score (share of the map's largest value); the line is at one half", fontsize=7)
    counted = f"n = {len(answered):,} test images of {answered['patient_id'].nunique():,} patients"
    said = "below each: what the network said, of whose score the map is, and its probability"
    head(
        figure,
        title=f"Grad-CAM: {experiment}, seed {seed}",
        subtitle=f"{counted}; the surest of each class are shown\n{said}",
        warning=warning,
    )
    return figure


def _draw_group(examples: list[Example], cells: Sequence[Axes]) -> None:
    if not examples:
        cells[0].text(0.5, 0.5, "none", transform=cells[0].transAxes, ha="center", va="center", color=SOFT)
    for axes, one in zip(cells, examples, strict=False):
        axes.imshow(_overlaid(one.picture, one.sensitive))
        if one.sensitive.max() > _HALF:  # not where nothing speaks for the class
            line = axes.contour(one.sensitive, levels=[_HALF], colors="white", linewidths=0.9)
            line.set_path_effects([withStroke(linewidth=2.2, foreground="black")])
        axes.set_xlabel(f"{one.said}: {one.probability:.2f}", fontsize=7)


def _overlaid(greys: NDArray[Any], sensitive: NDArray[Any]) -> NDArray[np.float64]:
    """Greys from 0 to 255 (...) under colours, which cover them the more, the more sensitive: (..., 3), from 0 to 1.

    Viridis is perceptually uniform, and people with any colour vision can read it.
    """
    colours = mpl.colormaps["viridis"](sensitive)[..., :3]
    covered = _OPAQUE * sensitive[..., np.newaxis]
    return (1 - covered) * greys[..., np.newaxis] / 255 + covered * colours
