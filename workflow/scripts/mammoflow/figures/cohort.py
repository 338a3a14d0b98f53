"""Figures of the cohort: the path of the data, and the classes in each subset."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from mammoflow.accounts import Box, Step, subset_counts
from mammoflow.figures.style import COLOURS, INK, SOFT, WIDE, head, new_figure
from mammoflow.tasks import Task

_LINE, _PADDING, _GAP = 0.155, 0.1, 0.27  # inches
_MAIN, _ASIDE = 4.7, 2.2
_SUBSETS = {"train": "", "validation": "//", "test": "..", "unused": "xx"}


def flow(steps: list[Step], *, seed: int, warning: str = "") -> Figure:
    """Boxes with counts from the files found to the subsets of one seed; what is left out stands on the right.

    Parameters
    ----------
    steps
        From `accounts.flow`.
    seed
        Seed of the manifest behind the last step.
    warning
        Shown below the figure; "" for nothing.
    """
    own = [max(_height(box) for box in step.boxes) for step in steps]
    heights = [max(mine, _height(step.aside) if step.aside else 0) for mine, step in zip(own, steps, strict=True)]
    total = sum(heights) + _GAP * (len(steps) - 1) + 0.1
    figure = new_figure(width=WIDE, height=total + 0.95)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.02, WIDE + 0.02), ylim=(0, total))
    axes.axis("off")
    top = total - 0.05
    for index, (step, height) in enumerate(zip(steps, heights, strict=True)):
        middle = top - height / 2
        _draw_step(axes, step, middle=middle, height=own[index])
        if index + 1 < len(steps):
            end = top - height - _GAP - (heights[index + 1] - own[index + 1]) / 2
            for at in range(len(step.boxes)):
                x = _MAIN * (at + 0.5) / len(step.boxes)
                _arrow(axes, (x, middle - own[index] / 2), (x, end))
        top -= height + _GAP
    head(figure, title="Path of the data", subtitle=f"subsets as drawn for seed {seed}", warning=warning)
    return figure


def classes_by_subset(manifest: pd.DataFrame, *, task: Task, seed: int, warning: str = "") -> Figure:
    """Bars of the images and patients of each class in each subset.

    Parameters
    ----------
    manifest
        A manifest table.
    task
        For the order and the names of the classes.
    seed
        Seed of the manifest.
    warning
        Shown below the figure; "" for nothing.
    """
    counts = subset_counts(manifest)
    labels = sorted(counts["label"].unique(), key=lambda key: task.keys.index(key.split("+")[0]))
    present = [subset for subset in _SUBSETS if (counts["subset"] == subset).any()]
    figure = new_figure(width=WIDE, height=1.6 + 0.16 * (len(present) + 1) * len(labels))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, column, unit in zip(panels, ("n_images", "n_patients"), ("images", "patients"), strict=True):
        table = counts.pivot(index="label", columns="subset", values=column).reindex(labels).fillna(0)
        _bars(axes, table[present], unit=unit)
    panels[0].set_yticks(range(len(labels)), [task.of(key).title for key in labels])
    panels[0].invert_yaxis()
    panels[1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(present), fontsize=7, handlelength=1.4)
    totals = f"{len(manifest):,} labelled images of {manifest['patient_id'].nunique():,} patients, seed {seed}"
    note = "unused: left out by balancing, or of a dropped class; a patient with used and unused images counts in both"
    head(figure, title="Classes by subset", subtitle=f"{totals}\n{note}", warning=warning)
    return figure


def _height(box: Box) -> float:
    return _LINE * (1 + len(box.lines)) + 2 * _PADDING


def _draw_step(axes: Axes, step: Step, *, middle: float, height: float) -> None:
    space = 0.12
    width = (_MAIN - space * (len(step.boxes) - 1)) / len(step.boxes)
    for index, box in enumerate(step.boxes):
        _draw_box(axes, box, left=index * (width + space), top=middle + height / 2, width=width, height=height)
    if step.aside is not None:
        own = _height(step.aside)
        _draw_box(axes, step.aside, left=WIDE - _ASIDE, top=middle + own / 2, width=_ASIDE, height=own, aside=True)
        _arrow(axes, (_MAIN, middle), (WIDE - _ASIDE, middle))


def _draw_box(
    axes: Axes, box: Box, *, left: float, top: float, width: float, height: float, aside: bool = False
) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (left, top - height),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="white" if aside else "#EEF3F8",
            edgecolor=SOFT if aside else COLOURS[0],
            linestyle="--" if aside else "-",
        )
    )
    small = width < 0.9 * _ASIDE
    size = 6.5 if small else 7.5
    axes.text(left + 0.08, top - _PADDING, box.head, va="top", fontsize=size, weight="bold")
    for index, line in enumerate(box.lines):
        at = top - _PADDING - _LINE * (index + 1)
        axes.text(left + 0.08, at, line, va="top", fontsize=size, color=SOFT if aside else INK)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": SOFT, "shrinkA": 0, "shrinkB": 0})


def _bars(axes: Axes, table: pd.DataFrame, *, unit: str) -> None:
    thickness = 0.84 / len(table.columns)
    for index, subset in enumerate(table.columns):
        at = [row + (index - (len(table.columns) - 1) / 2) * thickness for row in range(len(table))]
        bars = axes.barh(
            at, table[subset], thickness, label=subset, hatch=_SUBSETS[subset], color=COLOURS[index], edgecolor="white"
        )
        axes.bar_label(bars, [f"{int(n):,}" for n in table[subset]], padding=2, fontsize=6.5)
    axes.set_xlabel(f"{unit} (n)")
    axes.margins(x=0.12)
    axes.grid(visible=True, axis="x")
