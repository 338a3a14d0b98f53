"""Few-shot curves: measures over the number of training images a class."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mammoflow.evaluation import table1
from mammoflow.figures.style import COLOURS, INK, MARKERS, SOFT, WIDE, head, new_figure
from mammoflow.models.few_shot import ALL

PANELS = {"balanced_accuracy": "Balanced accuracy", "auroc_macro": "Macro AUROC"}
# Of level lines, which have no mark to be told by.
_DASHES: tuple[Any, ...] = ((0, (6, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1.5)), (0, (6, 2, 1, 2, 1, 2)))


def draw(
    shots: dict[str, pd.DataFrame], zero_shot: dict[str, pd.DataFrame], *, n_classes: int, warning: str = ""
) -> Figure:
    """A line for each experiment, mean over seeds, with a small mark for each seed; level lines for zero-shot.

    Parameters
    ----------
    shots
        A shots table for each experiment, at least one.
    zero_shot
        A metrics table for each zero-shot experiment.
    n_classes
        Number of classes, which chance follows from.
    warning
        Shown below the figure; "" for nothing.
    """
    figure = new_figure(width=WIDE, height=3.8 + 0.17 * ((len(shots) + len(zero_shot)) // 2))
    # In a part of its own, because only there a legend outside of the axes keeps clear of the warning.
    body: Any = figure.subfigures(1, 1)
    first = next(iter(shots.values()))
    for axes, (metric, title) in zip(body.subplots(1, 2), PANELS.items(), strict=True):
        for at, (name, table) in enumerate(shots.items()):
            label = f"{name}, {_counted(table, n_classes=n_classes)}"
            _curve(axes, table[table["metric"] == metric], label=label, at=at)
        for at, (name, metrics) in enumerate(zero_shot.items()):
            level = table1.by_image(metrics, "test", metric)["value"].mean(skipna=False)
            axes.axhline(level, color=INK, linestyle=_DASHES[at % len(_DASHES)], linewidth=1.1, label=name)
        chance = 1 / n_classes if metric == "balanced_accuracy" else 0.5
        axes.axhline(chance, color=SOFT, linewidth=0.7, label="chance", zorder=0)
        axes.set(title=title, ylabel=f"{title.lower().replace('auroc', 'AUROC')} (0 to 1)", ylim=(-0.02, 1.02))
        axes.grid(visible=True, axis="y")
        places = dict(zip(_places(first["shots"]), first["shots"], strict=True))
        axes.set_xticks(list(places), list(places.values()))
        axes.set_xlabel("training images a class")
    handles, names = axes.get_legend_handles_labels()
    body.legend(handles, names, loc="outside lower center", ncols=2, fontsize=7)
    n = first["seed"].nunique()
    lines = f"mean over {n} seeds, small marks: each seed" if n > 1 else "of one seed"
    counted = f"lines: {lines}; level lines: trained on no image"
    head(figure, title="Trained on few images a class", subtitle=counted, warning=warning)
    return figure


def _curve(axes: Axes, table: pd.DataFrame, *, label: str, at: int) -> None:
    """Mean over seeds and each seed; what all images give stands apart, because it is no number of them."""
    table = table.assign(place=_places(table["shots"]))
    style: dict[str, Any] = {"color": COLOURS[at % len(COLOURS)], "marker": MARKERS[at % len(MARKERS)]}
    axes.plot(table["place"], table["value"], linestyle="", markersize=3, alpha=0.45, markeredgewidth=0, **style)
    mean = table.groupby("place")["value"].agg(lambda own: own.mean(skipna=False))
    few = mean.iloc[:-1]
    axes.plot(few.index, few, markersize=6, markeredgecolor="white", linewidth=1.6, label=label, **style)
    axes.plot(mean.index[-2:], mean.iloc[-2:], linestyle=":", color=style["color"], linewidth=1.2)
    axes.plot(mean.index[-1:], mean.iloc[-1:], linestyle="", markersize=6, markeredgecolor="white", **style)


def _places(shots: pd.Series) -> pd.Series:
    """Where numbers of images stand: on a logarithmic scale, all of them behind the largest."""
    numbers = pd.to_numeric(shots.mask(shots == ALL)).astype(float)
    return np.log2(numbers).fillna(np.log2(numbers.max()) + 1.5)


def _counted(table: pd.DataFrame, *, n_classes: int) -> str:
    images, patients = int(table["n_images"].iloc[0]), int(table["n_patients"].iloc[0])
    mean = table.loc[table["shots"] == ALL, "n_train_images"].astype(float).mean() / n_classes
    return f"n = {images:,} test images of {patients:,} patients; all: {mean:.0f} a class"
