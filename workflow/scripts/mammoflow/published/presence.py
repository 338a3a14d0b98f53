"""What the answer scores that looks only at whether an image has an outlined lesion (ROI)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mammoflow.published.f_scores import harmonic
from mammoflow.published.findings import NOT_TRIVIAL, TRIVIAL, Finding
from mammoflow.published.results import Result, results_of
from mammoflow.published.rounding import HALF


@dataclass(frozen=True)
class Presence:
    """What the rule "positive if it has an ROI" scores."""

    sensitivity: float
    specificity: float
    accuracy: float
    f1: float

    @property
    def f_score(self) -> float:
        """Harmonic mean of sensitivity and specificity."""
        return harmonic(self.sensitivity, self.specificity)


def presence(positive: list[int], negative: list[int]) -> Presence:
    """Scores of the rule from counts with and without an ROI: (2,) of positive, (2,) of negative images."""
    (true, missed), (alarms, right) = positive, negative
    return Presence(
        sensitivity=true / (true + missed),
        specificity=right / (alarms + right),
        accuracy=(true + right) / (true + missed + alarms + right),
        f1=2 * true / (2 * true + alarms + missed),
    )


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """An answer for each table of counts with and without an ROI, held against the best result on those data."""
    for table in study.get("counts", ()):
        if table["kind"] == "presence":
            own = [result for result in results_of(study) if result.data == table["data"]]
            yield _finding(study, table, max(own, key=lambda result: result.accuracy))


def _finding(study: dict[str, Any], table: dict[str, Any], best: Result) -> Finding:
    negative, positive = (table["rows"][name] for name in study["classes"])
    found = presence(positive, negative)
    (true, missed), (alarms, right) = positive, negative
    # As good as printed: a value that is rounded to the best one, or a greater one.
    trivial = found.accuracy >= best.accuracy - HALF
    return Finding(
        key=f"{study['key']}.{table['data'].lower().replace('-', '_')}.presence",
        source=study["short"],
        place=f"{table['table']}; {best.place}",
        question="presence",
        verdict=TRIVIAL if trivial else NOT_TRIVIAL,
        statement=f"On {table['data']}, calling an image {best.positive} if it has an ROI scores sensitivity "
        f"{found.sensitivity:.3f}, specificity {found.specificity:.3f}, accuracy {found.accuracy:.3f} and F1 "
        f"{found.f1:.2f}, without looking at the image; the best accuracy printed is {best.accuracy:.2f}.",
        arithmetic=f"{true:,} / {true + missed:,} = {found.sensitivity:.3f}; {right:,} / {alarms + right:,} = "
        f"{found.specificity:.3f}; {true + right:,} / {sum(positive + negative):,} = {found.accuracy:.3f}; F1 2 × "
        f"{true:,} / (2 × {true:,} + {alarms:,} + {missed:,}) = {found.f1:.3f}; harmonic mean of sensitivity and "
        f"specificity {found.f_score:.3f}",
        published={"accuracy": best.accuracy} | ({} if best.f_score is None else {"f_score": best.f_score}),
        computed=vars(found) | {"f_score": found.f_score},
        condition="if test images have an ROI as often as all images, which are what the counts are of",
    )
