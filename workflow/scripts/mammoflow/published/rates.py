"""Whether sensitivity, specificity and accuracy can be of one set of whole images."""

from collections.abc import Iterator
from typing import Any

from mammoflow.published.findings import AGREES, CONTRADICTS, Finding
from mammoflow.published.results import Result, results_of
from mammoflow.published.rounding import may_be


def hits(
    sensitivity: float, specificity: float, accuracy: float, *, positive: int, negative: int
) -> list[tuple[int, int]]:
    """Numbers of positive and of negative images told rightly that give all three shares as they are printed.

    Whole numbers of images leave gaps between the shares they can give, as Brown and Heathers' GRIM test uses for means
    (2017, doi 10.1177/1948550616673876).
    """
    of_positive = [count for count in range(positive + 1) if _gives(count, positive, sensitivity)]
    of_negative = [count for count in range(negative + 1) if _gives(count, negative, specificity)]
    return [
        (true, false)
        for true in of_positive
        for false in of_negative
        if _gives(true + false, positive + negative, accuracy)
    ]


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """An answer for each result that has all three."""
    for result in results_of(study):
        if result.sensitivity is not None and result.specificity is not None:
            yield _finding(study, result, result.sensitivity, result.specificity)


def _finding(study: dict[str, Any], result: Result, sensitivity: float, specificity: float) -> Finding:
    positive, negative = result.n_positive, result.n - result.n_positive
    found = hits(sensitivity, specificity, result.accuracy, positive=positive, negative=negative)
    sizes = f"{positive:,} {result.positive} and {negative:,} other images"
    arithmetic = f"no numbers of images give {sensitivity:.2f}, {specificity:.2f} and {result.accuracy:.2f} at once"
    computed: dict[str, float] = {"solutions": len(found)}
    if found:
        true, false = found[len(found) // 2]
        ways = "the only one" if len(found) == 1 else f"one of {len(found)}"
        arithmetic = (
            f"{true:,} / {positive:,} = {true / positive:.3f}; {false:,} / {negative:,} = {false / negative:.3f}; "
            f"{true + false:,} / {result.n:,} = {(true + false) / result.n:.3f} ({ways})"
        )
        computed |= {"true_positive": true, "true_negative": false}
    return Finding(
        key=f"{study['key']}.{result.key}.rates",
        source=study["short"],
        place=result.place,
        question="rates",
        verdict=AGREES if found else CONTRADICTS,
        statement=f"{result.name}: sensitivity {sensitivity:.2f}, specificity {specificity:.2f} and accuracy "
        f"{result.accuracy:.2f} {'can' if found else 'cannot'} be of one set of {sizes}.",
        arithmetic=arithmetic,
        published={"sensitivity": sensitivity, "specificity": specificity, "accuracy": result.accuracy},
        computed=computed,
    )


def _gives(count: int, n: int, printed: float) -> bool:
    return may_be(count / n, count / n, printed)
