"""What descriptors found in images, as the zero-shot page shows it: their worth, and single images explained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mammoflow.evaluation.descriptors import Worth, worth
from mammoflow.pages.html import HtmlTable, above_interval, cell, counted
from mammoflow.tables import predicted_classes, probability_columns
from mammoflow.tasks import Task

_MOST_NAMED = 3


@dataclass(frozen=True)
class Shaded:
    """A table of probabilities whose cells are shaded within each row, from its least to its greatest.

    A row is its heads, its values with their shades (0 to 1), and what else there is to say.
    """

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[tuple[str, ...], list[tuple[float, float]], tuple[str, ...]]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Described:
    """What the descriptors of an experiment found: a sentence, and tables."""

    name: str
    said: str
    table: Shaded
    examples: HtmlTable


def development(manifest: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """The images of a manifest that are not held out as test, of classes that the predictions have."""
    kept = manifest["label"].isin(predicted_classes(predictions))
    return manifest[kept & (manifest["held_out"] == "development")]


def described(
    name: str,
    explanations: pd.DataFrame,
    images: pd.DataFrame,
    predictions: pd.DataFrame,
    task: Task,
    *,
    resamples: int,
    seed: int,
) -> Described:
    """What the descriptors of an experiment are worth on development images.

    Parameters
    ----------
    name
        Of the experiment.
    explanations
        `tables.EXPLANATIONS`, with a row at least.
    images
        From `development`.
    predictions
        `tables.PREDICTIONS` of the experiment.
    task
        For the names of the classes.
    resamples, seed
        Of the bootstrap over patients.
    """
    classes, own = predicted_classes(predictions), images[images["image_id"].isin(explanations["image_id"])]
    of_images = worth(explanations, own, classes, resamples=resamples, seed=seed)
    n = f"{counted(len(own), 'development image')} of {counted(own['patient_id'].nunique(), 'patient')}"
    table = descriptors(name, of_images, classes, task, n=n)
    return Described(name, separating(of_images), table, examples(explanations, own, predictions, task))


def descriptors(name: str, of_images: list[Worth], classes: list[str], task: Task, *, n: str) -> Shaded:
    """The mean probability of each descriptor by true class, and how well it tells its own class; `n` says on what."""
    rows = [
        ((one.descriptor, task.of(one.label).name), _shades(one.means), (above_interval(one.auroc, one.low, one.high),))
        for one in of_images
    ]
    columns = ("descriptor", "speaks for", *(f"images of {task.of(key).name}" for key in classes))
    notes = (
        "AUROC: how often the descriptor is likelier in an image of its own class than in one of another; 0.5 where it "
        "says nothing, below where it says the contrary. 95 % intervals, over patients; one in twenty leaves out 0.5 "
        "by chance.",
        "Shades run within a row, from its least to its greatest mean, however near; none where all look equal.",
    )
    caption = f"Descriptors of {name}: mean probability by true class ({n})"
    return Shaded(caption, (*columns, "AUROC of its class against the rest"), rows, notes)


def _shades(values: tuple[float, ...]) -> list[tuple[float, float]]:
    """Values with their place between the least and the greatest; 0 where the numbers shown do not differ."""
    known = [value for value in values if not pd.isna(value)]
    width = max(known) - min(known) if len({cell(value) for value in known}) > 1 else 0.0
    return [(value, (value - min(known)) / width if width and not pd.isna(value) else 0.0) for value in values]


def separating(of_images: list[Worth]) -> str:
    """Which descriptors tell their class, in a sentence."""
    sure = [one for one in of_images if one.low > 0.5]
    wrong = [one for one in of_images if one.high < 0.5]
    if not sure:
        said = f"None of {counted(len(of_images), 'descriptor')} tells its class: no interval lies above 0.5."
    else:
        named = "; ".join(f"“{one.descriptor}” ({cell(one.auroc)})" for one in sure[:_MOST_NAMED])
        share = f"{len(sure)} of {len(of_images)}"
        said = f"Descriptors that tell their class, by an interval above 0.5: {share}, best {named}."
    return f"{said} Likelier in other classes than in their own: {len(wrong)}." if wrong else said


def examples(explanations: pd.DataFrame, images: pd.DataFrame, predictions: pd.DataFrame, task: Task) -> HtmlTable:
    """One image of each class, with the descriptors that it shows most.

    Parameters
    ----------
    explanations, images, predictions, task
        As for `described`; of the images, those explained. The first of each class is taken, by its id: no result
        decides.
    """
    own = images.sort_values("image_id")
    classes = predicted_classes(predictions)
    of_image = predictions.set_index("image_id")[probability_columns(classes)].set_axis(classes, axis=1)
    rows = []
    for image in in_order(own.drop_duplicates("label"), task):
        p = of_image.loc[image.image_id]
        found = explanations[explanations["image_id"] == image.image_id].sort_values(
            ["probability", "label", "descriptor"], ascending=[False, True, True], kind="stable"
        )
        top = "\n".join(
            f"{cell(row.probability)} {row.descriptor} ({row.label})" for row in found.head(_MOST_NAMED).itertuples()
        )
        answer = f"{task.of(str(p.idxmax())).title}: {cell(p.max())}"
        rows.append((task.of(image.label).title, " ".join(filter(None, [image.laterality, image.view])), answer, top))
    names = ("true class", "image", "predicted: probability", "most probable descriptors (of the class)")
    notes = ("Development images, the first of each class by id: examples of how to read a prediction, no evidence.",)
    return HtmlTable("Single images explained", names, rows, notes, sortable=False)


def in_order(frame: pd.DataFrame, task: Task) -> list[Any]:
    """Rows in the task's order of their classes."""
    return sorted(frame.itertuples(), key=lambda row: task.keys.index(str(row.label).split("+")[0]))
