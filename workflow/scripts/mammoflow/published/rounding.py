"""What a printed number stands for: every value that is rounded to it."""

from mammoflow.published.loading import DECIMALS

HALF = 0.5 * 10**-DECIMALS
_SLACK = 1e-9  # of binary fractions


def span(printed: float) -> tuple[float, float]:
    """Least and greatest share that is printed so; it ends at 0 and at 1."""
    return max(0.0, printed - HALF), min(1.0, printed + HALF)


def may_be(low: float, high: float, printed: float) -> bool:
    """Whether a value from `low` to `high` may be printed so; a value halfway may be rounded either way."""
    return low <= printed + HALF + _SLACK and high >= printed - HALF - _SLACK
