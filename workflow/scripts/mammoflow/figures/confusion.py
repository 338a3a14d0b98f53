"""Confusion matrices (Figs. 3 and 4 of the paper)."""

import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mammoflow.evaluation import measures, units
from mammoflow.figures.style import WIDE, head, new_figure
from mammoflow.tasks import Class, Task


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


def draw(predictions: dict[int, pd.DataFrame], *, experiment: str, task: Task, warning: str = "") -> Figure:
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
    figure = new_figure(width=min(WIDE, 2.9 + 0.9 * k), height=2.2 + 0.62 * k)
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
    names = [_wrapped(task.of(key)) for key in test.classes]
    places = np.arange(k) + 0.5
    axes.set_xticks(places, names)
    axes.set_yticks(places, names)
    axes.set(xlabel="predicted class", ylabel="label")
    axes.tick_params(length=0, rotation=0)
    seeds = "1 seed" if len(predictions) == 1 else f"{len(predictions)} seeds, counts summed"
    counted = f"test images: {test.n_images:,} of {test.n_patients:,} patients; {seeds}"
    head(figure, title=f"Confusion matrix: {experiment}", subtitle=counted, warning=warning)
    return figure


def _wrapped(one: Class) -> str:
    """A class's title on lines: parts of a merged class, else the words of a long name, and the key."""
    name = one.name.replace(" / ", " /\n")
    if len(name) > 12 and "\n" not in name:
        name = name.replace(" ", "\n", 1)
    return name + one.title.removeprefix(one.name).replace(" (", "\n(")
