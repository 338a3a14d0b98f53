"""Whether two experiments differ by more than chance: p values, their correction, and a sentence."""

import math

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import mcnemar

from mammoflow.evaluation.measures import Floats


def bootstrap_p(differences: Floats) -> float:
    """Two-sided p value of a difference of 0, from its resamples.

    Twice the share of resamples on the rarer side of 0, those at 0 counting for both sides, and the observed value as
    one more on it, so that it is never 0 (Davison and Hinkley, 1997): 2 (1 + least) / (R + 1), at most 1. It is about
    0.05 where an end of the percentile interval is 0.

    Parameters
    ----------
    differences : (R,) float64
        NaN where undefined; those are left out.

    Returns
    -------
    float
        NaN without a defined resample.
    """
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return float("nan")
    least = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (1 + least) / (len(defined) + 1))


def mcnemar_p(right: NDArray[np.bool_], other_right: NDArray[np.bool_]) -> float:
    """McNemar's exact two-sided p value that two methods are right equally often (McNemar, 1947; binomial).

    Parameters
    ----------
    right, other_right : (N,) bool
        Whether each method is right about each unit. Units count as independent.
    """
    sides = (True, False)
    counts = [[int(((right == one) & (other_right == other)).sum()) for other in sides] for one in sides]
    return float(mcnemar(counts, exact=True).pvalue)


def holm(p_values: Floats) -> Floats:
    """P values corrected for their number by Holm's step-down method (Holm, 1979); NaN stays and does not count.

    As `multipletests` of statsmodels, which collects garbage at each call and so takes a thousand times as long.

    Parameters
    ----------
    p_values : (M,) float64
    """
    # NaN is sorted to the end.
    order = np.argsort(p_values)[: int((~np.isnan(p_values)).sum())]
    left = np.arange(len(order), 0, -1)
    found = np.full(len(p_values), np.nan)
    found[order] = np.minimum(np.maximum.accumulate(left * p_values[order]), 1)
    return found


def sentence(first: str, second: str, measure: str, *, difference: float, low: float, high: float) -> str:
    """What a paired difference says, in plain words.

    Parameters
    ----------
    first, second
        Names of the experiments.
    measure
        Name of a measure between 0 and 1 of which more is better; its differences are told in points, hundredths.
    difference, low, high
        The first less the second, with its 95 % interval; NaN where there is none.
    """
    if math.isnan(difference) or math.isnan(low):
        return f"{first} and {second} cannot be compared by {measure}: their difference has no interval."
    ahead, behind = (first, second) if difference >= 0 else (second, first)
    ends = (low, high) if difference >= 0 else (-high, -low)
    apart = f"{_points(abs(difference))} points of {measure}, 95 % interval {_points(ends[0])} to {_points(ends[1])}"
    if ends[0] > 0:
        return f"{ahead} is better than {behind} by {apart}."
    return f"These patients do not show which is better: {ahead} less {behind} is {apart}."


def _points(share: float) -> str:
    """Hundredths with one decimal, and a true minus sign."""
    return f"{100 * share + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "−")
