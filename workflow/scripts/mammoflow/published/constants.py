"""Whether a result can come from a constant answer, which looks at no image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mammoflow.published.findings import NOT_TRIVIAL, TRIVIAL, Finding
from mammoflow.published.results import Result, results_of

WITHIN = 0.01
_SLACK = 1e-9  # of binary fractions


@dataclass(frozen=True)
class Constant:
    """Always the same class, and what it scores."""

    answer: str
    accuracy: float
    f1_weighted: float
    f1_macro: float


def constant(counts: dict[str, int], answer: str) -> Constant:
    """What always answering one class scores on images of these counts.

    Its recall is 1 and its precision is its share s of the images, so that its F1 is 2 s / (1 + s); every other class
    has F1 0.
    """
    share = counts[answer] / sum(counts.values())
    f1 = 2 * share / (1 + share)
    return Constant(answer, share, share * f1, f1 / len(counts))


def majority(counts: dict[str, int]) -> Constant:
    """The constant answer of the greatest accuracy; of equal ones the first."""
    return constant(counts, max(counts, key=lambda name: counts[name]))


def explaining(result: Result) -> Constant | None:
    """The constant answer to within 0.01 of every number of a result; F1 may be the weighted or the macro mean.

    A result of sensitivity and specificity must be 0 and 1, or 1 and 0, beside the accuracy.
    """
    for one in (constant(result.counts, answer) for answer in result.counts):
        near = [_near(result.accuracy, one.accuracy)]
        if result.f1 is not None:
            near.append(_near(result.f1, one.f1_weighted) or _near(result.f1, one.f1_macro))
        if result.sensitivity is not None and result.specificity is not None:
            sensitivity = float(one.answer == result.positive)
            near += [_near(result.sensitivity, sensitivity), _near(result.specificity, 1 - sensitivity)]
        if all(near):
            return one
    return None


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """An answer for each result."""
    for result in results_of(study):
        yield _finding(study, result)


def _finding(study: dict[str, Any], result: Result) -> Finding:
    found = explaining(result)
    best = found or majority(result.counts)
    named = study["classes"][best.answer]
    total, own = sum(result.counts.values()), result.counts[best.answer]
    share = f"{own:,} / {total:,} = {best.accuracy:.3f}"
    f1 = f"2 × {best.accuracy:.3f} / (1 + {best.accuracy:.3f}) = {2 * best.accuracy / (1 + best.accuracy):.3f}"
    arithmetic = f"share of {'each class' if result.balanced else named}: {share}"
    published = {"accuracy": result.accuracy}
    computed = {"accuracy": best.accuracy}
    if result.f1 is not None:
        arithmetic += (
            f"; its F1: {f1}; weighted mean {best.accuracy:.3f} × {f1[-5:]} = {best.f1_weighted:.3f}, "
            f"macro mean {f1[-5:]} / {len(result.counts)} = {best.f1_macro:.3f}"
        )
        published["f1"] = result.f1
        computed |= {"f1_weighted": best.f1_weighted, "f1_macro": best.f1_macro}
    return Finding(
        key=f"{study['key']}.{result.key}.constant",
        source=study["short"],
        place=result.place,
        question="constant",
        verdict=TRIVIAL if found else NOT_TRIVIAL,
        statement=_statement(result, best, named, trivial=bool(found)),
        arithmetic=arithmetic,
        published=published,
        computed=computed,
        condition=_condition(study, result, best, trivial=bool(found)),
    )


def _statement(result: Result, best: Constant, named: str, *, trivial: bool) -> str:
    printed, reached = f"accuracy {result.accuracy:.2f}", f"accuracy {best.accuracy:.3f}"
    if result.f1 is not None:
        printed += f" and F1 {result.f1:.2f}"
        reached += f" and weighted F1 {best.f1_weighted:.3f}"
    if result.sensitivity is not None:
        printed += f", sensitivity {result.sensitivity:.2f} and specificity {result.specificity:.2f}"
    if trivial:
        return (
            f"{result.name} is printed with {printed}. Always answering {named!r} on {result.about} gives {reached}: "
            f"the same to within {WITHIN}, without looking at an image."
        )
    difference = result.accuracy - best.accuracy
    compared = f"{abs(difference):.2f} {'above' if difference > 0 else 'below'} the best of them"
    return f"{result.name}, printed with {printed}, is no constant answer: its accuracy lies {compared} ({reached})."


def _condition(study: dict[str, Any], result: Result, best: Constant, *, trivial: bool) -> str:
    """What the answer hangs on: the sizes of classes, or an averaging of F1 that is not stated."""
    if result.balanced:
        return "if the classes are of one size, as downsampling makes them"
    if not trivial or result.f1 is None or _near(result.f1, best.f1_macro):
        return ""
    return f"if F1 is averaged by the sizes of the classes (averaging: {study.get('f1_averaging', 'not stated')})"


def _near(printed: float, value: float) -> bool:
    return abs(printed - value) <= WITHIN + _SLACK
