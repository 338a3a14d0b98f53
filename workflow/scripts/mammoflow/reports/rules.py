"""The rules of label extraction: data from a YAML file (resources/lexicons), checked and compiled."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mammoflow.errors import UserError
from mammoflow.tasks import VALUES

AMBIGUOUS = "ambiguous"  # a policy that leaves a wording unclear

_MACRO = re.compile(r"(?<!\\)\b[A-Z_]{2,}\b")
_ANCHORS = {
    "before": ("", r" ?$"),
    "after": (r"^ ?", r"(?!\S)"),
    "inside": ("", r"(?!\S)"),
    "sentence": ("", r"(?!\S)"),
    "exam": ("", r"(?!\S)"),
}


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
    unless_before: re.Pattern[str] | None  # not at once before it


@dataclass(frozen=True)
class Context:
    """Words around a statement that change what it means."""

    reason: str  # its code
    where: str  # before | after | inside | sentence | exam
    pattern: re.Pattern[str]
    unclear: bool  # the statement may hold or not; else it does not
    unless_said: re.Pattern[str] | None  # in the statement itself
    unless_after: re.Pattern[str] | None  # at once after it


@dataclass(frozen=True)
class Rules:
    """The rules of one attribute, ready to use; made by `load_rules`."""

    attribute: str
    classes: tuple[str, ...]  # its values, in order
    sections: frozenset[str]
    codes: Mapping[str, tuple[str, str]]  # code: (class, or "" where beyond the scale; edition)
    unclear_editions: Mapping[str, str]  # edition: policy under which its codes and shares give no label
    masks: tuple[re.Pattern[str], ...]
    rules: tuple[Rule, ...]
    contexts: tuple[Context, ...]
    sides: Mapping[str, re.Pattern[str]]  # named, short: group names L, R, both


def load_rules(path: str | Path, *, attribute: str, policies: Mapping[str, str]) -> Rules:
    """Read rules from YAML and check them against the values of what they find.

    Parameters
    ----------
    path
        The rules' file, such as resources/rules/density.yaml, which explains itself.
    attribute
        What they find: a key of `tasks.VALUES`, whose values are their classes.
    policies
        What wordings without a fixed meaning mean: the config's `labels.policies`.

    Raises
    ------
    UserError
        If the file is no file of rules, or its rules are for another attribute or name an unknown class.
    """
    classes = VALUES[attribute]
    try:
        rules = _compile(yaml.safe_load(Path(path).read_text(encoding="utf-8")), classes, policies)
    except (KeyError, TypeError, AttributeError, re.error, yaml.YAMLError) as error:
        raise UserError(f"{path} is no file of rules: {type(error).__name__} {error}") from None
    if rules.attribute != attribute:
        raise UserError(f"{path} has rules for {rules.attribute}, not for {attribute}")
    stated = {c for rule in rules.rules for c in rule.classes} | {c for c, _ in rules.codes.values() if c}
    if stated - set(classes):
        raise UserError(
            f"{path}: {', '.join(sorted(stated - set(classes)))} is no class; allowed: {', '.join(classes)}"
        )
    return rules


def _compile(data: Mapping[str, Any], classes: Sequence[str], policies: Mapping[str, str]) -> Rules:
    macros = data["macros"]
    codes: dict[str, tuple[str, str]] = {}
    for system in data["codes"]:
        codes |= {str(code): (str(label), str(system["edition"])) for code, label in system["classes"].items()}
        codes |= {str(code): ("", "") for code in system["outside"]}
    sides = (
        (name, [f"(?P<{side}>{pattern})" for side, pattern in cues.items()]) for name, cues in data["sides"].items()
    )
    return Rules(
        attribute=data["attribute"],
        classes=tuple(classes),
        sections=frozenset(data["sections"]),
        codes=codes,
        unclear_editions={
            str(edition): policy for edition, policy in data["editions"].items() if policies[policy] == AMBIGUOUS
        },
        masks=tuple(_pattern(mask["pattern"], macros) for mask in data["masks"]),
        rules=tuple(_rule(entry, macros, policies) for entry in data["rules"]),
        contexts=tuple(_context(entry, macros) for entry in data["contexts"]),
        sides={name: _pattern(cues, macros) for name, cues in sides},
    )


def _rule(entry: Mapping[str, Any], macros: Mapping[str, str], policies: Mapping[str, str]) -> Rule:
    classes = frozenset(map(str, entry.get("classes", ())))
    if "policy" in entry and policies[entry["policy"]] != AMBIGUOUS:
        classes = frozenset({policies[entry["policy"]]})
    return Rule(
        id=entry["id"],
        pattern=_pattern(entry["pattern"], macros),
        classes=classes,
        edition=str(entry.get("edition", "")),
        hedge=bool(entry.get("hedge", False)),
        needs=_pattern(entry["needs"], macros) if "needs" in entry else None,
        unless=_pattern(entry["unless"], macros) if "unless" in entry else None,
        unless_before=_pattern(entry["unless_before"], macros, end=r" ?$") if "unless_before" in entry else None,
    )


def _context(entry: Mapping[str, Any], macros: Mapping[str, str]) -> Context:
    start, end = _ANCHORS[entry["where"]]
    return Context(
        reason=entry.get("reason", entry["id"]),
        where=entry["where"],
        pattern=_pattern(entry["pattern"], macros, start=start or r"(?<!\S)", end=end),
        unclear=bool(entry.get("unclear", False)),
        unless_said=_pattern(entry["unless_said"], macros) if "unless_said" in entry else None,
        unless_after=_pattern(entry["unless_after"], macros, start=r"^ ?") if "unless_after" in entry else None,
    )


def _pattern(
    pattern: str | list[str], macros: Mapping[str, str], *, start: str = r"(?<!\S)", end: str = r"(?!\S)"
) -> re.Pattern[str]:
    """A pattern on whole words, its macros (names in capitals) filled in; an unknown one is a KeyError."""
    text = pattern if isinstance(pattern, str) else "|".join(pattern)
    while found := _MACRO.search(text):
        text = f"{text[: found.start()]}(?:{macros[found[0]]}){text[found.end() :]}"
    return re.compile(f"{start}(?:{text}){end}")
