"""Whether an F1 can stand beside an accuracy where the classes are of one size."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mammoflow.published.findings import AGREES, CONTRADICTS, Finding
from mammoflow.published.results import Result, results_of
from mammoflow.published.rounding import span

_STEPS = 100_001


def greatest_f1(accuracy: float, n_classes: int) -> float:
    """A bound of the mean F1 over classes of one size: no predictions of this accuracy have more.

    With a class's recall t, and p the number of its predictions over that of its images, its F1 is 2 t / (1 + p), where
    p >= t; the recalls have the mean `accuracy`, the p the mean 1. F1 is convex in p, so that the sum is greatest where
    all false predictions are of one class; it is concave in t for the others, so that it is greatest where they have
    one recall. What is left is one number, the recall of that class, which is searched in steps of 0.00001.

    Parameters
    ----------
    accuracy
        Above 0, at most 1.
    n_classes
        At least 2.
    """
    others = n_classes - 1
    recall = np.linspace(0.0, 1.0, _STEPS)
    other_recall = (n_classes * accuracy - recall) / others
    possible = (other_recall >= 0) & (other_recall <= 1)
    recall, other_recall = recall[possible], other_recall[possible]
    predictions = n_classes - others * other_recall
    f1 = (others * 2 * other_recall / (1 + other_recall) + 2 * recall / (1 + predictions)) / n_classes
    return float(f1.max())


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """An answer for each result on classes of one size."""
    for result in results_of(study):
        if result.balanced and result.f1 is not None:
            yield _finding(study, result, result.f1)


def _finding(study: dict[str, Any], result: Result, f1: float) -> Finding:
    n_classes = len(result.counts)
    accuracy, least_f1 = span(result.accuracy)[1], span(f1)[0]
    bound = greatest_f1(accuracy, n_classes)
    fits = least_f1 <= bound
    beside = f"an F1 of {f1:.2f} {'can' if fits else 'cannot'} stand beside an accuracy of {result.accuracy:.2f}"
    why = (
        ""
        if fits
        else f" On {n_classes} classes of one size no predictions with that accuracy have a mean F1 above {bound:.3f}, "
        "weighted or not."
    )
    return Finding(
        key=f"{study['key']}.{result.key}.f1_beside_accuracy",
        source=study["short"],
        place=result.place,
        question="equal_classes",
        verdict=AGREES if fits else CONTRADICTS,
        statement=f"{result.name}: {beside}.{why}",
        arithmetic=f"accuracy at most {accuracy:.3f}, F1 at least {least_f1:.3f} before rounding; greatest F1 of any "
        f"predictions with accuracy {accuracy:.3f}: {bound:.3f}",
        published={"accuracy": result.accuracy, "f1": f1},
        computed={"greatest_f1": bound},
        condition="if both describe one set of images whose classes are of one size, as downsampling makes them",
    )
