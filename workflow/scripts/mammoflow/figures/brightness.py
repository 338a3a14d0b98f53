"""Figure of the trap: how much of the breast is bright in each class, before and after matching."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mammoflow.figures.style import COLOURS, INK, MARKERS, WIDE, head, new_figure
from mammoflow.tasks import Task

_STATES = {"before": "Before", "after": "After"}
_WIDTH = 0.72  # of the column of a class


def draw(
    bright_tissue: pd.DataFrame,
    measures: pd.DataFrame,
    *,
    recipe: str,
    way: str,
    task: Task,
    warning: str = "",
) -> Figure:
    """Shares of bright tissue, a mark an image, side by side for each device; a bar for the mean of a class.

    Parameters
    ----------
    bright_tissue, measures
        `tables.BRIGHT_TISSUE` and `tables.QUALITY` of the recipe.
    recipe, way
        Name of the recipe, and what it matches by.
    task
        For the order of its classes.
    warning
        Shown below the figure; "" for nothing.
    """
    counts = bright_tissue["label"].value_counts()
    classes = sorted(counts.index, key=lambda key: task.keys.index(key.split("+")[0]))
    thresholds = measures[measures["measure"] == "bright_threshold"].set_index("state")
    devices = sorted(bright_tissue["device"].unique())
    figure = new_figure(width=WIDE, height=4.1)
    # In a part of its own, because only there a legend outside of the axes keeps clear of the warning.
    body: Any = figure.subfigures(1, 1)
    panels = body.subplots(1, 2, sharey=True)
    for axes, (state, name) in zip(panels, _STATES.items(), strict=True):
        threshold = thresholds.loc[state, "value"]
        _draw_state(axes, bright_tissue.assign(share=100 * bright_tissue[state]), classes, devices)
        axes.set(title=f"{name}: brighter than {threshold:.2f} of the grey range", ylim=(-3, 103))
        axes.set_xticks(range(len(classes)), [f"{key}\n(n = {counts[key]:,})" for key in classes])
    panels[0].set_ylabel("bright pixels of the breast (%)")
    body.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=7.5)
    head(
        figure,
        title=f"Bright tissue by class: recipe {recipe} (matching: {way})",
        subtitle="development images only; a mark is an image, a bar the mean of a class on all devices",
        warning=warning,
    )
    return figure


def _draw_state(axes: Axes, shares: pd.DataFrame, classes: list[str], devices: list[str]) -> None:
    """The marks of one state: a column for each class, in it a strip for each device."""
    strip = _WIDTH / max(1, len(devices))
    for index, device in enumerate(devices):
        own = shares[shares["device"] == device]
        within = own.groupby("label").cumcount() / np.maximum(1, own.groupby("label")["share"].transform("size") - 1)
        start = own["label"].map(classes.index) - _WIDTH / 2 + strip * index
        axes.plot(
            start + strip * (0.15 + 0.7 * within),
            own["share"],
            linestyle="",
            marker=MARKERS[index % len(MARKERS)],
            markersize=2.8,
            markerfacecolor="none" if index % 2 else COLOURS[index % len(COLOURS)],
            color=COLOURS[index % len(COLOURS)],
            markeredgewidth=0.7,
            label=f"{device or 'device unknown'} (n = {len(own):,} images)",
        )
    for at, key in enumerate(classes):
        mean = shares.loc[shares["label"] == key, "share"].mean()
        axes.plot([at - 0.42, at + 0.42], [mean, mean], color=INK, linewidth=1.8, zorder=3)
    axes.grid(visible=True, axis="y")
