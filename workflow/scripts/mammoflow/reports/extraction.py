"""Labels from report sections, by rules that are data.

Every statement in the sections that count is collected with the classes it allows; then one class that all of them
allow is a label, and anything else is none or ambiguous. There is no default and no first match: a report that says
two things has no label. Which words mean which class stands in the rules' file (resources/lexicons), not here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.reports.cleaning import Reader, Speller

_MACRO = re.compile(r"(?<!\\)\b[A-Z_]{2,}\b")
_ANCHORS = {"before": ("", r" ?$"), "after": (r"^ ?", r"(?!\S)"), "sentence": ("", r"(?!\S)"), "exam": ("", r"(?!\S)")}
_SENTENCE_END = re.compile(r"(?<!\S)[.?!](?!\S)")
_LIST = 3  # classes in one statement that make it a definition
DEFINITION = "definition"


@dataclass(frozen=True)
class Rule:
    """A way to state a class. Without classes of its own, its capture groups hold codes."""

    id: str
    pattern: re.Pattern[str]
    classes: frozenset[str]
    edition: str
    hedge: bool
    needs: re.Pattern[str] | None  # somewhere in the sentence
    unless: re.Pattern[str] | None  # nowhere in the sentence


@dataclass(frozen=True)
class Context:
    """Words around a statement that change what it means."""

    id: str
    where: str  # before | after | sentence | exam
    pattern: re.Pattern[str]
    unclear: bool  # the statement may hold or not; else it does not
    unless_said: re.Pattern[str] | None  # in the statement itself


@dataclass(frozen=True)
class Mention:
    """A statement found: the classes it allows, and how far it counts."""

    rule: str
    evidence: str
    classes: frozenset[str]
    edition: str = ""
    side: str = ""
    hedge: bool = False
    outside: bool = False  # a code beyond the scale
    unclear: str = ""  # context that makes it uncertain
    rejected: str = ""  # context that makes it no statement about these breasts today
    other_side: bool = False  # its sentence names the other side too


@dataclass(frozen=True)
class Rules:
    """The rules of one task, ready to use; made by `load_rules`."""

    task: str
    classes: tuple[str, ...]  # in the task's order
    sections: frozenset[str]
    reader: Reader
    codes: Mapping[str, tuple[str, str]]  # code: (class, or "" where beyond the scale; edition)
    masks: tuple[re.Pattern[str], ...]
    rules: tuple[Rule, ...]
    contexts: tuple[Context, ...]
    sides: Mapping[str, re.Pattern[str]]  # named, short: group names L, R, both


@dataclass(frozen=True)
class Finding:
    """What an exam, or one of its breasts, gets."""

    status: str
    label: str = ""
    reason: str = ""
    mentions: tuple[Mention, ...] = ()


def load_rules(path: str | Path, *, task: str, classes: Sequence[str]) -> Rules:
    """Read rules from YAML and check them against the task's classes.

    Parameters
    ----------
    path
        The rules' file, such as resources/lexicons/density.yaml, which explains itself.
    task, classes
        Key of the task, and the keys of its classes in order.

    Raises
    ------
    UserError
        If the file is no file of rules, or its rules are for another task or name an unknown class.
    """
    try:
        rules = _compile(yaml.safe_load(Path(path).read_text(encoding="utf-8")), classes)
    except (KeyError, TypeError, AttributeError, re.error, yaml.YAMLError) as error:
        raise UserError(f"{path} is no file of rules: {type(error).__name__} {error}") from None
    if rules.task != task:
        raise UserError(f"{path} has rules for task {rules.task}, not {task}; take task: {rules.task} in the config")
    stated = {c for rule in rules.rules for c in rule.classes} | {c for c, _ in rules.codes.values() if c}
    if stated - set(classes):
        raise UserError(
            f"{path}: {', '.join(sorted(stated - set(classes)))} is no class; allowed: {', '.join(classes)}"
        )
    return rules


def _compile(data: Mapping[str, Any], classes: Sequence[str]) -> Rules:
    macros = data["macros"]
    codes: dict[str, tuple[str, str]] = {}
    for system in data["codes"]:
        codes |= {str(code): (str(label), str(system["edition"])) for code, label in system["classes"].items()}
        codes |= {str(code): ("", "") for code in system["outside"]}
    sides = (
        (name, [f"(?P<{side}>{pattern})" for side, pattern in cues.items()]) for name, cues in data["sides"].items()
    )
    return Rules(
        task=data["task"],
        classes=tuple(classes),
        sections=frozenset(data["sections"]),
        reader=Reader(
            Speller(map(str, data["words"]), map(str, data["protected"])),
            [(rewrite["pattern"], rewrite["word"]) for rewrite in data["rewrites"]],
        ),
        codes=codes,
        masks=tuple(_pattern(mask["pattern"], macros) for mask in data["masks"]),
        rules=tuple(_rule(entry, macros) for entry in data["rules"]),
        contexts=tuple(_context(entry, macros) for entry in data["contexts"]),
        sides={name: _pattern(cues, macros) for name, cues in sides},
    )


def _rule(entry: Mapping[str, Any], macros: Mapping[str, str]) -> Rule:
    return Rule(
        id=entry["id"],
        pattern=_pattern(entry["pattern"], macros),
        classes=frozenset(map(str, entry.get("classes", ()))),
        edition=str(entry.get("edition", "")),
        hedge=bool(entry.get("hedge", False)),
        needs=_pattern(entry["needs"], macros) if "needs" in entry else None,
        unless=_pattern(entry["unless"], macros) if "unless" in entry else None,
    )


def _context(entry: Mapping[str, Any], macros: Mapping[str, str]) -> Context:
    start, end = _ANCHORS[entry["where"]]
    return Context(
        id=entry["id"],
        where=entry["where"],
        pattern=_pattern(entry["pattern"], macros, start=start or r"(?<!\S)", end=end),
        unclear=bool(entry.get("unclear", False)),
        unless_said=_pattern(entry["unless_said"], macros) if "unless_said" in entry else None,
    )


def _pattern(
    pattern: str | list[str], macros: Mapping[str, str], *, start: str = r"(?<!\S)", end: str = r"(?!\S)"
) -> re.Pattern[str]:
    """A pattern on whole words, its macros (names in capitals) filled in; an unknown one is a KeyError."""
    text = pattern if isinstance(pattern, str) else "|".join(pattern)
    while found := _MACRO.search(text):
        text = f"{text[: found.start()]}(?:{macros[found[0]]}){text[found.end() :]}"
    return re.compile(f"{start}(?:{text}){end}")


def find_mentions(text: str, rules: Rules) -> list[Mention]:
    """Every statement in the text of one section, with those that their context rejects."""
    words = rules.reader.read(text)
    # What a mask covers (a BI-RADS assessment) is gone for every rule; places stay as they are.
    masked = words.text
    for mask in rules.masks:
        masked = mask.sub(lambda match: re.sub(r"\S", "#", match[0]), masked)
    found: list[Mention] = []
    block = ""
    for start, end in _sentences(masked):
        sentence = masked[start:end]
        block = _block_side(sentence, rules, block)
        for rule, match in _matches(sentence, rules):
            side = _side(sentence, match, rules, block)
            mention = _mention(rule, match, rules, side=side)
            evidence = words.original(start + match.start(), start + match.end())
            found.append(replace(mention, evidence=evidence, other_side=_names_other(sentence, side, rules)))
    return _without_legends(found, rules.classes)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield start, match.end()
        start = match.end()
    if start < len(text):
        yield start, len(text)


def _matches(sentence: str, rules: Rules) -> list[tuple[Rule, re.Match[str]]]:
    """Matches of all rules in a sentence, in order, without those that stand inside a longer one."""
    matches = [
        (rule, match)
        for rule in rules.rules
        for match in rule.pattern.finditer(sentence)
        if not (rule.needs and not rule.needs.search(sentence)) and not (rule.unless and rule.unless.search(sentence))
    ]
    matches.sort(key=lambda found: (found[1].start(), -found[1].end()))
    kept: list[tuple[Rule, re.Match[str]]] = []
    furthest = -1
    for rule, match in matches:
        if match.end() > furthest:
            kept.append((rule, match))
            furthest = match.end()
    return kept


def _mention(rule: Rule, match: re.Match[str], rules: Rules, *, side: str) -> Mention:
    """The mention that a rule's match makes; its context in the sentence decides whether it counts."""
    # A list of codes is written code, joint, code: every second word is a code.
    codes = [code for group in match.groups() if group for code in group.split()[::2]]
    said = [rules.codes[code] for code in codes]
    mention = Mention(
        rule=rule.id,
        evidence="",
        classes=rule.classes or frozenset(label for label, _ in said if label),
        edition=rule.edition or _one({edition for _, edition in said}),
        side=side,
        hedge=rule.hedge or len(set(codes)) > 1,
        outside=any(not label for label, _ in said),
    )
    if not rule.classes and len(mention.classes) >= _LIST:
        return replace(mention, rejected=DEFINITION)
    context = _context_of(match, rules)
    if context is None:
        return mention
    return replace(mention, unclear=context.id) if context.unclear else replace(mention, rejected=context.id)


