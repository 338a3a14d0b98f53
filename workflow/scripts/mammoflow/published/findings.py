"""What a check of published figures finds, and the table of findings."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from mammoflow import tables

AGREES, CONTRADICTS, TRIVIAL, NOT_TRIVIAL, ADDS = tables.VERDICTS
ONE_SET = "if both describe one set of images"


@dataclass(frozen=True)
class Finding:
    """An answer to one question about published numbers; `published` are as printed, `computed` follow from them."""

    key: str  # study, what it is about, question
    source: str
    place: str  # where the numbers stand
    question: str  # one of tables.QUESTIONS
    verdict: str  # one of tables.VERDICTS
    statement: str  # a sentence or two
    arithmetic: str
    published: dict[str, float] = field(default_factory=dict)
    computed: dict[str, float] = field(default_factory=dict)
    condition: str = ""  # what must hold for the verdict, beginning with "if"


def as_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """The findings as `tables.FINDINGS`."""
    rows: list[dict[str, object]] = [
        {
            "finding": one.key,
            "source": one.source,
            "place": one.place,
            "question": one.question,
            "verdict": one.verdict,
            "statement": one.statement,
            "published": _numbers(one.published),
            "computed": _numbers(one.computed),
            "arithmetic": one.arithmetic,
            "condition": one.condition,
        }
        for one in findings
    ]
    return tables.frame_of(rows, tables.FINDINGS)


def _numbers(named: dict[str, float]) -> str:
    """Numbers as name=value, whole ones as they are, others with six digits at most."""
    return " ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}" for name, value in named.items()
    )
