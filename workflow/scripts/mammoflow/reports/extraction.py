"""Labels from report sections, by rules that are data.

Every statement in the sections that count is collected with the classes it allows; then one class that all of them
allow is a label, and anything else is none or ambiguous. There is no default and no first match: a report that says
two things has no label. Which words mean which class stands in the rules' file (resources/lexicons), not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from mammoflow import tables
from mammoflow.reports.mentions import Mention, find_mentions, only
from mammoflow.reports.rules import Rules


@dataclass(frozen=True)
class Finding:
    """What an exam, or one of its breasts, gets."""

    status: str
    label: str = ""
    reason: str = ""
    mentions: tuple[Mention, ...] = ()


def resolve(mentions: Sequence[Mention]) -> Finding:
    """The one class that all statements allow, or why there is none.

    A vague statement (dense) agrees with a sharper one that it allows (extremely dense). One that may not hold can
    contradict a label, but never give one.
    """
    counted = tuple(mention for mention in mentions if not mention.rejected)
    if not counted:
        rejected = sorted({mention.rejected for mention in mentions})
        return Finding("none", reason="only_" + "_".join(rejected) if rejected else "no_statement")
    if any(mention.outside for mention in counted):
        status = "none" if all(mention.outside and not mention.classes for mention in counted) else "ambiguous"
        return Finding(status, reason="out_of_range", mentions=counted)
    sure = [mention.classes for mention in counted if not mention.unclear]
    allowed = frozenset.intersection(*(mention.classes for mention in counted))
    if any(mention.hedge for mention in counted):
        reason = "hedge"
    elif not allowed:
        reason = "contradiction"
    elif not sure:
        reason = only({mention.unclear for mention in counted}) or "unclear"
    elif len(certain := frozenset.intersection(*sure)) > 1:
        reason = "imprecise"
    else:
        (label,) = certain
        return Finding("labelled", label, mentions=tuple(m for m in counted if m.classes == certain and not m.unclear))
    return Finding("ambiguous", reason=reason, mentions=counted)


def judge(mentions: Sequence[Mention], rules: Rules, *, sides_differ: str) -> dict[str, Finding]:
    """Findings of an exam: under "" its own, under L and R those of the sides that its report names.

    Parameters
    ----------
    mentions
        All statements of the report.
    sides_differ
        What the exam gets where its sides have different classes: `ambiguous`, or the `denser` side's class.
    """
    counted = [mention for mention in mentions if not mention.rejected]
    named = sorted({mention.side for mention in counted if mention.side})
    found = {side: resolve([m for m in counted if m.side in ("", side)]) for side in named}
    exam = resolve(mentions)
    labels = {finding.label for finding in found.values() if finding.status == "labelled"}
    if exam.status == "ambiguous" and len(found) == len(labels) == 2:
        if sides_differ == "denser":
            exam = max(found.values(), key=lambda finding: rules.classes.index(finding.label))
        else:
            exam = replace(exam, reason="sides_differ")
    # "Densidad b en mama derecha, mayor en la izquierda": half of it was not understood.
    if exam.status == "labelled" and len(found) == 1 and all(m.side and m.other_side for m in exam.mentions):
        exam = replace(exam, status="ambiguous", label="", reason="one_side_only")
    return {"": exam, **found}


def judge_report(sections: Sequence[tuple[str, str]], rules: Rules, *, sides_differ: str) -> dict[str, Finding]:
    """Findings of one report from its sections, given as (kind, text)."""
    texts = [text for kind, text in sections if kind in rules.sections]
    mentions = [mention for text in texts for mention in find_mentions(text, rules)]
    for context in (context for context in rules.contexts if context.where == "exam"):
        if any(context.pattern.search(rules.reader.read(text).text) for text in texts):
            counted = tuple(mention for mention in mentions if not mention.rejected)
            return {"": Finding("ambiguous" if counted else "none", reason=context.id, mentions=counted)}
    return judge(mentions, rules, sides_differ=sides_differ)


def label_exams(
    reports: pd.DataFrame, sections: pd.DataFrame, *, rules: Rules, policy: Mapping[str, str]
) -> pd.DataFrame:
    """Labels of all exams that have a report.

    Parameters
    ----------
    reports, sections
        `tables.REPORTS` and `tables.SECTIONS`.
    rules
        From `load_rules`.
    policy
        The config's `labels`; `sides_differ` is what counts here.

    Returns
    -------
    DataFrame
        `tables.LABELS`: a row for each exam with side "", and rows for the sides that its report names.
    """
    texts: dict[str, list[tuple[str, str]]] = {}
    for exam_id, kind, text in sections.sort_values(["exam_id", "position"])[["exam_id", "section", "text"]].itertuples(
        index=False, name=None
    ):
        texts.setdefault(exam_id, []).append((kind, text))
    rows = []
    for exam_id, status, reason in reports[["exam_id", "status", "reason"]].itertuples(index=False, name=None):
        if status == "parsed":
            findings = judge_report(texts.get(exam_id, []), rules, sides_differ=policy["sides_differ"])
        else:
            findings = {"": Finding("ambiguous" if status == "duplicate" else "none", reason=reason or status)}
        rows += [_row(exam_id, side, finding, rules) for side, finding in findings.items()]
    return tables.frame_of(rows, tables.LABELS)


def audit(labels: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Exams whose stated label is known (`tables.TRUTH`) beside what was extracted, as `tables.AUDIT`.

    An exam without a label row is found `missing`, which never agrees.
    """
    exams = labels[(labels["side"] == "") & (labels["image_id"] == "")].set_index("exam_id")
    found = exams["label"].where(exams["status"] == "labelled", exams["status"])
    audited = truth.loc[truth["stated"] != "", ["exam_id", "stated"]].reset_index(drop=True)
    audited["found"] = audited["exam_id"].map(found).fillna("missing").astype("str")
    audited["agree"] = audited["stated"] == audited["found"]
    return audited


def _row(exam_id: str, side: str, finding: Finding, rules: Rules) -> dict[str, object]:
    # A label is shown with the statement that gave it; a doubt with all that take part in it.
    shown = finding.mentions[:1] if finding.status == "labelled" else finding.mentions
    return {
        "exam_id": exam_id,
        "side": side,
        "image_id": "",
        "label": finding.label,
        "density": finding.label if rules.task == "density" else "",
        "status": finding.status,
        "reason": finding.reason,
        "rule": " | ".join(mention.rule for mention in shown),
        "evidence": " | ".join(mention.evidence for mention in shown),
        "edition": only({m.edition for m in finding.mentions if m.edition}) if finding.label else "",
        "level": "breast" if side else "exam",
    }
