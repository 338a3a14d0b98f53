"""Explain: why each job of a run would start, in words.

    python -m mammoflow.explain [--config OVERLAY ...]

Run it in the folder where results/ lies or shall lie. It asks Snakemake for a dry run and translates that; nothing is
run. The exit status is 1 where Snakemake itself finds something wrong.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from mammoflow import doctor, inputs
from mammoflow.code import SCRIPTS, code_hash
from mammoflow.errors import UserError

NOTHING = "Nothing would run: everything is there and up to date."

# What Snakemake writes of a job in a dry run: its rule, and below it, indented, what it makes and why.
_JOB = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):\n((?:    .*\n)+)", re.MULTILINE)
_TOTAL = re.compile(r"^total +(\d+)$", re.MULTILINE)
_MISSING = "Missing output files"
_BY_ANOTHER = "Input files updated by another job"
_PARAMS = "Params have changed since last execution"
_SET = "Set of input files has changed since last execution"
# A reason that needs nothing but other words; the rest of it, if any, names files.
_PLAIN = {
    _MISSING: "its results are not there",
    "Incomplete output files": "an earlier try was cut short",
    _SET: "it takes other files than before",
    "Code has changed since last execution": "its code changed",
    "Software environment definition has changed since last execution": "its software changed",
    "Forced execution": "it was asked for",
}
_UPDATED = "Updated input files"
_PARTS = re.compile("; (?=" + "|".join([*_PLAIN, _UPDATED, _BY_ANOTHER, _PARAMS]) + ")")
# How the two sides of a change stand in the reason, and what stands there where one of them is empty.
_SIDES = re.compile(r"before: (.*) now: (.*?) ?$")
_EMPTY = "<nothing exclusive>"
_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Job:
    """A job of a dry run: its rule, the files that it makes, and Snakemake's parts of the reason."""

    rule: str
    outputs: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def follows(self) -> bool:
        """Whether it would run only because others do: then what it lacks and takes is new, too, or not there yet."""
        names = {reason.partition(":")[0] for reason in self.reasons}
        return _BY_ANOTHER in names and names <= {_BY_ANOTHER, _MISSING, _SET}


def main(arguments: list[str]) -> int:
    """Print why each job would run; the exit status."""
    parser = argparse.ArgumentParser(prog="mammoflow.explain", description="Why each job of a run would start.")
    parser.add_argument("--config", nargs="*", default=[], help="overlays of config.yaml, in Snakemake's order")
    overlays = parser.parse_args(arguments).config
    done = dry_run(overlays)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        return 1
    try:
        config = doctor.load([doctor.ROOT / "config.yaml", *map(Path, overlays)])
        changed = partial(changed_params, config=config, private=Path("private"))
        print("\n".join(explained(jobs(done.stdout), changed)))
    except UserError as error:
        print(f"mammoflow: {error}", file=sys.stderr)
        return 1
    return 0


def dry_run(overlays: list[str]) -> subprocess.CompletedProcess[str]:
    """What Snakemake would do in this folder, in its words."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(doctor.ROOT / "Snakefile"), "--dry-run"]
    command += ["--cores", "1", "--nocolor", *(["--configfile", *overlays] if overlays else [])]
    return subprocess.run(  # noqa: S603 a list of words, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def jobs(plan: str) -> list[Job]:
    """The jobs of a dry run that make something.

    Raises
    ------
    UserError
        If not every job that Snakemake counts could be read.
    """
    if "Nothing to be done" in plan:
        return []
    found = []
    for rule, about in _JOB.findall(plan):
        said = {key: re.search(rf"^    {key}: (.*)$", about, re.MULTILINE) for key in ("output", "reason")}
        outputs = said["output"].group(1).split(", ") if said["output"] else ()
        reasons = _PARTS.split(said["reason"].group(1)) if said["reason"] else ()
        found.append(Job(rule, tuple(outputs), tuple(reasons)))
    total = _TOTAL.search(plan)
    if total is None or int(total.group(1)) != len(found) or not all(job.reasons for job in found):
        raise UserError("the dry run of this Snakemake cannot be read; see what snakemake --dry-run says")
    return [job for job in found if job.outputs]


def explained(plan: list[Job], changed: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """The lines to print: one a rule, those first that start it all.

    Parameters
    ----------
    plan
        The jobs that would run.
    changed
        Says in words which parameters changed, given Snakemake's account of them.
    """
    if not plan:
        yield NOTHING
        return
    made_by = {file: job.rule for job in plan for file in job.outputs}
    of_rule: dict[str, list[Job]] = {}
    for job in plan:
        of_rule.setdefault(job.rule, []).append(job)
    begins = [rule for rule, own in of_rule.items() if not all(job.follows for job in own)]
    width = max(map(len, of_rule))
    yield f"{_count(len(plan))} would run."
    for heading, rules in (("It begins with", begins), ("These follow", [one for one in of_rule if one not in begins])):
        if rules:
            yield f"\n{heading}:"
        for rule in rules:
            why = "; ".join(_why(of_rule[rule], made_by, changed))
            yield f"  {rule:<{width}}  {_count(len(of_rule[rule])):>7}  {why}"


def _count(number: int) -> str:
    return f"{number} job" if number == 1 else f"{number} jobs"


def _why(jobs_of_rule: list[Job], made_by: dict[str, str], changed: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Why jobs of a rule would run, each cause in a few words; of those that only follow, no more than that."""
    own: dict[str, None] = {}
    by: set[str] = set()
    for job in jobs_of_rule:
        for reason in job.reasons:
            name, _, rest = reason.partition(": ")
            if name == _BY_ANOTHER:
                by |= {made_by.get(file, file) for file in rest.split(", ")}
            elif not job.follows:
                own |= dict.fromkeys(_words(name, rest, changed))
    # Snakemake holds jobs and values in sets: without an order of ours each call would say it in another one.
    yield from sorted(own)
    if by:
        yield f"because {_listed(sorted(by))} {'runs' if len(by) == 1 else 'run'}"


