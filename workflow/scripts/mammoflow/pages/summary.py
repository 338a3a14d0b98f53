"""The run in a few sentences: who is in it, who was left out, and the best method beside the best baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mammoflow import accounts
from mammoflow.evaluation import table1
from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.evaluation.statistics import COMPARED_LEVELS, between
from mammoflow.pages.html import cell, counted, with_interval
from mammoflow.pages.labels import spoken

_MEASURES = ("accuracy", "f1_macro")
_MOST_REASONS = 4
_INTERVALS = "In square brackets: 95 % intervals of one trained model, over the choice of test patients."
_FEW = f"Fewer than {FEW_PATIENTS} test patients are behind these intervals, which are likely too narrow."
_CAUTION = (
    f"{_INTERVALS} The best of several methods is chosen by the very test images that it is measured on, which "
    "flatters it; all pairs stand under “Comparisons between methods”."
)


@dataclass(frozen=True)
class Standing:
    """How an experiment did on the test units: over its seeds, and its first seed with interval."""

    name: str
    mean: float
    n_seeds: int
    first: str


def cohort(images: pd.DataFrame, exams: pd.DataFrame, manifest: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Who was found, who is compared, and who was left out.

    Parameters
    ----------
    images, exams
        Tables of these names.
    manifest
        That of the first seed.
    """
    included, left_out = exams[exams["included"]], exams[~exams["included"]]
    refused, unused = images[images["status"] != "accepted"], manifest[manifest["subset"] == "unused"]
    test = manifest[manifest["subset"] == "test"]
    found = [_known(exams), counted(len(exams), "exam"), counted(len(images), "image file")]
    used = [_known(included), counted(len(included), "exam"), counted(len(manifest), "labelled image")]
    return [
        (
            "Patients, exams and images",
            [f"{_series(found)} were found; {_series(used)} have a label and entered the split.", _test(test)],
        ),
        (
            "Left out",
            [
                _left_out(refused, "image file", "not accepted"),
                _left_out(left_out, "exam", "not included"),
                _left_out(unused, "labelled image", "not used by the first seed's split"),
            ],
        ),
    ]


def test_size(manifest: pd.DataFrame, views: Sequence[str] = ()) -> str:
    """How many the test set holds, of these views if any are named, for captions."""
    return "n = " + ", ".join(reversed(_sizes(accounts.test_images(manifest, views))))


def result(
    metrics: dict[str, pd.DataFrame],
    comparisons: pd.DataFrame,
    experiments: dict[str, dict[str, Any]],
    *,
    warning: str,
) -> tuple[str, list[str]]:
    """Which method did best on the test images, and whether that is more than the best trivial baseline.

    Parameters
    ----------
    metrics
        A metrics table for each experiment.
    comparisons
        Differences between experiments on the same patients.
    experiments
        Settings of each experiment, in the run's order.
    warning
        Heads the result, where there is one.
    """
    level = _level(metrics)
    trivial = [name for name, own in experiments.items() if own["method"] in table1.BASELINES]
    methods = [name for name in experiments if name not in trivial]
    head = [f"{warning[0].upper()}{warning[1:]}."] if warning else []
    if not methods:
        return "Result", [*head, "This run holds trivial baselines only, so there is no method to compare with them."]
    sentences = []
    for metric in _MEASURES:
        best, baseline = (_best(metrics, names, level, metric) for names in (methods, trivial))
        if best is not None:
            sentences.append(" ".join(_compared(best, baseline, comparisons, level=level, metric=metric)))
    if not sentences:
        return "Result", [*head, "No method has a value on the test images."]
    few = any(_whole(metrics[name])["few_patients"].any() for name in experiments)
    cautions = [_CAUTION if len(methods) > 1 else _INTERVALS, *([_FEW] if few else [])]
    return "Result", [*head, *sentences, *cautions]


def best_of(
    metrics: dict[str, pd.DataFrame], experiments: dict[str, dict[str, Any]], *, level: str, metric: str = "f1_macro"
) -> list[str]:
    """Names of the best method and of the best trivial baseline by their mean over seeds, as far as there are any."""
    trivial = [name for name, own in experiments.items() if own["method"] in table1.BASELINES]
    methods = [name for name in experiments if name not in trivial]
    found = [_best(metrics, names, level, metric) for names in (methods, trivial)]
    return [standing.name for standing in found if standing is not None]


