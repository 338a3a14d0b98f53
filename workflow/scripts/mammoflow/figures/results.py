"""Figures of results: confusion matrices, learning curves, and all experiments side by side."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mammoflow.evaluation import measures, table1, units
from mammoflow.figures.style import COLOURS, INK, MARKERS, SOFT, head, new_figure, shares
from mammoflow.tasks import Task


def confusion_counts(predictions: dict[int, pd.DataFrame]) -> tuple[NDArray[np.int64], units.Units]:
    """Confusion matrix of the test images, summed over seeds.

    Parameters
    ----------
    predictions
        A predictions table for each seed, all of one experiment.

    Returns
    -------
    tuple
        (K, K) counts, rows the label, columns the prediction; and the test images of the first seed.
    """
    of_seed = [units.of_level(units.of_subset(frame, "test"), "image") for frame in predictions.values()]
    k = len(of_seed[0].classes)
    counts = np.zeros((k, k), dtype=np.int64)
    for seed in of_seed:
        np.add.at(counts, (seed.truth, measures.predicted(seed.probabilities)), 1)
    return counts, of_seed[0]


def confusion(predictions: dict[int, pd.DataFrame], *, experiment: str, task: Task, warning: str = "") -> Figure:
    """Confusion matrix: counts summed over seeds, and shares of each row, which colour the cells.

    Parameters
    ----------
    predictions
        A predictions table for each seed.
    experiment
        Its name, for the title.
    task
        For the names of the classes.
    warning
        Shown below the figure; "" for nothing.
    """
    counts, test = confusion_counts(predictions)
    row = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, row, out=np.zeros(counts.shape), where=row > 0)
    k = len(counts)
    figure = new_figure(width=3.6 + 1.15 * k, height=2.7 + 0.8 * k)
    axes = figure.add_subplot()
    cells = [
        [f"{count:,}\n{100 * part:.0f} %" if total else f"{count:,}" for count, part in zip(own, parts, strict=True)]
        for own, parts, total in zip(counts, share, row[:, 0], strict=True)
    ]
    seaborn.heatmap(
        100 * share,
        ax=axes,
        annot=np.array(cells),
        fmt="",
        cmap="Blues",
        vmin=0,
        vmax=100,
        cbar_kws={"label": "share of the label's images (%)", "shrink": 0.9},
    )
    names = [task.of(key).name.replace(" / ", " /\n") for key in test.classes]
    places = np.arange(k) + 0.5
    axes.set_xticks(places, [f"{n}\n({key})" for n, key in zip(_wrapped(names), test.classes, strict=True)])
    axes.set_yticks(places, [f"{n}\n({key})" for n, key in zip(_wrapped(names), test.classes, strict=True)])
    axes.set(xlabel="predicted class", ylabel="label")
    axes.tick_params(length=0, rotation=0)
    seeds = "1 seed" if len(predictions) == 1 else f"{len(predictions)} seeds, counts summed"
    counted = f"test images: {test.n_images:,} of {test.n_patients:,} patients; {seeds}"
    head(figure, title=f"Confusion matrix: {experiment}", subtitle=counted, warning=warning)
    return figure


def training(curves: dict[int, pd.DataFrame], *, experiment: str, warning: str = "") -> Figure:
    """Learning curves, one line a seed; the epoch whose weights were kept is marked.

    Parameters
    ----------
    curves
        A learning curve for each seed.
    experiment
        Its name, for the title.
    warning
        Shown below the figure; "" for nothing.
    """
    figure = new_figure(width=9, height=3.9)
    losses, accuracies = figure.subplots(1, 2)
    for index, (seed, curve) in enumerate(curves.items()):
        style: dict[str, Any] = {
            "color": COLOURS[index % len(COLOURS)],
            "markevery": np.flatnonzero(curve["best"]).tolist(),
        }
        style |= {"marker": MARKERS[index % len(MARKERS)], "markersize": 7, "markeredgecolor": "white"}
        losses.plot(curve["epoch"], curve["train_loss"], color=style["color"], linestyle=":")
        losses.plot(curve["epoch"], curve["validation_loss"], **style)
        accuracies.plot(curve["epoch"], curve["validation_accuracy"], label=f"seed {seed}", **style)
    losses.set(title="Loss", xlabel="epoch", ylabel="mean cross-entropy (nats)")
    accuracies.set(title="Validation accuracy", xlabel="epoch", ylabel="accuracy (share of images)", ylim=(0, 1))
    kinds = [Line2D([], [], color=SOFT, linestyle=":"), Line2D([], [], color=SOFT)]
    losses.legend(kinds, ["training", "validation"], fontsize=8)
    accuracies.legend(fontsize=8, ncols=2)
    for axes in (losses, accuracies):
        axes.grid(visible=True)
        axes.xaxis.get_major_locator().set_params(integer=True)
    epochs = ", ".join(f"{len(curve)}" for curve in curves.values())
    counted = f"n = {len(curves)} seeds; epochs: {epochs}; markers: the epoch whose weights were kept"
    head(figure, title=f"Learning curves: {experiment}", subtitle=counted, warning=warning)
    return figure


def experiments(
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
        From `table1.load_published`.
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
        Line2D([], [], color=COLOURS[1], marker="D", markersize=8, markerfacecolor="none", linestyle=""),
    ]
    names = [
        "a seed and its interval",
        "mean over seeds",
        f"published, other patients ({published['short']}; averaging of F1 {published['f1_averaging']})",
    ]
    body.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8)


def _wrapped(names: list[str]) -> list[str]:
    """Two-word names on two lines."""
    return [name.replace(" ", "\n", 1) if len(name) > 12 and "\n" not in name else name for name in names]
