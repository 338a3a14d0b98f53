"""What matching does to intensities, as tables of the report page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mammoflow.pages.html import HtmlTable, with_interval
from mammoflow.pages.labels import spoken
from mammoflow.tasks import Task

_STATES = ("before", "after")


def told(of_recipe: Mapping[str, pd.DataFrame], ways: Mapping[str, str]) -> HtmlTable:
    """How well intensities alone tell device and class, before and after each recipe's matching.

    Parameters
    ----------
    of_recipe
        `tables.QUALITY` of each recipe.
    ways
        What each recipe matches by.
    """
    rows: list[tuple[Any, ...]] = []
    for recipe, measures in of_recipe.items():
        for state in _STATES:
            own = measures[measures["state"] == state].set_index("measure")
            cells = (_told(own.loc[f"{what}_told{how}"]) for how in ("", "_exactly") for what in ("device", "class"))
            n = own.loc["class_told"]
            rows.append((recipe, ways[recipe], state, *cells, int(n["n_images"]), int(n["n_patients"])))
    told = ("device told", "class told", "device, by the slightest differences", "class, by the slightest differences")
    columns = ("recipe", "matching", "measured", *told, "images (n)", "patients (n)")
    caption = (
        "How well a simple classifier tells device and class from intensities alone: balanced accuracy, with 95 % "
        "intervals over patients"
    )
    return HtmlTable(caption, columns, rows, tuple(_left_out(of_recipe)), sortable=False)


def shares(of_recipe: Mapping[str, pd.DataFrame], ways: Mapping[str, str], task: Task) -> HtmlTable:
    """The mean share of bright tissue of each class, before and after each recipe's matching.

    Parameters
    ----------
    of_recipe, ways
        As for `told`.
    task
        For the order of its classes.
    """
    frames = list(of_recipe.values())
    found = {key for frame in frames for key in frame.loc[frame["measure"] == "bright_share", "label"]}
    classes = sorted(found, key=lambda key: task.keys.index(key.split("+")[0]))
    rows: list[tuple[Any, ...]] = []
    for recipe, measures in of_recipe.items():
        for state in _STATES:
            own = measures[(measures["state"] == state) & (measures["device"] == "")]
            mean = own[own["measure"] == "bright_share"].set_index("label")["value"]
            threshold = own.loc[own["measure"] == "bright_threshold", "value"].iloc[0]
            rows.append((recipe, ways[recipe], state, float(threshold), *(mean.get(key) for key in classes)))
    columns = ("recipe", "matching", "measured", "threshold", *(f"class {key}" for key in classes))
    note = (
        "Bright: above the threshold, a share of the grey range that parts fat from tissue best over all these images "
        "(Otsu's method), taken anew after matching. The share is that of the breast's pixels, averaged over images."
    )
    return HtmlTable("Share of bright tissue by class", columns, rows, (note,), sortable=False)


def class_mix(of_devices: pd.DataFrame, task: Task) -> HtmlTable:
    """Development images of each class on each device.

    Parameters
    ----------
    of_devices
        `tables.DEVICES`.
    task
        For the order and the names of its classes.
    """
    found = of_devices["label"].unique()
    classes = sorted(found, key=lambda key: task.keys.index(key.split("+")[0]))
    rows = [
        (device or "device unknown", str(bits), *(_count_of(own, key) for key in classes), int(own["n_images"].sum()))
        for (device, bits), own in of_devices.groupby(["device", "bits_stored"])
    ]
    columns = ("device", "bits stored", *(f"class {key}" for key in classes), "all")
    return HtmlTable("Development images by device and class", columns, rows)


def _count_of(own: pd.DataFrame, label: str) -> int:
    return int(own.loc[own["label"] == label, "n_images"].sum())


def _told(row: pd.Series) -> str:
    """Balanced accuracy with its interval and what guessing reaches, or why there is none."""
    if row["reason"]:
        return spoken(row["reason"])
    return f"{with_interval(row['value'], row['low'], row['high'])}\nchance {row['chance']:.2f}"


def _left_out(of_recipe: Mapping[str, pd.DataFrame]) -> list[str]:
    """What is not told, because too few patients have it; the same for every recipe."""
    measures = next(iter(of_recipe.values()), None)
    if measures is None:
        return []
    own = measures[measures["state"] == _STATES[0]].set_index("measure")["left_out"]
    counts = {"devices": own["device_told"], "classes": own["class_told"]}
    return [
        f"Not told, because they have fewer than three patients: {int(n)} of the {what}."
        for what, n in counts.items()
        if n
    ]
