"""Forest plot of all experiments beside the published values."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mammoflow.evaluation import table1
from mammoflow.figures.style import COLOURS, INK, head, new_figure, shares


def draw(
    metrics: dict[str, pd.DataFrame],
    settings: dict[str, dict[str, Any]],
    published: dict[str, Any],
    *,
    warning: str = "",
) -> Figure:
    """Forest plot of accuracy and macro F1 on images: a dot and an interval for each seed, and the published value.

    Parameters
    ----------
    metrics
        A metrics table for each experiment.
    settings
        Of each experiment, in the order of the rows.
    published
        From `table1.load_published`; empty where nothing was published of the task.
    warning
        Shown below the figure; "" for nothing.
    """
    rows = [
        (name, subset)
        for name in settings
        for subset in ("test", "all")
        if len(table1.by_image(metrics[name], subset, "accuracy"))
    ]
    figure = new_figure(width=9, height=2.4 + 0.52 * len(rows))
    # In a part of its own, because only there a legend outside of the axes keeps clear of the warning.
    body: Any = figure.subfigures(1, 1)
    panels = body.subplots(1, 2, sharey=True)
    for axes, metric, of_paper in zip(panels, ("accuracy", "f1_macro"), ("accuracy", "f1"), strict=True):
        for at, (name, subset) in enumerate(rows):
            _dots(axes, table1.by_image(metrics[name], subset, metric).sort_values("seed"), at=at)
            result = table1.published_of(published, settings[name]["method"], subset)
            if result:
                axes.plot(result[of_paper], at, "D", markersize=8, mfc="none", mec=COLOURS[1], mew=1.6, zorder=4)
        shares(axes)
    panels[0].set(title="Accuracy", xlabel="share of images that are right")
    panels[1].set(title="Macro F1", xlabel="F1 (0 to 1), mean over classes")
    labels = [_row_label(metrics[name], name, subset) for name, subset in rows]
    panels[0].set_yticks(range(len(rows)), labels)
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    _forest_legend(body, published)
    counted = "image level; one dot a seed with its 95 % interval (bootstrap over patients); bar: mean over seeds"
    head(figure, title="All experiments", subtitle=counted, warning=warning)
    return figure


def _dots(axes: Axes, seeds: pd.DataFrame, *, at: int) -> None:
    """Dots with intervals of one experiment, and their mean."""
    offsets = np.linspace(-0.24, 0.24, len(seeds)) if len(seeds) > 1 else np.zeros(1)
    for offset, row in zip(offsets, seeds.itertuples(), strict=True):
        axes.plot([row.low, row.high], [at + offset] * 2, color=COLOURS[0], linewidth=1.1)
        axes.plot(row.value, at + offset, "o", color=COLOURS[0], markersize=4)
    mean = seeds["value"].mean(skipna=False)
    axes.plot([mean, mean], [at - 0.36, at + 0.36], color=INK, linewidth=1.6, zorder=3)


def _row_label(metrics: pd.DataFrame, name: str, subset: str) -> str:
    first = table1.by_image(metrics, subset, "accuracy").sort_values("seed").iloc[0]
    return f"{name} ({subset})\nn = {first['n_images']:,} images, {first['n_patients']:,} patients"


def _forest_legend(body: Any, published: dict[str, Any]) -> None:
    handles = [
        Line2D([], [], color=COLOURS[0], marker="o", markersize=4, linewidth=1.1),
        Line2D([], [], color=INK, marker="|", markersize=11, markeredgewidth=1.6, linestyle=""),
    ]
    names = ["a seed and its interval", "mean over seeds"]
    if published:
        handles.append(Line2D([], [], color=COLOURS[1], marker="D", markersize=8, markerfacecolor="none", linestyle=""))
        names.append(f"published, other patients ({published['short']}; averaging of F1 {published['f1_averaging']})")
    body.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8)
