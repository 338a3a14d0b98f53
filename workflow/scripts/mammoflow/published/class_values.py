"""Whether a mean can come from these values of single classes."""

from collections.abc import Iterator
from typing import Any

from mammoflow.published.findings import AGREES, CONTRADICTS, ONE_SET, Finding
from mammoflow.published.results import Result, results_of
from mammoflow.published.rounding import HALF, may_be, span

_NAMES = {"accuracy": "accuracy", "f1": "F1"}


def means(least: float, greatest: float | None, n_classes: int) -> tuple[float, float]:
    """Least and greatest mean of the values of so many classes, of which one is `least` and one `greatest`.

    Where no greatest is known, all may be `least`, and all others 1.
    """
    others = n_classes - 1
    low = least if greatest is None else (others * least + greatest) / n_classes
    return low, (least + others * (1.0 if greatest is None else greatest)) / n_classes


def most_weight(printed: float, least: float, greatest: float) -> float:
    """The greatest weight that the worst class can have in a weighted mean that is printed so; 0 where it has none."""
    worst, best = least + HALF, greatest + HALF
    return max(0.0, min(1.0, (best - (printed - HALF)) / (best - worst)))


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """An answer for each sentence on the range of a method's classes, where the table has the mean."""
    results = {result.key: result for result in results_of(study)}
    for sentence in study.get("sentences", ()):
        if "least" in sentence:
            yield _finding(study, sentence, results[sentence["method"]])


def _finding(study: dict[str, Any], sentence: dict[str, Any], result: Result) -> Finding:
    least, greatest = sentence["least"], sentence.get("greatest")
    n, measure = len(study["classes"]), _NAMES[sentence["measure"]]
    printed = result.accuracy if sentence["measure"] == "accuracy" else result.f1
    assert printed is not None  # a sentence on F1 is about a result that has one
    low, high = means(least, greatest, n)
    lowest, _ = means(span(least)[0], None if greatest is None else span(greatest)[0], n)
    _, highest = means(span(least)[1], None if greatest is None else span(greatest)[1], n)
    fits = may_be(lowest, highest, printed)
    named = f"is {least:.2f} and more" if greatest is None else f"goes from {least:.2f} to {greatest:.2f}"
    statement = (
        f"{result.name}: a mean {measure} of {printed:.2f} {'can' if fits else 'cannot'} come from {n} classes whose "
        f"{measure} {named}"
    )
    arithmetic = f"{_sums(least, greatest, n)}; with rounding {lowest:.3f} to {highest:.3f}"
    computed = {"low": low, "high": high, "low_rounded": lowest, "high_rounded": highest}
    statement += "." if fits else f": the mean of such classes lies between {low:.3f} and {high:.3f}."
    if printed > highest + HALF and greatest is not None:
        weight = computed["most_weight"] = most_weight(printed, least, greatest)
        statement += f" Nor can a weighted mean, unless the worst class has at most {weight:.3f} of the weight."
        arithmetic += (
            f"; weighted: ({greatest + HALF:.3f} − {printed - HALF:.3f}) / "
            f"({greatest + HALF:.3f} − {least + HALF:.3f}) = {weight:.3f}"
        )
    return Finding(
        key=f"{study['key']}.{result.key}.mean_{sentence['measure']}",
        source=study["short"],
        place=f"{sentence['where']}; {result.place}",
        question="class_values",
        verdict=AGREES if fits else CONTRADICTS,
        statement=statement,
        arithmetic=arithmetic,
        published={"mean": printed, "least": least} | ({} if greatest is None else {"greatest": greatest}),
        computed=computed,
        condition=f"{ONE_SET}: the sentence is about {sentence['measured_on']} images, the table about {result.about}",
    )


def _sums(least: float, greatest: float | None, n: int) -> str:
    """The least and the greatest mean in figures."""
    low, high = means(least, greatest, n)
    most = 1.0 if greatest is None else greatest
    of_low = f"{least:.2f}" if greatest is None else f"({n - 1} × {least:.2f} + {greatest:.2f}) / {n} = {low:.3f}"
    return f"least mean {of_low}; greatest mean ({least:.2f} + {n - 1} × {most:.2f}) / {n} = {high:.3f}"