def _compared(
    best: Standing, baseline: Standing | None, comparisons: pd.DataFrame, *, level: str, metric: str
) -> list[str]:
    """The best method beside the best baseline in one measure."""
    said = table1.MEASURES[metric]
    first = f"By {said} on the test {level}s the best method is {best.name}: {_standing(best)}."
    if baseline is None:
        return [first, "There is no trivial baseline in this run to hold it against."]
    beside = f"The best trivial baseline is {baseline.name}: {_standing(baseline)}."
    return [first, beside, *_difference(best.name, baseline.name, comparisons, level=level, metric=metric)]


def _difference(name: str, other: str, comparisons: pd.DataFrame, *, level: str, metric: str) -> list[str]:
    """The difference of two experiments in the first seed, and in how many seeds its interval leaves out 0."""
    pairs = between(comparisons, name, other, level=level)
    pairs = pairs[pairs["metric"] == metric].dropna(subset=["difference", "low", "high"])
    if pairs.empty:
        return ["Their difference has no interval, so nothing can be said about which is better."]
    first = pairs.iloc[0]
    shown = with_interval(first["difference"], first["low"], first["high"])
    return [f"Difference (seed {first['seed']}): {shown}. {_verdict(pairs)}"]


def _verdict(pairs: pd.DataFrame) -> str:
    above, below, n = int((pairs["low"] > 0).sum()), int((pairs["high"] < 0).sum()), len(pairs)
    seeds = "the one seed" if n == 1 else f"all {n} seeds"
    if above == n:
        return f"The interval leaves out 0 in {seeds}: these patients favour the method over the baseline."
    if below == n:
        return f"The interval leaves out 0 in {seeds}, on the baseline's side: the method does worse than the baseline."
    if not above and not below:
        return f"The interval includes 0 in {seeds}: these patients do not show that the method beats the baseline."
    return (
        f"Of {n} seeds the interval lies above 0 in {above}, below it in {below} and includes it in "
        f"{n - above - below}: these patients do not settle which is better."
    )


def _level(metrics: dict[str, pd.DataFrame]) -> str:
    """Exams where every experiment was measured on them, because labels are mostly theirs; else images."""
    by_exam = all((_whole(frame)["level"] == "exam").any() for frame in metrics.values())
    return "exam" if by_exam and "exam" in COMPARED_LEVELS else "image"


def _whole(metrics: pd.DataFrame) -> pd.DataFrame:
    return metrics[(metrics["subset"] == "test") & (metrics["subgroup"] == "") & (metrics["class"] == "")]


def _best(metrics: dict[str, pd.DataFrame], names: list[str], level: str, metric: str) -> Standing | None:
    """The experiment of the highest mean over seeds; of equal ones the first. None where none has a value."""
    found = []
    for name in names:
        own = _whole(metrics[name])
        own = own[(own["level"] == level) & (own["metric"] == metric)].sort_values("seed")
        if len(own) and own["value"].notna().all():
            first = own.iloc[0]
            interval = with_interval(first["value"], first["low"], first["high"])
            found.append(Standing(name, float(own["value"].mean()), len(own), f"seed {first['seed']}: {interval}"))
    return max(found, key=lambda standing: standing.mean, default=None)


def _standing(one: Standing) -> str:
    if one.n_seeds == 1:
        return one.first.split(": ")[1]
    return f"mean {cell(one.mean)} over {one.n_seeds} seeds ({one.first})"


def _test(test: pd.DataFrame) -> str:
    return f"The methods are measured on {_series(_sizes(test))} that make up the test set."


def _sizes(manifest: pd.DataFrame) -> list[str]:
    return [counted(manifest[f"{thing}_id"].nunique(), thing) for thing in ("patient", "exam", "image")]


def _left_out(frame: pd.DataFrame, thing: str, what: str) -> str:
    if frame.empty:
        return f"No {thing} was {what}."
    reasons = list(accounts.tally(frame, ["reason"]).itertuples())
    said = [f"{row.n:,} {spoken(row.reason)}" for row in reasons[:_MOST_REASONS]]
    if rest := sum(row.n for row in reasons[_MOST_REASONS:]):
        said.append(f"{rest:,} for other reasons")
    return f"{counted(len(frame), thing)} {'was' if len(frame) == 1 else 'were'} {what}: {', '.join(said)}."


def _known(exams: pd.DataFrame) -> str:
    return counted(exams.loc[exams["patient_id"] != "", "patient_id"].nunique(), "patient")


def _series(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
