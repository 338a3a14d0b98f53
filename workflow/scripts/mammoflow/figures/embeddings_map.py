"""Map of an encoder's embeddings: their two first principal components, by class and by device."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from mammoflow.figures.style import COLOURS, MARKERS, WIDE, head, new_figure
from mammoflow.tasks import Task


def projected(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two first principal components of some vectors.

    Parameters
    ----------
    vectors : (N, width) float32
        N >= 2, not all the same.

    Returns
    -------
    tuple
        (N, 2) coordinates, whose signs are those that make the largest loading of each component positive; and the
        shares of the variance that the two components hold, (2,).
    """
    whole = PCA(n_components=2, svd_solver="full").fit(vectors.astype(np.float64))
    return whole.transform(vectors.astype(np.float64)), whole.explained_variance_ratio_


def draw(
    vectors: NDArray[np.float32],
    images: pd.DataFrame,
    *,
    n_images: int,
    encoder: str,
    recipe: str,
    features: str,
    task: Task,
    warning: str = "",
) -> Figure:
    """The same points twice: marked by class, and by device.

    Parameters
    ----------
    vectors : (N, width) float32
        Embeddings of development images.
    images
        Their labelled images, in the order of the vectors.
    n_images
        How many development images there are, of which these are shown.
    encoder, recipe, features
        Whose vectors of which pictures they are.
    task
        For the order and the names of the classes.
    warning
        Shown below the figure; "" for nothing.
    """
    places, shares = projected(vectors)
    figure = new_figure(width=WIDE, height=4.6)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    classes = sorted(images["label"].unique(), key=lambda key: task.keys.index(key.split("+")[0]))
    named = {key: task.of(key).title for key in classes}
    _points(panels[0], places, images["label"], named, [task.of(key).colour for key in classes])
    devices = {device: device or "device unknown" for device in sorted(images["device"].unique())}
    _points(panels[1], places, images["device"], devices, list(COLOURS))
    for axes, title in zip(panels, ("By class", "By device"), strict=True):
        axes.set_title(title)
        axes.set(xlabel=_label(1, shares[0]), xticks=[], yticks=[])
    panels[0].set_ylabel(_label(2, shares[1]))
    of = "" if len(images) == n_images else f" of {n_images:,}"
    counted = (
        f"encoder {encoder}, recipe {recipe}, vectors: {features}; n = {len(images):,}{of} development images of "
        f"{images['patient_id'].nunique():,} patients; two of {vectors.shape[1]:,} dimensions"
    )
    head(figure, title="Map of the embeddings", subtitle=counted, warning=warning)
    return figure


def _label(number: int, share: float) -> str:
    return f"principal component {number} ({100 * share:.0f} % of the variance)"


def _points(
    axes: Axes, places: NDArray[np.float64], of_each: pd.Series, named: dict[str, str], colours: list[str]
) -> None:
    """A mark an image. Groups are drawn one by one, so a group of many is drawn first, below the others."""
    for at, (key, name) in enumerate(named.items()):
        own = places[(of_each == key).to_numpy()]
        axes.plot(
            *own.T,
            linestyle="",
            marker=MARKERS[at % len(MARKERS)],
            markersize=3.6,
            markerfacecolor="none" if at % 2 else colours[at % len(colours)],
            markeredgecolor=colours[at % len(colours)],
            markeredgewidth=0.7,
            alpha=0.8,
            label=f"{name} (n = {len(own):,})",
            zorder=3 - len(own) / len(places),
        )
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.08), fontsize=7, ncols=1 + (len(named) > 6), handletextpad=0.2
    )
