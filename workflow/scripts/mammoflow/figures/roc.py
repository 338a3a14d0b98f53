"""ROC curves of each class against the others."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import auc, roc_curve

from mammoflow.evaluation import units
from mammoflow.evaluation.units import Units
from mammoflow.figures.style import COLOURS, DASHES, SOFT, WIDE, head, new_figure

_COLUMNS = 3


def draw(predictions: dict[str, pd.DataFrame], *, level: str, aggregation: str, seed: int, warning: str = "") -> Figure:
    """A panel for each experiment, in it the curve of each class against the others on the test set.

    One seed's probabilities, because ranks of different models cannot be mixed, and a curve averaged over seeds is
    that of no model.

    Parameters
    ----------
    predictions
        A predictions table for each experiment, at least one; all of the same classes.
    level
        What counts once: "image", "breast" or "exam".
    aggregation
        As for `units.of_level`.
    seed
        Seed of the tables.
    warning
        Shown below the figure; "" for nothing.
    """
    rows = -(-len(predictions) // _COLUMNS)
    figure = new_figure(width=WIDE, height=1.0 + 2.6 * rows)
    # In a part of its own, because only there the labels of both axes keep clear of the warning.
    body: Any = figure.subfigures(1, 1)
    grid = body.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True)
    for axes, (name, table) in zip(grid.ravel(), predictions.items(), strict=False):
        own = units.of_level(units.of_subset(table, "test"), level, aggregation=aggregation)
        axes.set_title(f"{name}\nn = {len(own):,} {level}s of {own.n_patients:,} patients", fontsize=7.5)
        for k in range(len(own.classes)):
            _curve(axes, own, k=k)
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.6, zorder=0)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.grid(visible=True)
        legend = axes.legend(loc="lower right", fontsize=6.5, handlelength=2.6, frameon=True, framealpha=0.8)
        legend.set_title("AUROC", prop={"size": 6.5})
        legend.get_frame().set_linewidth(0)
    for axes in grid.ravel()[len(predictions) :]:
        axes.axis("off")
    body.supxlabel("1 − specificity: share of the other classes that is called this class", fontsize=8)
    body.supylabel("sensitivity: share of this class that is called so", fontsize=8)
    counted = f"each class against the others; test, {level} level, seed {seed}; thin diagonal: chance"
    head(figure, title="ROC curves", subtitle=counted, warning=warning)
    return figure


def curve(own: Units, k: int) -> tuple[Any, Any, float]:
    """Shares of the other classes and of class `k` at each threshold, and the area; none and NaN where undefined."""
    positive = own.truth == k
    if positive.all() or not positive.any():
        return np.empty(0), np.empty(0), float("nan")
    x, y, _ = roc_curve(positive, own.probabilities[:, k])
    return x, y, float(auc(x, y))


def _curve(axes: Axes, own: Units, *, k: int) -> None:
    x, y, area = curve(own, k)
    said = "not defined" if np.isnan(area) else f"{area:.2f}"
    label = f"{own.classes[k]}  {said} (n = {(own.truth == k).sum():,})"
    style = {"color": COLOURS[k % len(COLOURS)], "linestyle": DASHES[k % len(DASHES)]}
    # Where curves lie on one another, the wider ones below are still seen.
    axes.plot(x, y, linewidth=2.2 - 0.4 * (k % 4), label=label, **style)
