"""Sheets of confident mistakes: the picture, and how probable each class was held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mammoflow import pictures, tables
from mammoflow.figures import examples, samples
from mammoflow.figures.style import COLOURS, SOFT, WIDE, head, new_figure

N_MISTAKES = 8
_COLUMNS = 4


@dataclass(frozen=True)
class Mistake:
    """A test image that was told wrongly."""

    label: str
    said: str
    probabilities: NDArray[np.float64]  # (K,) of each class, in order
    picture: NDArray[np.float32]  # (rows, columns), share of the grey range


def choose(predictions: pd.DataFrame, *, n: int = N_MISTAKES) -> pd.DataFrame:
    """The surest of the wrong answers on test images, each of another patient while there are others.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS` of one seed.
    n
        At most so many.

    Returns
    -------
    DataFrame
        Rows as `examples.answers` gives them, the surest first.
    """
    answered = examples.answers(predictions)
    wrong = answered[~answered["right"]]
    # A patient's second mistake comes after every patient's first.
    turn = wrong.groupby("patient_id").cumcount().sort_values(kind="stable")
    return wrong.loc[sorted(turn.index[:n])].reset_index(drop=True)


def load(predictions: pd.DataFrame, pngs: pd.DataFrame) -> list[Mistake]:
    """The chosen mistakes with their pictures, read small.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS` of one seed.
    pngs
        `tables.PNGS` that hold their images.
    """
    files = pngs.set_index("image_id")["file"]
    columns = tables.probability_columns(tables.predicted_classes(predictions))
    probabilities = predictions.set_index("image_id")[columns]
    return [
        Mistake(
            row.label,
            row.said,
            probabilities.loc[row.image_id].to_numpy(dtype=np.float64),
            samples.shrunk(pictures.read_png(files[row.image_id])),
        )
        for row in choose(predictions).itertuples()
    ]


def draw(
    mistakes: Sequence[Mistake], predictions: pd.DataFrame, *, experiment: str, seed: int, warning: str = ""
) -> Figure:
    """Pictures in two rows, below each a bar for every class; that of the label is marked.

    Parameters
    ----------
    mistakes
        At most N_MISTAKES are drawn, in this order.
    predictions
        The table that they were chosen from: for the counts.
    experiment, seed
        For the title.
    warning
        Shown below the figure; "" for nothing.
    """
    classes = tables.predicted_classes(predictions)
    answered = examples.answers(predictions)
    rows = max(1, -(-min(len(mistakes), N_MISTAKES) // _COLUMNS))
    bars = 0.2 + 0.13 * len(classes)
    figure = new_figure(width=WIDE, height=0.9 + (2.15 + bars) * rows)
    heights = [2.0, bars] * rows
    grid: Any = figure.subplots(2 * rows, _COLUMNS, squeeze=False, height_ratios=heights)
    for axes in grid.ravel():
        axes.axis("off")
    for above, below, one in zip(grid[::2].ravel(), grid[1::2].ravel(), mistakes, strict=False):
        above.imshow(one.picture, cmap="gray", vmin=0, vmax=1)
        above.set_title(f"label {one.label}, said {one.said}", fontsize=8)
        _bars(below, one, classes)
    if not mistakes:
        grid[0, 0].text(0, 0.5, "no test image was told wrongly", transform=grid[0, 0].transAxes, color=SOFT)
    of = f"{min(len(mistakes), N_MISTAKES)} of {(~answered['right']).sum():,} mistakes on {len(answered):,} test images"
    told = (
        f"{of}, the surest first, of different patients where there are as many; bars: probability of each class, "
        "that of the label hatched"
    )
    head(figure, title=f"Confident mistakes: {experiment}, seed {seed}", subtitle=told, warning=warning)
    return figure


def _bars(axes: Axes, one: Mistake, classes: Sequence[str]) -> None:
    """A bar for each class, from the first at the top, with its probability."""
    axes.axis("on")
    axes.spines[["bottom", "left"]].set_visible(False)
    bars = axes.barh(range(len(classes)), one.probabilities, 0.72, color=COLOURS[0], edgecolor=COLOURS[0])
    label = classes.index(one.label)
    bars[label].set(facecolor="white", hatch="//////", edgecolor=COLOURS[1])
    axes.bar_label(bars, [f"{p:.2f}" for p in one.probabilities], fontsize=6.5, padding=2)
    axes.set(xlim=(0, 1.25), xticks=[], ylim=(len(classes) - 0.5, -0.5))
    axes.set_yticks(range(len(classes)), classes, fontsize=6.5)
    axes.tick_params(length=0)