def _words(name: str, rest: str, changed: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """A cause of a job's own: its name, and what Snakemake says of it."""
    if name == _PARAMS:
        yield from changed(rest)
    elif name == _UPDATED:
        yield f"{_listed(sorted(rest.split(', ')))} changed"
    else:
        yield _PLAIN.get(name, name)


def _listed(names: list[str]) -> str:
    """Some names, and how many more."""
    shown, more = names[:_NAMED_AT_MOST], len(names) - _NAMED_AT_MOST
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


@cache
def lists(private: Path) -> dict[str, str]:
    """What the digests of the lists of a user's files stand for, as the walk left them in this folder."""
    found = {}
    for path in sorted((private / "inputs").glob("*.tsv")):
        name = f"image files of shard {path.stem}" if path.stem.isdigit() else f"files of {path.stem}"
        parts = ("", "dataset.", "split.same_persons") if path.stem == "annotations" else ("",)
        for digest in [inputs.digest(path, names_only=True), *(inputs.digest(path, part) for part in parts)]:
            found[digest] = f"{name}: some are new, gone or touched"
    return found


@cache
def codes() -> frozenset[str]:
    """The hashes of our code, of every script and module."""
    return frozenset(code_hash(path.relative_to(SCRIPTS).as_posix()) for path in SCRIPTS.rglob("*.py"))


def changed_params(account: str, *, config: dict[str, Any], private: Path) -> list[str]:
    """Which parameters changed, in words.

    Parameters
    ----------
    account
        Snakemake's: the values that only the earlier run had, and those that only this one has, without their names.
    config
        The configuration now, which tells the names of settings.
    private
        The folder that holds the lists of the user's files.
    """
    sides = _SIDES.search(account)
    old, new = (_values(side) for side in sides.groups()) if sides else ([], [])
    if sides is None or not (old or new):
        return ["a parameter changed"]
    found = []
    for value in new:
        before = max((one for one in old if _likeness(value, one)), key=partial(_likeness, value), default=None)
        if isinstance(value, str) and value in codes():
            found.append("its code changed")
        elif value == before:
            found.append("settings are written in another order")
        else:
            found += _file_words(value, before, private) or _setting_words(value, before, config)
    return sorted(set(found)) or ["a setting is gone"]


def _values(side: str) -> list[Any]:
    """The values of one side; each stands there as Python writes it."""
    try:
        return [] if side.strip() == _EMPTY else sorted(ast.literal_eval(f"[{side}]"), key=repr)
    except (SyntaxError, ValueError):
        return []


def _likeness(one: Any, other: Any) -> int:
    """How likely another value is the same parameter: of the same type, and with keys in common."""
    if type(one) is not type(other):
        return 0
    return 1 + (len(one.keys() & other.keys()) if isinstance(one, dict) else 0)


def _file_words(value: Any, before: Any, private: Path) -> list[str]:
    """Which lists of files changed, where the value is a digest of one, or several of them."""
    digests = value if isinstance(value, list) else [value]
    known = before if isinstance(before, list) else [before]
    new = [one for one in digests if isinstance(one, str) and one not in known]
    return [lists(private)[one] for one in new if one in lists(private)]


def _setting_words(value: Any, before: Any, config: dict[str, Any]) -> list[str]:
    """Which settings changed, and from what to what."""
    settings = list(_settings(config))
    found = []
    for place, was, now in _differences(before, value):
        key = place.rpartition(".")[2]
        names = [name for name, own in settings if repr(own) == repr(now) and (not key or name.split(".")[-1] == key)]
        name = names[0] if len(names) == 1 else key
        found.append(f"{f'setting {name}' if name else 'a setting'} {_change(was, now)}")
    return found


def _change(was: Any, now: Any) -> str:
    """How a setting changed; of a list, what came and went."""
    if was is None:
        return "is new" if isinstance(now, dict) else f"is new: {_short(now)}"
    if now is None:
        return "is gone"
    if isinstance(was, list) and isinstance(now, list):
        came = [f"now with {_short(one)}" for one in now if one not in was]
        went = [f"now without {_short(one)}" for one in was if one not in now]
        return f"changed: {', '.join(came + went) or 'in another order'}"
    return f"changed from {_short(was)} to {_short(now)}"


def _settings(config: dict[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of the configuration, mappings too, with the keys that lead to it."""
    for key, value in config.items():
        yield f"{place}{key}", value
        if isinstance(value, dict):
            yield from _settings(value, f"{place}{key}.")


def _differences(before: Any, now: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ: the keys that lead there, and what is there in each."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys(), key=str):
            yield from _differences(before.get(key), now.get(key), f"{place}.{key}")
    elif before != now:
        yield place, before, now


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
