"""The outline of the method: stages and what crosses between them, read from the workflow's own files.

A stage is a file of rules/. Rules say in words of their own what they read and write: a path in `input:`, or a name
that stands for paths, which is looked up where it is defined. Paths meet where they are the same but for wildcards.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

_INCLUDE = re.compile(r'^include: "(.+)"$', re.MULTILINE)
_RULE = re.compile(r"^( *)rule (\w+):\n((?:\1    .*\n|\s*\n)+)", re.MULTILINE)
_FUNCTION = re.compile(r"^( *)def (\w+)\(.*\n((?:\1    .*\n|\s*\n)+)", re.MULTILINE)
_CONSTANT = re.compile(r"^( *)([A-Z][A-Z_]*) = (.*\n(?:\1(?: +.*|[\])}].*)\n)*)", re.MULTILINE)
_MOST_WORDS = 2  # of a title
_PATH = re.compile(r'"((?:results|private)/[^"]+)"')


@dataclass(frozen=True)
class Rule:
    """What a rule reads and writes, as patterns of paths whose wildcards stand in braces."""

    name: str
    reads: frozenset[str]
    writes: frozenset[str]


@dataclass
class Stage:
    """A file of rules/, with the rules of it that are in use, and the stages before it that it reads from.

    A rule may read what a later stage writes, such as the list of what is left to review: no step of the method.
    """

    name: str
    about: str
    rules: list[Rule]
    after: dict[str, set[str]] = field(default_factory=dict)  # what is read of each, as its writer calls it

    @property
    def title(self) -> str:
        """What the stage is called: the first words of its docstring where a colon ends them, else its name."""
        return self._parts[0]

    @property
    def said(self) -> str:
        """What the stage does, in the words of its docstring that follow its title."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        first, colon, rest = self.about.rstrip(".").partition(": ")
        title = first.removeprefix("The ")
        if not colon or len(title.split()) > _MOST_WORDS:
            title, rest = self.name.replace("_", " "), self.about.rstrip(".")
        return title[0].upper() + title[1:], rest.partition(";")[0]


def read(snakefile: Path, used: Collection[str]) -> list[Stage]:
    """The stages with a rule in use, in running order.

    Parameters
    ----------
    snakefile
        Names the files of its stages by `include:`, relative to its own folder.
    used
        Names of the rules that count.
    """
    files = [snakefile.parent / name for name in _INCLUDE.findall(snakefile.read_text(encoding="utf-8"))]
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    named = _definitions(texts.values())
    stages = [Stage(name, _docstring(text), _rules(text, named, used)) for name, text in texts.items()]
    stages = [stage for stage in stages if stage.rules]
    for at, stage in enumerate(stages):
        for before in stages[:at]:
            met = {one for rule in stage.rules for other in before.rules for one in _met(rule.reads, other.writes)}
            if met:
                stage.after[before.name] = met
    return stages


def reduced(stages: list[Stage]) -> list[tuple[str, str]]:
    """Arrows between stages, without those that follow from others."""
    direct = {stage.name: set(stage.after) for stage in stages}
    return [
        (before, stage.name)
        for stage in stages
        for before in stage.after
        if not any(before in _all_before(other, direct) for other in stage.after if other != before)
    ]


def _all_before(name: str, direct: dict[str, set[str]]) -> set[str]:
    """Every stage that a stage follows, over others too."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = direct[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _docstring(text: str) -> str:
    found = re.match(r'"""(.+?)"""', text, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def _definitions(texts: Collection[str]) -> dict[str, str]:
    """The text that every function and constant of the workflow is defined by."""
    found: dict[str, str] = {}
    for text in texts:
        for pattern in (_FUNCTION, _CONSTANT):
            for _, name, body in pattern.findall(text):
                found[name] = found.get(name, "") + body
    return found


def _rules(text: str, named: dict[str, str], used: Collection[str]) -> list[Rule]:
    return [
        Rule(name, _paths(_directive(body, "input"), named), _paths(_directive(body, "output"), named))
        for _, name, body in _RULE.findall(text)
        if name in used
    ]


def _directive(body: str, name: str) -> str:
    """What stands under a directive of a rule."""
    found = re.search(rf"^( *){name}:\n((?:\1    .*\n)+)", body, re.MULTILINE)
    return found[2] if found else ""


def _paths(text: str, named: dict[str, str]) -> frozenset[str]:
    """Paths in a text, and in what its names stand for."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [text]
    while waiting:
        text = waiting.pop()
        found.update(one.replace("{{", "{").replace("}}", "}") for one in _PATH.findall(text))
        names = set(re.findall(r"\b\w+\b", _PATH.sub("", text))) & named.keys() - seen
        seen |= names
        waiting += [named[name] for name in sorted(names)]
    return frozenset(found)


def _met(reads: frozenset[str], writes: frozenset[str]) -> set[str]:
    """What is written and read, as it is written."""
    plain = {one: re.sub(r"\{[^}]*\}", "*", one) for one in reads | writes}
    return {one for one in writes for other in reads if _same(plain[other], plain[one])}


def _same(one: str, other: str) -> bool:
    """Whether two patterns can be the same path: part by part, one is the other or its wildcard holds it."""
    parts = one.split("/"), other.split("/")
    return len(parts[0]) == len(parts[1]) and all(
        fnmatchcase(a, b) or fnmatchcase(b, a) for a, b in zip(*parts, strict=True)
    )
