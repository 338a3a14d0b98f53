"""Evaluation of predictions: measures with intervals, and paired differences between methods.

Intervals are 95 % percentile intervals of a bootstrap over patients. They describe the sampling of patients for one
trained model; how training varies is what the seeds show. The two are never mixed.
"""

import logging
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import measures, resampling, units
from mammoflow.evaluation.units import Units

log = logging.getLogger(__name__)

COMPARED_MEASURES = ("accuracy", "balanced_accuracy", "f1_macro", "kappa_quadratic", *measures.SCORES)
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
    """Differences between every two experiments on the test units that both of them tell.

    Parameters
    ----------
    predictions
        For each experiment, in order, a predictions table for each seed.
    resamples, bootstrap_seed
        Of the bootstrap over patients. Both experiments are measured on the same draws.

    Returns
    -------
    DataFrame
        A comparisons table: the earlier experiment less the later one. A pair without a shared unit has no row.

    Raises
    ------
    UserError
        If two experiments have not the same classes, or not the same label for the same test image.
    """
    rows: list[dict[str, object]] = []
    for seed in next(iter(predictions.values()), {}):
        of_seed = {name: units.of_subset(by_seed[seed], "test") for name, by_seed in predictions.items()}
        for first, second in combinations(of_seed, 2):
            _check(first, second, of_seed, seed=seed)
        for level in COMPARED_LEVELS:
            place = {"seed": seed, "level": level}
            rows += _differences(of_seed, place=place, resamples=resamples, bootstrap_seed=bootstrap_seed)
    return tables.frame_of(rows, tables.COMPARISONS)


def between(comparisons: pd.DataFrame, one: str, other: str, *, level: str) -> pd.DataFrame:
    """Rows of a comparisons table on two experiments at one level, as the first less the second, in whatever order."""
    own = comparisons[comparisons["level"] == level]
    straight = own[(own["experiment"] == one) & (own["other"] == other)]
    turned = own[(own["experiment"] == other) & (own["other"] == one)]
    turned = turned.assign(
        experiment=one, other=other, difference=-turned["difference"], low=-turned["high"], high=-turned["low"]
    )
    return pd.concat([straight, turned]).sort_values(["seed", "metric"], kind="stable", ignore_index=True)


def _check(first: str, second: str, of_seed: dict[str, pd.DataFrame], *, seed: int) -> None:
    """What two experiments say of the same images must be about the same labels."""
    one, other = of_seed[first], of_seed[second]
    both = one[["image_id", "label"]].merge(other[["image_id", "label"]], on="image_id", validate="one_to_one")
    same_classes = tables.predicted_classes(one) == tables.predicted_classes(other)
    if not same_classes or (both["label_x"] != both["label_y"]).any():
        raise UserError(
            f"predictions of {first} and {second}, seed {seed}: classes or labels of the same test images differ; "
            "delete both files to have them made again"
        )


def _differences(
    experiments: dict[str, pd.DataFrame], *, place: dict[str, Any], resamples: int, bootstrap_seed: int
) -> list[dict[str, object]]:
    """Rows of the comparisons table for one seed and level."""
    level = place["level"]
    whole = {name: units.of_level(frame, level) for name, frame in experiments.items()}
    # Most pairs share all of their units, so that an experiment need not be measured again for each pair.
    known: dict[tuple[object, ...], _Measured] = {}
    rows = []
    for first, second in combinations(experiments, 2):
        both = whole[first], whole[second]
        if not both[0].same_rows(both[1]):
            both = units.shared(experiments[first], experiments[second], level)
        if not len(both[0]):
            continue
        for name, own in zip((first, second), both, strict=True):
            if (name, own.keys) not in known:
                known[name, own.keys] = _measure(own, resamples=resamples, bootstrap_seed=bootstrap_seed)
        one, other = known[first, both[0].keys], known[second, both[1].keys]
        for metric in COMPARED_MEASURES:
            about = f"{_said(place)}: {metric} of {first} less {second}"
            low, high = resampling.interval(one.drawn[metric] - other.drawn[metric], about=about)
            of_pair = {"metric": metric, "experiment": first, "other": second}
            ends = {"difference": one.values[metric] - other.values[metric], "low": low, "high": high}
            rows.append(place | of_pair | ends | {"n_patients": both[0].n_patients})
    return rows


@dataclass(frozen=True)
class _Measured:
    """The compared measures of an experiment: their values, and on every resample."""

    values: dict[str, float]
    drawn: dict[str, NDArray[np.float64]]


def _measure(at_level: Units, *, resamples: int, bootstrap_seed: int) -> _Measured:
    values = measures.of_rows(at_level.truth, at_level.probabilities)
    weights = resampling.patient_weights(at_level.n_patients, resamples=resamples, seed=bootstrap_seed)
    drawn = resampling.confusion_measures(at_level, weights) | resampling.mean_scores(at_level, weights)
    return _Measured(
        {name: float(values[name]) for name in COMPARED_MEASURES}, {name: drawn[name] for name in COMPARED_MEASURES}
    )


def _said(place: dict[str, Any]) -> str:
    """Where a measure stands, for the log."""
    return ", ".join(f"{key} {value}" for key, value in place.items() if value != "")
