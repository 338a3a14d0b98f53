"""How many test images have a sibling in training, by what the split never divides: a sentence and a table."""

import pandas as pd

from mammoflow.pages.html import MISSING, HtmlTable
from mammoflow.tasks import Task

# From what leaks most.
_UNITS = ("image", "exam", "patient")
_NOTES = (
    "Counted, for every unit, in the split that this run's other settings give with it; only one of them is the run's.",
    "An image counts if any other image of the same person is used for training, however the two are labelled.",
)


def sentence(siblings: pd.DataFrame, task: Task, *, unit: str) -> str:
    """The first seed in words, for the class of which splitting by image leaks most.

    Parameters
    ----------
    siblings
        `tables.SIBLINGS`.
    task
        For the order of its classes.
    unit
        What this run never divides.
    """
    first = siblings[siblings["seed"] == siblings["seed"].min()]
    share = (first["n_with_sibling"] / first["n_images"].mask(first["n_images"] == 0)).astype(float)
    shares = share.set_axis(pd.MultiIndex.from_frame(first[["unit", "label"]]))
    of_image = {key: shares.get(("image", key), float("nan")) for key in _classes(first, task)}
    label = max(of_image, key=lambda key: -1 if pd.isna(of_image[key]) else of_image[key])
    what = f"of the test images of class {label}"
    said = [(one, _percent(shares.get((one, label), float("nan")), none="none")) for one in _UNITS]
    (first_unit, first_said), *others = [(one, text) for one, text in said if text != MISSING]
    rest = "".join(f"; split by {one}, {text}" for one, text in others)
    return (
        f"Split by {first_unit}, {first_said} {what} have another image of the same patient in training{rest}. "
        f"This run splits by {unit}."
    )


def table(siblings: pd.DataFrame, task: Task, *, unit: str) -> HtmlTable:
    """The first seed, by unit and class.

    Parameters
    ----------
    siblings, task, unit
        As for `sentence`.
    """
    seed = siblings["seed"].min()
    first = siblings[siblings["seed"] == seed]
    classes = [*_classes(first, task), ""]
    counts = first.set_index(["unit", "label"])[["n_with_sibling", "n_images"]]
    rows = [
        (f"{one}: this run" if one == unit else one, *(_cell(counts, one, key) for key in classes)) for one in _UNITS
    ]
    columns = ("split by", *(f"class {key}" if key else "all classes" for key in classes))
    caption = f"Test images with another image of the same patient in training, by what is never divided, seed {seed}"
    return HtmlTable(caption, columns, rows, _NOTES, sortable=False)


def _classes(siblings: pd.DataFrame, task: Task) -> list[str]:
    return sorted(set(siblings["label"]) - {""}, key=lambda key: task.keys.index(key.split("+")[0]))


def _cell(counts: pd.DataFrame, unit: str, label: str) -> str:
    if (unit, label) not in counts.index:
        return MISSING
    own, total = counts.loc[(unit, label)]
    return f"{own:,} of {total:,}\n{_percent(own / total if total else float('nan'), none='0 %')}"


def _percent(share: float, *, none: str) -> str:
    """A share in whole percents, which are 0 and 100 only where they are so exactly."""
    if pd.isna(share):
        return MISSING
    if share in (0, 1):
        return "100 %" if share else none
    return f"{min(max(round(100 * share), 1), 99)} %"
