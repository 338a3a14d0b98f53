"""Measures on parts of the test images: by device, view, side, format, age and year."""

import pandas as pd

from mammoflow import tables
from mammoflow.evaluation import measures, resampling, units
from mammoflow.evaluation.statistics import rows_of

MEASURES = ("accuracy", "balanced_accuracy", "kappa_quadratic", "auroc_macro")
# What parts are told apart by, and the level at which it is one thing: an exam's views may come from two devices.
LEVELS = {
    "device": "image",
    "view": "image",
    "side": "image",
    "image_syntax": "image",
    "age_band": "exam",
    "year": "exam",
}
UNKNOWN = "unknown"


def attributes(images: pd.DataFrame, exams: pd.DataFrame) -> pd.DataFrame:
    """What is known of each accepted image.

    Parameters
    ----------
    images, exams
        Tables of these names.

    Returns
    -------
    DataFrame
        A row for each image by its id, a column for each of LEVELS; UNKNOWN where it is not known.
    """
    accepted = images[images["status"] == "accepted"].set_index("image_id")
    named = accepted.rename(columns={"laterality": "side", "transfer_syntax": "image_syntax"})
    of_exam = exams.set_index("exam_id")[["age_band", "year"]].reindex(accepted["exam_id"]).set_index(accepted.index)
    known = named.drop(columns=["age_band", "year"]).join(of_exam)[list(LEVELS)]
    return known.mask(known.isna() | (known == ""), UNKNOWN)


def evaluate(
    predictions: pd.DataFrame,
    known: pd.DataFrame,
    *,
    seed: int,
    resamples: int,
    bootstrap_seed: int,
    aggregation: str = "mean",
) -> pd.DataFrame:
    """Measures of one experiment and seed on each part of the test images by itself.

    Parameters
    ----------
    predictions
        A predictions table.
    known
        From `attributes`.
    seed
        Of the predictions.
    resamples, bootstrap_seed
        Of the bootstrap over patients.
    aggregation
        As for `units.of_level`.

    Returns
    -------
    DataFrame
        A metrics table whose subgroups are attribute=value.
    """
    test = units.of_subset(predictions, "test")
    rows = []
    for attribute, level in LEVELS.items():
        values = known[attribute].reindex(test["image_id"]).fillna(UNKNOWN).to_numpy()
        for value in sorted(set(values)):
            part = units.of_level(test[values == value], level, aggregation=aggregation)
            if len(part):
                weights = resampling.weights_of(part, resamples=resamples, seed=bootstrap_seed)
                drawn = resampling.confusion_measures(part, weights) | resampling.rank_measures(part, weights)
                found = measures.of_rows(part.truth, part.probabilities, only=MEASURES)
                place = {"seed": seed, "subset": "test", "level": level, "subgroup": f"{attribute}={value}"}
                rows += [place | row for row in rows_of(part, found, drawn)]
    return tables.frame_of(rows, tables.METRICS)
