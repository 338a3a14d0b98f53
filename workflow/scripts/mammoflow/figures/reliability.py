"""Reliability diagrams: how often a prediction is right, by how sure it is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mammoflow.evaluation import measures, units
from mammoflow.evaluation.units import Units
from mammoflow.figures.style import COLOURS, INK, SOFT, WIDE, head, new_figure

BINS = 10
_COLUMNS = 4


@dataclass(frozen=True)
class Bins:
    """Predictions by the probability of the predicted class, in BINS parts of equal width from 0 to 1."""

    counts: NDArray[np.int64]  # (BINS,)
    sure: NDArray[np.float64]  # (BINS,) mean probability of the predicted class; NaN in an empty part
    right: NDArray[np.float64]  # (BINS,) share that is right; NaN in an empty part


def binned(own: Units) -> Bins:
    """Bin the predictions of some units; a probability on an edge belongs to the part above it, 1 to the last."""
    sure = own.probabilities.max(axis=1)
    right = measures.predicted(own.probabilities) == own.truth
    part = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(part, minlength=BINS)
    sums = (np.bincount(part, weights=values, minlength=BINS) for values in (sure, right))
    means = [np.divide(one, counts, out=np.full(BINS, np.nan), where=counts > 0) for one in sums]
    return Bins(counts, *means)


def draw(predictions: dict[str, pd.DataFrame], *, seed: int, warning: str = "") -> Figure:
    """A panel for each experiment: above, the share that is right by how sure it was; below, how many there are.

    On images: the mean over the views of an exam is no probability that a model gave. One seed, because models that
    are sure and wrong in different ways would look calibrated together.

    Parameters
    ----------
    predictions
        A predictions table for each experiment, at least one.
    seed
        Seed of the tables.
    warning
        Shown below the figure; "" for nothing.
    """
    rows = -(-len(predictions) // _COLUMNS)
    figure = new_figure(width=WIDE, height=1.0 + 2.45 * rows)
    # In a part of its own, because only there the label of all axes keeps clear of the warning.
    body: Any = figure.subfigures(1, 1)
    heights = [2.2, 1] * rows
    grid = body.subplots(2 * rows, _COLUMNS, squeeze=False, sharex=True, height_ratios=heights)
    upper, lower = grid[::2].ravel(), grid[1::2].ravel()
    of_test = {name: units.of_level(units.of_subset(own, "test"), "image") for name, own in predictions.items()}
    for above, below, (name, own) in zip(upper, lower, of_test.items(), strict=False):
        bins = binned(own)
        _draw_shares(above, bins)
        _draw_counts(below, bins)
        above.set_title(f"{name}\nn = {len(own):,} images", fontsize=7.5)
    for axes in (*upper[len(predictions) :], *lower[len(predictions) :]):
        axes.axis("off")
    for above, below in zip(grid[::2, 0], grid[1::2, 0], strict=True):
        above.set_ylabel("share right")
        below.set_ylabel("images")
    body.supxlabel("probability of the predicted class", fontsize=8)
    counted = (
        f"test images, seed {seed}; a mark stands for the images in one tenth of the range, the larger the more they "
        "are; on the line a model is right as often as it says, below it too sure"
    )
    head(figure, title="Reliability", subtitle=counted, warning=warning)
    return figure


def _draw_shares(axes: Axes, bins: Bins) -> None:
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, zorder=0)
    filled = bins.counts > 0
    sizes = 8 + 80 * bins.counts[filled] / bins.counts.sum()
    axes.plot(bins.sure[filled], bins.right[filled], color=COLOURS[0], linewidth=0.9)
    axes.scatter(bins.sure[filled], bins.right[filled], s=sizes, color=COLOURS[0], edgecolor="white", linewidth=0.5)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.06, 1.06), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.grid(visible=True)


def _draw_counts(axes: Axes, bins: Bins) -> None:
    bars = axes.bar(
        (np.arange(BINS) + 0.5) / BINS, bins.counts, 0.9 / BINS, color="#9DB4C6", edgecolor=INK, linewidth=0.4
    )
    axes.bar_label(bars, [f"{n:,}" if n else "" for n in bins.counts], fontsize=6, padding=1)
    axes.set(ylim=(0, 1.35 * max(1, bins.counts.max())), yticks=[])
