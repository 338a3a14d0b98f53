"""Statements found in the text of a section, each with the classes that it allows and the context that it stands in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mammoflow.reports.boxes import mask_unticked
from mammoflow.reports.rules import Context, Rule, Rules
from mammoflow.reports.spelling import Words

_SENTENCE_END = re.compile(r"(?<!\S)[.?!¶](?!\S)")
_SHORT = 6  # words; a sentence that is no longer may be a line of a form
_MOST = 2000  # characters of a sentence
_TOPIC = 300  # characters that a line of a form looks back
_LIST = 3  # classes in one statement that make it a definition
DEFINITION = "definition"


@dataclass(frozen=True)
class Mention:
    """A statement found: the classes it allows, and how far it counts."""

    rule: str
    start: int
    end: int
    classes: frozenset[str]
    edition: str = ""
    side: str = ""
    hedge: bool = False
    outside: bool = False  # a code beyond the scale
    unclear: str = ""  # context that makes it uncertain
    rejected: str = ""  # context that makes it no statement about these breasts today
    other_side: bool = False  # its sentence names the other side too


def find_mentions(words: Words, rules: Rules) -> list[Mention]:
    """Every statement in the words of one section, with those that their context rejects.

    Places are those of the section's text.
    """
    # What a mask covers (a BI-RADS assessment) is gone for every rule; places stay as they are.
    masked = mask_unticked(words.text)
    for mask in rules.masks:
        masked = mask.sub(lambda match: re.sub(r"\S", "#", match[0]), masked)
    found: list[Mention] = []
    block = topic = ""
    for start, end in _sentences(masked):
        sentence = masked[start:end]
        block = _block_side(sentence, rules, block)
        topic = sentence if len(sentence.split()) > _SHORT else (topic + sentence)[-_TOPIC:]
        for rule, match in _matches(sentence, topic, rules):
            side = _side(sentence, match, rules, block)
            mention = _mention(rule, match, rules, side=side)
            first, last = words.span(start + match.start(), start + match.end())
            other = _names_other(sentence, side, rules)
            found.append(replace(mention, start=first, end=last, other_side=other))
    return _without_legends(found, rules.classes)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences are; one that has no end is cut, as time grows with the square of its length."""
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        while (cut := text.find(" ", start + _MOST, end)) > 0:
            yield start, cut
            start = cut
        if end > start:
            yield start, end
        start = end


def _matches(sentence: str, topic: str, rules: Rules) -> list[tuple[Rule, re.Match[str]]]:
    """Matches of all rules in a sentence, in order, without those that stand inside a longer one.

    `topic` is the sentence with what a short one (a line of a form) takes from those before it.
    """
    matches = [
        (rule, match)
        for rule in rules.rules
        for match in rule.pattern.finditer(sentence)
        if not (rule.needs and not rule.needs.search(topic))
        and not (rule.unless and rule.unless.search(sentence))
        and not (rule.unless_before and rule.unless_before.search(sentence[: match.start()]))
    ]
    matches.sort(key=lambda found: (found[1].start(), -found[1].end()))
    kept: list[tuple[Rule, re.Match[str]]] = []
    for rule, match in matches:
        if not any(_is_part(rule, match, *other) for other in kept):
            kept.append((rule, match))
    return kept


def _is_part(rule: Rule, match: re.Match[str], longer_rule: Rule, longer: re.Match[str]) -> bool:
    """Whether a match says nothing that an earlier one does not: it stands inside that, or begins inside it.

    A phrase inside a code's match says something of its own: (mamas densas, tipo b) contradicts itself.
    """
    if match.start() >= longer.end() or (rule.classes and not longer_rule.classes):
        return False
    if match.end() <= longer.end():
        return True
    # Moderately dense (breast tissue): the first phrase holds, where the second is no sharper.
    return bool(rule.classes) and not rule.classes <= longer_rule.classes


def _mention(rule: Rule, match: re.Match[str], rules: Rules, *, side: str) -> Mention:
    """The mention that a rule's match makes; its context in the sentence decides whether it counts."""
    # A list of codes is written code, joint, code: every second word is a code.
    codes = [code for group in match.groups() if group for code in group.split()[::2]]
    said = [rules.codes[code] for code in codes]
    mention = Mention(
        rule=rule.id,
        start=0,
        end=0,
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
        return replace(mention, unclear=rules.unclear_editions.get(mention.edition, ""))
    return replace(mention, unclear=context.reason) if context.unclear else replace(mention, rejected=context.reason)


def _context_of(match: re.Match[str], rules: Rules) -> Context | None:
    """The first context, in the order of the rules' file, that holds for a match."""
    parts = {
        "before": match.string[: match.start()],
        "after": match.string[match.end() :],
        "inside": match[0],
        "sentence": match.string,
    }
    for context in rules.contexts:
        if context.where not in parts or not context.pattern.search(parts[context.where]):
            continue
        said = context.unless_said and context.unless_said.search(match[0])
        if not said and not (context.unless_after and context.unless_after.search(parts["after"])):
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
    """Reject statements that go through three classes or more in order: they explain the scale."""
    legend: set[int] = set()
    run: list[int] = []
    place = {frozenset({label}): at for at, label in enumerate(classes)}
    for index, mention in enumerate(mentions):
        at = None if mention.side else place.get(mention.classes)
        last = place[mentions[run[-1]].classes] if run else None
        if at is None or (last is not None and at < last):
            run = []
        if at is not None:
            run.append(index)
        if len({mentions[i].classes for i in run}) >= _LIST:
            legend.update(run)
    return [
        replace(mention, rejected=mention.rejected or DEFINITION) if index in legend else mention
        for index, mention in enumerate(mentions)
    ]


def only(values: set[str]) -> str:
    """The only value of a set; "" where it has none or several."""
    return next(iter(values)) if len(values) == 1 else ""
