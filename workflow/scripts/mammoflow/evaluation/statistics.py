"""Evaluation of predictions: measures with intervals, and paired differences between methods.

Intervals are 95 % percentile intervals of a bootstrap over patients. They describe the sampling of patients for one
trained model; how training varies is what the seeds show. The two are never mixed.
"""

import logging
from itertools import combinations
from typing import Any

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import measures, resampling, units
from mammoflow.evaluation.units import Units

log = logging.getLogger(__name__)

COMPARED_MEASURES = ("accuracy", "f1_macro", "kappa_quadratic")
COMPARED_LEVELS = ("image", "exam")


def evaluate(
    predictions: dict[int, pd.DataFrame], *, subsets: list[str], resamples: int, bootstrap_seed: int
) -> pd.DataFrame:
    """Measures of one experiment.

    Parameters
    ----------
    predictions
        A predictions table for each seed.
    subsets
        What to measure on: "test", "all".
    resamples, bootstrap_seed
        Of the bootstrap over patients.

    Returns
    -------
    DataFrame
        A metrics table: every seed, subset, level and measure. A level without a unit has no rows.
    """
    rows = []
    for seed, frame in predictions.items():
        for subset in subsets:
            for level in tables.LEVELS:
                at_level = units.of_level(units.of_subset(frame, subset), level)
                place = {"seed": seed, "subset": subset, "level": level, "subgroup": ""}
                rows += _measured(at_level, place=place, resamples=resamples, bootstrap_seed=bootstrap_seed)
    return tables.frame_of(rows, tables.METRICS)


def _measured(
    at_level: Units, *, place: dict[str, Any], resamples: int, bootstrap_seed: int
) -> list[dict[str, object]]:
    """Rows of the metrics table for one seed, subset and level."""
    if not len(at_level):
        log.info("%s: nothing to measure", _said(place))
        return []
    values = measures.of_rows(at_level.truth, at_level.probabilities)
    weights = resampling.patient_weights(at_level.n_patients, resamples=resamples, seed=bootstrap_seed)
    drawn = resampling.all_measures(at_level, weights)
    counts = {"n_images": at_level.n_images, "n_exams": at_level.n_exams, "n_patients": at_level.n_patients}
    rows = []
    for name in (*measures.MEASURES, *measures.CLASS_MEASURES):
        of_class = name in measures.CLASS_MEASURES
        for k, key in enumerate(at_level.classes if of_class else [""]):
            about = f"{_said(place)}: {name} {key}".rstrip()
            value = float(values[name][k]) if of_class else float(values[name])
            low, high = resampling.interval(drawn[name][:, k] if of_class else drawn[name], about=about)
            rows.append(place | {"metric": name, "class": key, "value": value, "low": low, "high": high} | counts)
    return rows


def compare(predictions: dict[str, dict[int, pd.DataFrame]], *, resamples: int, bootstrap_seed: int) -> pd.DataFrame:
    """Differences between every two experiments on the same test images.

    Parameters
    ----------
    predictions
        For each experiment, in order, a predictions table for each seed.
    resamples, bootstrap_seed
        Of the bootstrap over patients. Both experiments are measured on the same draws.

    Returns
    -------
    DataFrame
        A comparisons table: the earlier experiment less the later one.

    Raises
    ------
    UserError
        If two experiments have not the same test images, labels and classes.
    """
    rows: list[dict[str, object]] = []
    for seed in next(iter(predictions.values()), {}):
        for level in COMPARED_LEVELS:
            of_seed = {
                name: units.of_level(units.of_subset(by_seed[seed], "test"), level)
                for name, by_seed in predictions.items()
            }
            place = {"seed": seed, "level": level}
            rows += _differences(of_seed, place=place, resamples=resamples, bootstrap_seed=bootstrap_seed)
    return tables.frame_of(rows, tables.COMPARISONS)


def _differences(
    experiments: dict[str, Units], *, place: dict[str, Any], resamples: int, bootstrap_seed: int
) -> list[dict[str, object]]:
    """Rows of the comparisons table for one seed and level."""
    (reference_name, reference), *others = experiments.items()
    for name, other in others:
        if not reference.same_rows(other):
            raise UserError(
                f"predictions of {reference_name} and {name}, seed {place['seed']}: they are not about the same test "
                "images; delete both files to have them made again"
            )
    if not len(reference):
        return []
    weights = resampling.patient_weights(reference.n_patients, resamples=resamples, seed=bootstrap_seed)
    values = {name: measures.of_rows(u.truth, u.probabilities) for name, u in experiments.items()}
    drawn = {name: resampling.confusion_measures(u, weights) for name, u in experiments.items()}
    rows = []
    for first, second in combinations(experiments, 2):
        for metric in COMPARED_MEASURES:
            about = f"{_said(place)}: {metric} of {first} less {second}"
            low, high = resampling.interval(drawn[first][metric] - drawn[second][metric], about=about)
            difference = float(values[first][metric] - values[second][metric])
            pair = {"metric": metric, "experiment": first, "other": second}
            ends = {"difference": difference, "low": low, "high": high}
            rows.append(place | pair | ends | {"n_patients": reference.n_patients})
    return rows


def _said(place: dict[str, Any]) -> str:
    """Where a measure stands, for the log."""
    return ", ".join(f"{key} {value}" for key, value in place.items() if value != "")
