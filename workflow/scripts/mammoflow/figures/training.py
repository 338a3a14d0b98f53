"""Learning curves."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mammoflow.figures.style import COLOURS, MARKERS, SOFT, WIDE, head, new_figure


def draw(curves: dict[int, pd.DataFrame], *, experiment: str, warning: str = "") -> Figure:
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
    figure = new_figure(width=WIDE, height=3.2)
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
    losses.legend(kinds, ["training", "validation"], fontsize=7.5)
    accuracies.legend(fontsize=7.5, ncols=2)
    for axes in (losses, accuracies):
        axes.grid(visible=True)
        axes.xaxis.get_major_locator().set_params(integer=True)
    epochs = ", ".join(f"{len(curve)}" for curve in curves.values())
    counted = f"n = {len(curves)} seeds; epochs: {epochs}; markers: the epoch whose weights were kept"
    head(figure, title=f"Learning curves: {experiment}", subtitle=counted, warning=warning)
    return figure
