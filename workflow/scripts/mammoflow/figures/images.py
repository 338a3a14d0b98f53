"""Figure of the matching: pictures before and after, and the intensities of each device."""

from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mammoflow.figures.style import COLOURS, WIDE, head, new_figure

_DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Sample:
    """One picture before and after the matching, small enough to be drawn."""

    device: str
    label: str
    before: NDArray[np.float32]  # (rows, columns), share of the grey range, 0 outside the breast
    after: NDArray[np.float32]  # the same


@dataclass(frozen=True)
class Intensities:
    """Distribution of the foreground intensities of one device, over some of its images."""

    before: NDArray[np.float64]  # (B,) share of the foreground in each of B equal parts of the grey range
    after: NDArray[np.float64]  # the same
    n_images: int


def matching(
    samples: list[Sample], distributions: dict[str, Intensities], *, recipe: str, way: str, warning: str = ""
) -> Figure:
    """Samples before (upper row) and after (lower row), and below them the distributions, one line a device.

    Parameters
    ----------
    samples
        At most eight fit.
    distributions
        Of each device.
    recipe, way
        Name of the recipe, and what it matches by.
    warning
        Shown below the figure; "" for nothing.
    """
    figure = new_figure(width=WIDE, height=6.6)
    halves: Any = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    upper, lower = halves
    _draw_samples(upper.subplots(2, max(1, len(samples)), squeeze=False), samples)
    panels = lower.subplots(1, 2, sharey=True)
    for index, (device, own) in enumerate(distributions.items()):
        style = {"color": COLOURS[index % len(COLOURS)], "linestyle": _DASHES[index % len(_DASHES)]}
        for axes, shares in zip(panels, (own.before, own.after), strict=True):
            centres = (np.arange(len(shares)) + 0.5) / len(shares)
            axes.plot(centres, 100 * shares, label=f"{device or 'device unknown'} (n = {own.n_images})", **style)
    panels[0].set(title="Before", xlabel="grey value (share of the range)", ylabel="foreground pixels (%)")
    panels[1].set(title="After", xlabel="grey value (share of the range)")
    for axes in panels:
        axes.grid(visible=True)
    if distributions:
        lower.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=7)
    head(
        figure,
        title=f"Before and after matching: recipe {recipe} (matching: {way})",
        subtitle="development images only; distributions are means over the images of a device, n images each",
        warning=warning,
    )
    return figure


def _draw_samples(grid: Any, samples: list[Sample]) -> None:
    for axes in grid.flat:
        axes.axis("off")
    for (above, below), sample in zip(grid.T, samples, strict=False):
        _show(above, sample.before)
        _show(below, sample.after)
        above.set_title(f"{fill(sample.device, 17)}\nclass {sample.label}", fontsize=5.5, loc="center")
    for axes, word in zip(grid[:, 0], ("before", "after"), strict=True):
        axes.text(-0.08, 0.5, word, transform=axes.transAxes, rotation=90, va="center", ha="right", fontsize=8)


def _show(axes: Axes, pixels: NDArray[np.float32]) -> None:
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
