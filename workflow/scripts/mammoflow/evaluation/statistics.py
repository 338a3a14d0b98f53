"""Evaluation of predictions: measures with intervals, and paired differences between methods.

Intervals are 95 % percentile intervals of a bootstrap over patients. They describe the sampling of patients for one
trained model; how training varies is what the seeds show. The two are never mixed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import measures, resampling, significance, units
from mammoflow.evaluation.measures import Floats
from mammoflow.evaluation.units import Units

COMPARED_MEASURES = ("accuracy", "balanced_accuracy", "f1_macro", "kappa_quadratic", "auroc_macro", *measures.SCORES)
COMPARED_LEVELS = ("image", "exam")


def evaluate(
    predictions: dict[int, pd.DataFrame],
    *,
    subsets: list[str],
    resamples: int,
    bootstrap_seed: int,
    aggregation: str = "mean",
    dense: Sequence[str] = (),
) -> pd.DataFrame:
    """Measures of one experiment.

    Parameters
    ----------
    predictions
        A predictions table for each seed.
    subsets
        What to measure on: "test", "all", "external".
    resamples, bootstrap_seed
        Of the bootstrap over patients.
    aggregation, dense
        As for `units.of_level`.

    Returns
    -------
    DataFrame
        A metrics table: every seed, subset, level and measure. A level without a unit has no rows.
    """
    rows = []
    for seed, frame in predictions.items():
        for subset in subsets:
            for level in tables.LEVELS:
                own = units.of_subset(frame, subset)
                at_level = units.of_level(own, level, aggregation=aggregation, dense=dense)
                if len(at_level):
                    values = measures.of_rows(at_level.truth, at_level.probabilities, dense=at_level.dense)
                    weights = resampling.weights_of(at_level, resamples=resamples, seed=bootstrap_seed)
                    drawn = resampling.all_measures(at_level, weights)
                    place = {"seed": seed, "subset": subset, "level": level, "subgroup": ""}
                    rows += [place | row for row in rows_of(at_level, values, drawn)]
    return tables.frame_of(rows, tables.METRICS)


def rows_of(at_level: Units, values: dict[str, Floats], drawn: dict[str, Floats]) -> Iterator[dict[str, Any]]:
    """Rows of the metrics table for units of one place, without the columns that name the place.

    Parameters
    ----------
    at_level
        The units.
    values
        From `measures.of_rows`; each gives a row, or one for each class.
    drawn
        The same measures on resamples.
    """
    counts = {"n_images": at_level.n_images, "n_exams": at_level.n_exams, "n_patients": at_level.n_patients}
    of_class = [len(np.unique(at_level.patient[at_level.truth == k])) for k in range(len(at_level.classes))]
    for name, value in values.items():
        cells: Iterable[tuple[str, Any, Floats, int]] = [("", value, drawn[name], at_level.n_patients)]
        if name in measures.CLASS_MEASURES:
            cells = zip(at_level.classes, value, drawn[name].T, of_class, strict=True)
        for key, own, again, n_patients in cells:
            ends = resampling.interval(again)
            about = {"value": float(own), "low": ends.low, "high": ends.high, "n_undefined": ends.n_undefined}
            few = n_patients < resampling.FEW_PATIENTS
            yield {"metric": name, "class": key} | about | counts | {"few_patients": few}


def compare(
    predictions: dict[str, dict[int, pd.DataFrame]],
    *,
    resamples: int,
    bootstrap_seed: int,
    aggregation: str = "mean",
) -> pd.DataFrame:
    """Differences between every two experiments on the test units that both of them tell.

    Parameters
    ----------
    predictions
        For each experiment, in order, a predictions table for each seed.
    resamples, bootstrap_seed
        Of the bootstrap over patients. Both experiments are measured on the same draws.
    aggregation
        As for `units.of_level`.

    Returns
    -------
    DataFrame
        A comparisons table: the earlier experiment less the later one. A pair without a shared unit has no row. P
        values are corrected for all pairs of the same seed, level and measure.

    Raises
    ------
    UserError
        If two experiments have not the same classes, or not the same label for the same test image.
    """
    draws = _Draws(resamples, bootstrap_seed)
    rows: list[dict[str, object]] = []
    for seed in next(iter(predictions.values()), {}):
        of_seed = {name: units.of_subset(by_seed[seed], "test") for name, by_seed in predictions.items()}
        for first, second in combinations(of_seed, 2):
            _check(first, second, of_seed, seed=seed)
        for level in COMPARED_LEVELS:
            found = _differences(of_seed, level, draws, aggregation=aggregation)
            rows += [{"seed": seed, "level": level} | row for row in found]
    return _corrected(tables.frame_of(rows, tables.COMPARISONS))


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


@dataclass(frozen=True)
class _Draws:
    """Of the bootstrap over patients."""

    resamples: int
    seed: int


@dataclass(frozen=True)
class _Measured:
    """The compared measures of an experiment, their values and on every resample, and which units it is right about."""

    values: dict[str, Floats]
    drawn: dict[str, Floats]
    right: NDArray[np.bool_]

    @classmethod
    def of(cls, at_level: Units, draws: _Draws) -> "_Measured":
        weights = resampling.weights_of(at_level, resamples=draws.resamples, seed=draws.seed)
        return cls(
            measures.of_rows(at_level.truth, at_level.probabilities, only=COMPARED_MEASURES),
            resampling.all_measures(at_level, weights),
            measures.predicted(at_level.probabilities) == at_level.truth,
        )


def _differences(
    experiments: dict[str, pd.DataFrame], level: str, draws: _Draws, *, aggregation: str
) -> Iterator[dict[str, object]]:
    """Rows of the comparisons table for one seed and level."""
    whole = {name: units.of_level(frame, level, aggregation=aggregation) for name, frame in experiments.items()}
    # Most pairs share all of their units, so that an experiment need not be measured again for each pair.
    known: dict[tuple[object, ...], _Measured] = {}
    for first, second in combinations(experiments, 2):
        both = whole[first], whole[second]
        if not both[0].same_rows(both[1]):
            both = units.shared(experiments[first], experiments[second], level, aggregation=aggregation)
        if not len(both[0]):
            continue
        for name, own in zip((first, second), both, strict=True):
            if (name, own.keys) not in known:
                known[name, own.keys] = _Measured.of(own, draws)
        one, other = known[first, both[0].keys], known[second, both[1].keys]
        of_pair = {"experiment": first, "other": second, "n_patients": both[0].n_patients}
        for metric in COMPARED_MEASURES:
            again = one.drawn[metric] - other.drawn[metric]
            ends = resampling.interval(again)
            yield of_pair | {
                "metric": metric,
                "difference": float(one.values[metric] - other.values[metric]),
                "low": ends.low,
                "high": ends.high,
                # No p value where there is no interval.
                "p": significance.bootstrap_p(again) if not np.isnan(ends.low) else float("nan"),
                "p_mcnemar": significance.mcnemar_p(one.right, other.right)
                if (level, metric) == ("exam", "accuracy")
                else float("nan"),
            }


def _corrected(comparisons: pd.DataFrame) -> pd.DataFrame:
    """A comparisons table with Holm's corrections filled in."""
    of_family = comparisons.groupby(["seed", "level", "metric"])
    for name in ("p", "p_mcnemar"):
        comparisons[f"{name}_holm"] = of_family[name].transform(lambda own: significance.holm(own.to_numpy()))
    return comparisons
