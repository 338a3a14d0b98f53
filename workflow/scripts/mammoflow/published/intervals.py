"""The interval that a share of so many images carries."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

from mammoflow.published.findings import ADDS, Finding
from mammoflow.published.results import CODE, Result, results_of

Z = 1.959963984540054  # 97.5 % of a normal distribution lie below


def normal(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of n independent images by the normal approximation, cut at 0 and 1."""
    half = Z * sqrt(share * (1 - share) / n)
    return max(0.0, share - half), min(1.0, share + half)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of n independent images after Wilson (1927), doi 10.1080/01621459.1927.10502953."""
    under = 1 + Z**2 / n
    centre = (share + Z**2 / (2 * n)) / under
    half = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / under
    return centre - half, centre + half


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """The interval of each accuracy of the paper; on how many images its code was run is not known."""
    for result in results_of(study):
        if result.place != CODE:
            yield _finding(study, result)


def _finding(study: dict[str, Any], result: Result) -> Finding:
    low, high = wilson(result.accuracy, result.n)
    half = Z * sqrt(result.accuracy * (1 - result.accuracy) / result.n)
    about = "about " if result.balanced else ""
    return Finding(
        key=f"{study['key']}.{result.key}.interval",
        source=study["short"],
        place=result.place,
        question="interval",
        verdict=ADDS,
        statement=f"{result.name}: an accuracy of {result.accuracy:.2f} on {about}{result.n:,} images has a 95 % "
        f"interval from {low:.3f} to {high:.3f}.",
        arithmetic=f"normal: 1.96 × √({result.accuracy:.2f} × {1 - result.accuracy:.2f} / {result.n:,}) = {half:.3f} "
        f"to either side; Wilson: {low:.3f} to {high:.3f}",
        published={"accuracy": result.accuracy, "n": result.n},
        computed={"half_width": half, "low": low, "high": high},
        condition="if images are independent; views of one patient are not, and the interval is wider",
    )
