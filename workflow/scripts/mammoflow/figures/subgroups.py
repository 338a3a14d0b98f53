"""Forest plot of an experiment's measures in parts of the cohort."""

from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.figures.style import COLOURS, SOFT, WIDE, head, new_figure, shares

PANELS = {"accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "kappa_quadratic": "Quadratic kappa"}
_ROW = 0.19  # inches


def draw(subgroups: pd.DataFrame, whole: pd.DataFrame, *, experiment: str, seed: int, warning: str = "") -> Figure:
    """A dot with its interval for each part of the test set, beside the value of all of it.

    Parameters
    ----------
    subgroups
        A metrics table of the experiment, whose `subgroup` is attribute=value.
    whole
        Its metrics table.
    experiment, seed
        For the title, and the seed whose rows are drawn.
    warning
        Shown below the figure; "" for nothing.
    """
    own = subgroups[(subgroups["seed"] == seed) & (subgroups["subset"] == "test") & (subgroups["class"] == "")]
    blocks = [list(block) for _, block in groupby(dict.fromkeys(own["subgroup"]), lambda name: name.split("=")[0])]
    n_rows = sum(1 + len(block) for block in blocks)
    figure = new_figure(width=WIDE, height=1.7 + _ROW * n_rows)
    # In a part of its own, because only there a legend outside of the axes keeps clear of the warning.
    body: Any = figure.subfigures(1, 1)
    panels = dict(zip(PANELS, body.subplots(1, len(PANELS), sharey=True), strict=True))
    labels: list[str] = []
    heads: list[int] = []
    for block in blocks:
        heads.append(len(labels))
        labels.append(_attribute(own, block))
        for metric, axes in panels.items():
            rows = own[own["metric"] == metric].set_index("subgroup").loc[block]
            _draw_block(axes, rows, start=len(labels))
            _draw_whole(axes, whole, rows, metric=metric, seed=seed, start=len(labels))
        counts = own.drop_duplicates("subgroup").set_index("subgroup").loc[block]
        labels += [_label(name, row) for name, row in zip(block, counts.itertuples(), strict=True)]
    for metric, axes in panels.items():
        shares(axes)
        axes.set_title(PANELS[metric])
        axes.tick_params(axis="y", length=0)
    first = panels["accuracy"]
    first.set_yticks(range(len(labels)), labels, fontsize=7)
    first.set_ylim(len(labels) - 0.3, -0.7)
    for at in heads:
        first.get_yticklabels()[at].set_weight("bold")
    body.legend(*_legend(), loc="outside lower center", ncols=3, fontsize=7)
    counted = f"test, seed {seed}, 95 % intervals (bootstrap over patients); classes are not mixed alike in all parts"
    head(figure, title=f"Subgroups: {experiment}", subtitle=counted, warning=warning)
    return figure


def _attribute(own: pd.DataFrame, block: list[str]) -> str:
    """The heading of a block: what its parts are told apart by, and what counts once."""
    level = own.loc[own["subgroup"] == block[0], "level"].iloc[0]
    return f"{block[0].split('=')[0].replace('_', ' ')} ({level}s)"


def _label(name: str, row: Any) -> str:
    value = name.partition("=")[2] or "unknown"
    return f"{value} (n = {row.n_images:,} images, {row.n_patients:,} patients)"


def _draw_block(axes: Axes, rows: pd.DataFrame, *, start: int) -> None:
    """The parts of one attribute; dots of few patients are open."""
    for at, row in enumerate(rows.itertuples(), start):
        axes.plot([row.low, row.high], [at, at], color=COLOURS[0], linewidth=1, zorder=2)
        face = "white" if row.few_patients else COLOURS[0]
        axes.plot(row.value, at, "o", markersize=4, color=COLOURS[0], markerfacecolor=face, zorder=3)


def _draw_whole(axes: Axes, whole: pd.DataFrame, rows: pd.DataFrame, *, metric: str, seed: int, start: int) -> None:
    """The value of the whole test set at the level of these rows, as a line past them."""
    all_of_it = whole[(whole["seed"] == seed) & (whole["subset"] == "test") & (whole["subgroup"] == "")]
    value = all_of_it[(all_of_it["level"] == rows["level"].iloc[0]) & (all_of_it["metric"] == metric)]["value"]
    axes.plot([value.iloc[0]] * 2, [start - 0.45, start + len(rows) - 0.55], color=SOFT, linestyle="--", linewidth=0.9)


def _legend() -> tuple[list[Line2D], list[str]]:
    style: dict[str, Any] = {"color": COLOURS[0], "marker": "o", "markersize": 4, "linewidth": 1}
    handles = [
        Line2D([], [], **style),
        Line2D([], [], **style, markerfacecolor="white"),
        Line2D([], [], color=SOFT, linestyle="--", linewidth=0.9),
    ]
    return handles, ["a part and its interval", f"of fewer than {FEW_PATIENTS} patients", "the whole test set"]