def _context_of(match: re.Match[str], rules: Rules) -> Context | None:
    """The first context, in the order of the rules' file, that holds for a match."""
    parts = {
        "before": match.string[: match.start()],
        "after": match.string[match.end() :],
        "sentence": match.string,
    }
    for context in rules.contexts:
        if context.where not in parts or not context.pattern.search(parts[context.where]):
            continue
        if not (context.unless_said and context.unless_said.search(match[0])):
            return context
    return None


def _side(sentence: str, match: re.Match[str], rules: Rules, block: str) -> str:
    """The side that a match is about: the last one named before its end, else that of the block it stands in."""
    cues = [*rules.sides["named"].finditer(sentence, 0, match.end())]
    cues += [cue for cue in rules.sides["short"].finditer(sentence, 0, match.end()) if cue.end() > match.start()]
    if not cues:
        return block
    last = max(cues, key=lambda cue: cue.end()).lastgroup
    return "" if last is None or last == "both" else last


def _names_other(sentence: str, side: str, rules: Rules) -> bool:
    named = {cue.lastgroup for pattern in rules.sides.values() for cue in pattern.finditer(sentence)}
    return bool(side and named - {side, "both"})


def _block_side(sentence: str, rules: Rules, block: str) -> str:
    """The side whose block a sentence opens ("Mama derecha: ..."), else that of the block before it."""
    header = rules.sides["header"].match(sentence.lstrip())
    if header is None:
        return block
    return "" if header.lastgroup in (None, "both") else str(header.lastgroup)


def _without_legends(mentions: list[Mention], classes: Sequence[str]) -> list[Mention]:
    """Reject statements that go through all classes in order: they explain the scale."""
    runs: list[list[int]] = []
    for index, mention in enumerate(mentions):
        if runs and mentions[runs[-1][0]].classes == mention.classes:
            runs[-1].append(index)
        else:
            runs.append([index])
    legend: set[int] = set()
    for first in range(len(runs) - len(classes) + 1):
        window = runs[first : first + len(classes)]
        if [mentions[run[0]].classes for run in window] == [{label} for label in classes]:
            legend.update(index for run in window for index in run)
    return [
        replace(mention, rejected=mention.rejected or DEFINITION) if index in legend else mention
        for index, mention in enumerate(mentions)
    ]


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
        reason = _one({mention.unclear for mention in counted}) or "unclear"
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
        "edition": _one({m.edition for m in finding.mentions if m.edition}) if finding.label else "",
        "level": "breast" if side else "exam",
    }


def _one(values: set[str]) -> str:
    """The only value of a set; "" where it has none or several."""
    return next(iter(values)) if len(values) == 1 else ""
