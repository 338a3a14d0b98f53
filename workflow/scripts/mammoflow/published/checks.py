"""All questions put to published studies."""

from collections.abc import Iterable
from typing import Any

from mammoflow.published import (
    claims,
    class_values,
    constants,
    equal_classes,
    f_scores,
    intervals,
    matrices,
    presence,
    rates,
    sums,
)
from mammoflow.published.findings import Finding

_QUESTIONS = (constants, class_values, equal_classes, claims, matrices, f_scores, rates, presence, sums, intervals)


def check(studies: Iterable[dict[str, Any]]) -> list[Finding]:
    """Every finding of every study, by study and question.

    Parameters
    ----------
    studies
        From `loading.load`, of kind study.
    """
    return [finding for study in studies for question in _QUESTIONS for finding in question.findings(study)]
