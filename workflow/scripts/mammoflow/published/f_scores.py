"""Whether an F-score is the harmonic mean of sensitivity and specificity, and what F1 would be."""

from collections.abc import Iterator
from typing import Any

from mammoflow.published.findings import AGREES, CONTRADICTS, Finding
from mammoflow.published.results import Result, results_of
from mammoflow.published.rounding import may_be, span


def harmonic(sensitivity: float, specificity: float) -> float:
    """Harmonic mean of the two; 0 where both are 0."""
    total = sensitivity + specificity
    return 2 * sensitivity * specificity / total if total else 0.0


def f1(sensitivity: float, specificity: float, prevalence: float) -> float:
    """F1 of the positive class, 2 TP / (2 TP + FP + FN), where it is this share of the images."""
    hits = sensitivity * prevalence
    return 2 * hits / (hits + prevalence + (1 - specificity) * (1 - prevalence))


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """For each F-score whether it is the harmonic mean, and whether it is F1."""
    for result in results_of(study):
        if result.sensitivity is not None and result.specificity is not None and result.f_score is not None:
            yield _harmonic(study, result, result.sensitivity, result.specificity, result.f_score)
            yield _f1(study, result, result.sensitivity, result.specificity, result.f_score)


def _harmonic(study: dict[str, Any], result: Result, sensitivity: float, specificity: float, printed: float) -> Finding:
    value = harmonic(sensitivity, specificity)
    # It grows with both, so that the ends of what is rounded to them are the ends of the mean.
    low, high = (harmonic(*ends) for ends in zip(span(sensitivity), span(specificity), strict=True))
    fits = may_be(low, high, printed)
    return Finding(
        key=f"{study['key']}.{result.key}.f_score",
        source=study["short"],
        place=result.place,
        question="f_score",
        verdict=AGREES if fits else CONTRADICTS,
        statement=f"{result.name}: the F-score {printed:.2f} is {'' if fits else 'not '}the harmonic mean of "
        f"sensitivity and specificity, {value:.3f}.",
        arithmetic=f"2 × {sensitivity:.2f} × {specificity:.2f} / ({sensitivity:.2f} + {specificity:.2f}) = "
        f"{value:.3f}; with rounding {low:.3f} to {high:.3f}",
        published={"f_score": printed, "sensitivity": sensitivity, "specificity": specificity},
        computed={"harmonic_mean": value, "low": low, "high": high},
    )


def _f1(study: dict[str, Any], result: Result, sensitivity: float, specificity: float, printed: float) -> Finding:
    prevalence = result.n_positive / result.n
    value = f1(sensitivity, specificity, prevalence)
    low, high = (f1(*ends, prevalence) for ends in zip(span(sensitivity), span(specificity), strict=True))
    fits = may_be(low, high, printed)
    compared = f"F1 at the {result.n_positive:,} {result.positive} of {result.n:,} test images is {value:.2f}"
    return Finding(
        key=f"{study['key']}.{result.key}.f1",
        source=study["short"],
        place=result.place,
        question="f1",
        verdict=AGREES if fits else CONTRADICTS,
        statement=f"{result.name}: {compared}, and the F-score printed is {printed:.2f}"
        + (": here the two are the same." if fits else ", which is another measure."),
        arithmetic=f"share {result.n_positive:,} / {result.n:,} = {prevalence:.4f}; 2 × {sensitivity:.2f} × "
        f"{prevalence:.4f} / ({sensitivity:.2f} × {prevalence:.4f} + {prevalence:.4f} + {1 - specificity:.2f} × "
        f"{1 - prevalence:.4f}) = {value:.3f}; with rounding {low:.3f} to {high:.3f}",
        published={"f_score": printed, "sensitivity": sensitivity, "specificity": specificity},
        computed={"f1": value, "low": low, "high": high, "prevalence": prevalence},
        condition="if the F-score is meant as F1, the harmonic mean of precision and sensitivity",
    )
