"""Statements found in the text of a section, each with the classes that it allows and the context that it stands in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mammoflow.reports.rules import Context, Rule, Rules

_SENTENCE_END = re.compile(r"(?<!\S)[.?!](?!\S)")
_LIST = 3  # classes in one statement that make it a definition
DEFINITION = "definition"


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
        edition=rule.edition or only({edition for _, edition in said}),
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


def only(values: set[str]) -> str:
    """The only value of a set; "" where it has none or several."""
    return next(iter(values)) if len(values) == 1 else ""
