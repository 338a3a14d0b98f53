"""How alike the sentences of prompt sets are to an encoder."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mammoflow.figures.style import INK, WIDE, head, new_figure
from mammoflow.models.prompt_embeddings import Embedded

_COLUMNS = 2
_MOST_LETTERS = 45  # of numbers with their gaps, in a row of a panel where they can be read
_SIGNS = {"positive": "+", "negative": "−"}


@dataclass(frozen=True)
class Panel:
    """The cosines between what a prompt set tells apart."""

    names: list[str]  # of each row, as a reader sees it; those of a class have one where there is no more to say
    groups: list[str]  # the class of each row, in order
    cosines: npt.NDArray[np.float64]  # (n, n)
    context: str  # which of the set's contexts it is; "" where it has one only


def panel(embedded: Embedded) -> Panel:
    """What to compare of a prompt set.

    Of kind class the vectors of classes; of kind pair those of what says and what denies each class; of kind
    descriptors those of what says each sign, by class. A set with words for views and sides is shown for the first of
    them, and for an age that is not known.
    """
    prompts = embedded.prompts
    if (prompts["kind"] == "descriptors").all():
        prompts = prompts[prompts["pole"] == "positive"]
    context = {name: _first(prompts[name]) for name in ("view", "side")} | {"age_band": ""}
    shown = prompts[(prompts[list(context)] == pd.Series(context)).all(axis=1)]
    is_pair = (prompts["kind"] == "pair").all()
    names, groups, vectors = [], [], []
    for (label, pole, _), rows in shown.groupby(["label", "pole", "descriptor"], sort=False):
        names.append(f"{label} {_SIGNS[pole]}" if is_pair else label)
        groups.append(label)
        vectors.append(embedded.mean(rows))
    whole = np.stack(vectors)
    return Panel(names, groups, whole @ whole.T, ", ".join(filter(None, context.values())))


def draw(sets: dict[str, Embedded], *, encoder: str, warning: str = "") -> Figure:
    """A panel of cosines for each prompt set, all in one scale.

    Parameters
    ----------
    sets
        Prompt sets by name, embedded.
    encoder
        Its name, for the title.
    warning
        Shown below the figure; "" for nothing.
    """
    panels = {name: panel(one) for name, one in sets.items()}
    digits, lowest = _scale(min(one.cosines.min() for one in panels.values()))
    rows = -(-len(panels) // _COLUMNS)
    figure = new_figure(width=WIDE, height=1.7 + 3.3 * rows)
    body: Any = figure.subfigures(1, 1)
    grid = body.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes, (name, one) in zip(grid, panels.items(), strict=False):
        _draw(axes, one, lowest=lowest, digits=digits)
        axes.set_title(f"{name}: {_described(sets[name].prompts, one, digits)}", fontsize=7.5)
    for axes in grid[len(panels) :]:
        axes.axis("off")
    label = f"cosine, from {lowest:.{digits - 1}f} to 1"
    body.colorbar(grid[0].collections[0], ax=grid.tolist(), label=label, location="right", shrink=0.5)
    head(figure, title=f"Similarity of prompts: {encoder}", subtitle=_counted(sets), warning=warning)
    return figure


def _scale(least: float) -> tuple[int, float]:
    """Digits to write cosines with, and where their scale begins; encoders differ much in how alike all texts are."""
    digits = 2 if least < 0.9 else 3 if least < 0.99 else 4
    step = 10.0 ** (1 - digits)
    return digits, min(1 - step, math.floor(least / step) * step)


def _first(values: pd.Series) -> str:
    """The first value that is not empty; "" where all are."""
    return next((value for value in values if value), "")


def _counted(sets: dict[str, Embedded]) -> str:
    """How many sentences there are, and what a difference of cosines does to probabilities."""
    sentences = sum(len(one.prompts) for one in sets.values())
    temperature = next(iter(sets.values())).temperature
    return (
        f"n = {sentences:,} sentences of {len(sets)} sets; the model multiplies cosines by {temperature:.4g}: "
        "where the kind is class,\n"
        f"a cosine higher by 0.01 makes the odds of a class {np.exp(0.01 * temperature):.3g} times as high"
    )


def _described(prompts: pd.DataFrame, one: Panel, digits: int) -> str:
    """What a panel shows, below its name."""
    kind = prompts["kind"].iloc[0]
    counted = f"kind {kind}, {len(prompts):,} sentences" + (f"; shown: {one.context}" if one.context else "")
    apart = one.cosines[~np.eye(len(one.cosines), dtype=bool)]
    least, most, mean = (f"{value:.{digits}f}" for value in (apart.min(), apart.max(), apart.mean()))
    return f"{counted}\nbetween rows {least} to {most}, mean {mean}"


def _draw(axes: Axes, one: Panel, *, lowest: float, digits: int) -> None:
    n = len(one.names)
    seaborn.heatmap(one.cosines, ax=axes, cmap="Blues", vmin=lowest, vmax=1, square=True, cbar=False)
    starts = [place for place in range(n) if place == 0 or one.groups[place] != one.groups[place - 1]]
    if len(starts) < n:
        for place in starts[1:]:
            axes.axhline(place, color=INK, linewidth=0.8)
            axes.axvline(place, color=INK, linewidth=0.8)
    if n * (digits + 3) <= _MOST_LETTERS:
        _write_numbers(axes, one.cosines, dark=lowest + 0.7 * (1 - lowest), digits=digits)
    places, names = [place + 0.5 for place in range(n)], one.names
    if len(set(names)) < n:
        places = [(start + end) / 2 for start, end in zip(starts, [*starts[1:], n], strict=True)]
        names = [one.groups[start] for start in starts]
    axes.set_xticks(places, names, rotation=90 if max(map(len, names)) > 4 else 0)
    axes.set_yticks(places, names, rotation=0)
    axes.tick_params(length=0, labelsize=7)


def _write_numbers(axes: Axes, cosines: npt.NDArray[np.float64], *, dark: float, digits: int) -> None:
    """Write each number into its cell; on cells above `dark` in white."""
    for (row, column), value in np.ndenumerate(cosines):
        colour = "white" if value > dark else INK
        place = (column + 0.5, row + 0.5)
        axes.text(*place, f"{value:.{digits}f}", ha="center", va="center", fontsize=6, color=colour)
