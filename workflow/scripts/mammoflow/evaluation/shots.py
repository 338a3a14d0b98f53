"""Evaluation of what was learnt from few images: fewer measures than of an experiment, on the test images only."""

import logging

import pandas as pd

from mammoflow.evaluation import measures, resampling, units

log = logging.getLogger(__name__)

MEASURES = ("accuracy", "balanced_accuracy", "f1_macro", "kappa_quadratic", "auroc_macro")


def evaluate(predictions: pd.DataFrame, *, resamples: int, bootstrap_seed: int, about: str) -> list[dict[str, object]]:
    """Measures on the test images, with 95 % intervals.

    Parameters
    ----------
    predictions
        A predictions table.
    resamples, bootstrap_seed
        Of the bootstrap over patients.
    about
        What is measured, for the log.

    Returns
    -------
    list
        A dictionary for each measure, of those columns of `tables.SHOTS` that follow from the predictions.
    """
    test = units.of_level(units.of_subset(predictions, "test"), "image")
    values = measures.of_rows(test.truth, test.probabilities, only=MEASURES)
    weights = resampling.weights_of(test, resamples=resamples, seed=bootstrap_seed)
    drawn = resampling.confusion_measures(test, weights) | resampling.rank_measures(test, weights)
    rows: list[dict[str, object]] = []
    for name in MEASURES:
        ends = resampling.interval(drawn[name])
        if ends.n_undefined:
            log.info("%s: %s is undefined on %d of %d resamples", about, name, ends.n_undefined, len(weights))
        found = {"metric": name, "value": float(values[name]), "low": ends.low, "high": ends.high}
        rows.append(found | {"n_images": test.n_images, "n_patients": test.n_patients})
    return rows
