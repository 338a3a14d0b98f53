"""Forest plot of all experiments beside the published values, other systems and people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mammoflow.evaluation import table1
from mammoflow.figures.style import COLOURS, INK, SOFT, WIDE, head, new_figure, shares

# Measures of the panels: title, and the value of the paper's Table I that stands beside it.
PANELS = {
    "accuracy": ("Accuracy", "accuracy"),
    "f1_macro": ("Macro F1", "f1"),
    "kappa_linear": ("Linear kappa", ""),
    "kappa_quadratic": ("Quadratic kappa", ""),
}
# Published values by measure: the panel they stand in, and whether it is not stated how their kappa is weighted.
_PLACES = {
    "accuracy": ("accuracy", False),
    "kappa_linear": ("kappa_linear", False),
    "kappa_quadratic": ("kappa_quadratic", False),
    "kappa_weighted": ("kappa_linear", True),
    "kappa": ("kappa_linear", True),
}
_HEADINGS = {"systems": "Other systems", "people": "People, with people"}
_ROW, _REFERENCE = 0.42, 0.2  # inches


def draw(
    metrics: dict[str, pd.DataFrame],
    settings: dict[str, dict[str, Any]],
    published: dict[str, Any],
    *,
    references: Sequence[dict[str, Any]] = (),
    warning: str = "",
) -> Figure:
    """A dot and an interval for each seed of each experiment, and the published values.

    Parameters
    ----------
    metrics
        A metrics table for each experiment.
    settings
        Of each experiment, in the order of the rows.
    published
        From `table1.load_published`; empty where nothing was published of the task.
    references
        What was published of other systems and of people, on this task: files of resources/published of kind systems
        or people.
    warning
        Shown below the figure; "" for nothing.
    """
    rows = [
        (name, subset)
        for name in settings
        for subset in ("test", "all")
        if len(table1.by_image(metrics[name], subset, "accuracy"))
    ]
    below = [(of_kind["kind"], entry) for of_kind in references for entry in [None, *_shown(of_kind["entries"])]]
    figure = new_figure(width=WIDE, height=2.0 + _ROW * len(rows) + _REFERENCE * len(below))
    # In a part of its own, because only there a legend outside of the axes keeps clear of the warning.
    body: Any = figure.subfigures(1, 1)
    panels = dict(zip(PANELS, body.subplots(1, len(PANELS), sharey=True), strict=True))
    # A row of an experiment is 1 high; those of references are lower.
    step = _REFERENCE / _ROW
    places = [len(rows) - 0.5 + step * (at + 0.5) for at in range(len(below))]
    for metric, axes in panels.items():
        title, of_paper = PANELS[metric]
        for at, (name, subset) in enumerate(rows):
            _dots(axes, table1.by_image(metrics[name], subset, metric).sort_values("seed"), at=at)
            result = table1.published_of(published, settings[name]["method"], subset)
            if result and of_paper:
                axes.plot(result[of_paper], at, "D", markersize=7, mfc="none", mec=COLOURS[1], mew=1.4, zorder=4)
        for middle, (_, entry) in zip(places, below, strict=True):
            _reference(axes, entry, metric=metric, at=middle)
        shares(axes)
        axes.set_title(title)
    first = panels["accuracy"]
    _name_rows(first, [_row_label(metrics[name], name, subset) for name, subset in rows], below, places)
    first.set_ylim(len(rows) - 0.5 + step * len(below), -0.5)
    _legend(body, published, below=bool(below))
    counted = "image level; a dot is a seed with its 95 % interval (bootstrap over patients), a bar the mean over seeds"
    said = "other systems and people: on other patients, as abstracts or other papers' tables give them"
    head(figure, title="All experiments", subtitle=f"{counted}\n{said}" if below else counted, warning=warning)
    return figure


def _name_rows(axes: Axes, names: list[str], below: list[tuple[str, Any]], places: list[float]) -> None:
    """Names of the rows; below, headings in bold, and references by the first words of their source."""
    others = [entry["source"].split(",")[0] if entry else _HEADINGS[kind] for kind, entry in below]
    axes.set_yticks([*range(len(names)), *places], [*names, *others])
    for (_, entry), label in zip(below, axes.get_yticklabels()[len(names) :], strict=True):
        label.set(weight="normal" if entry else "bold", fontsize=7)


def _shown(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries with a value that a panel shows."""
    return [entry for entry in entries if any(value["measure"] in _PLACES for value in entry["values"])]


def _dots(axes: Axes, seeds: pd.DataFrame, *, at: int) -> None:
    """Dots with intervals of one experiment, and their mean."""
    offsets = np.linspace(-0.24, 0.24, len(seeds)) if len(seeds) > 1 else np.zeros(1)
    for offset, row in zip(offsets, seeds.itertuples(), strict=True):
        axes.plot([row.low, row.high], [at + offset] * 2, color=COLOURS[0], linewidth=1)
        axes.plot(row.value, at + offset, "o", color=COLOURS[0], markersize=3)
    mean = seeds["value"].mean(skipna=False)
    axes.plot([mean, mean], [at - 0.36, at + 0.36], color=INK, linewidth=1.4, zorder=3)


def _reference(axes: Axes, entry: dict[str, Any] | None, *, metric: str, at: float) -> None:
    """The values of an entry that belong into a panel, with their intervals; ranges as lines with two ends."""
    for one in entry["values"] if entry else ():
        panel, unstated = _PLACES.get(one["measure"], ("", False))
        if panel != metric:
            continue
        ends = one.get("interval", one.get("range", []))
        if ends:
            axes.plot(ends, [at] * 2, color=SOFT, linewidth=1)
        values = one.get("range", [one.get("value")])
        axes.plot(values, [at] * len(values), "s", markersize=4, color=SOFT, mfc="white" if unstated else SOFT)


def _row_label(metrics: pd.DataFrame, name: str, subset: str) -> str:
    first = table1.by_image(metrics, subset, "accuracy").sort_values("seed").iloc[0]
    return f"{name} ({subset})\nn = {first['n_images']:,} images, {first['n_patients']:,} patients"


def _legend(body: Any, published: dict[str, Any], *, below: bool) -> None:
    handles = [
        Line2D([], [], color=COLOURS[0], marker="o", markersize=3, linewidth=1),
        Line2D([], [], color=INK, marker="|", markersize=9, markeredgewidth=1.4, linestyle=""),
    ]
    names = ["a seed and its interval", "mean over seeds"]
    if below:
        style: dict[str, Any] = {"color": SOFT, "marker": "s", "markersize": 4, "linestyle": ""}
        handles += [Line2D([], [], **style), Line2D([], [], **style, markerfacecolor="white")]
        names += ["others' value", "others' kappa, its weighting not stated"]
    if published:
        handles.append(Line2D([], [], color=COLOURS[1], marker="D", markersize=7, markerfacecolor="none", linestyle=""))
        names.append(f"published, other patients ({published['short']}; averaging of F1 {published['f1_averaging']})")
    body.legend(handles, names, loc="outside lower center", ncols=2, fontsize=7)
