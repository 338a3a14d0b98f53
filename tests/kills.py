"""Runs killed at random moments and started again as a user would, until what was asked for is there.

A round is a stage of the workflow, in the folder that the round before it left: one or more kills, and then the stage
to its end. What there is then must have the bytes of a run that nobody disturbed.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import psutil

from tests.test_workflow import content

# Each is asked for in turn, so that every stage is hit; the whole of it at last.
STAGES = (
    ("results/labels/labels.tsv",),
    ("results/images/shards/0.tsv", "results/images/shards/1.tsv"),
    ("results/splits/seed1/manifest.tsv",),
    ("results/png/paper/0.tsv", "results/png/paper/1.tsv"),
    ("results/embeddings/biomedclip/paper/0.tsv", "results/embeddings/biomedclip/paper/1.tsv"),
    ("results/predictions/convnext/seed1.tsv",),
    ("results/predictions/linear_probe/seed1.tsv", "results/predictions/majority/seed1.tsv"),
    ("results/metrics/comparisons.tsv",),
    ("figures",),
    ("all",),
)
MOST_SECONDS = 900  # of one start
SAME = "same bytes"


@dataclass
class Round:
    """What was killed in a round, after how many jobs had begun and while which rules ran, and what came of it."""

    number: int
    stage: str
    killed: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    starts: int = 0
    result: str = ""


def undisturbed(repo, directory, stages=STAGES):
    """Run stage after stage; gives the jobs of each, and the seconds from the beginning of the first to the end."""
    took = []
    for targets in stages:
        process = started(repo, directory, targets)
        _wait_for(process, directory, jobs=1)
        begin = time.monotonic()
        assert _ended(process) == 0, said(directory)
        took.append((_begun(directory), time.monotonic() - begin))
    return took


def rounds(repo, fresh, expected, took, *, number, seed, stages=STAGES):
    """Rounds of kills, one after the other; a stage that ends before its moment has come is none.

    Parameters
    ----------
    repo
        The workflow.
    fresh
        Makes a folder with a configuration in it; called where a run begins from nothing.
    expected
        The folder of the undisturbed run.
    took
        Jobs and seconds of each stage when it is not disturbed.
    number
        Of rounds.
    seed
        Of the moments and the victims.
    """
    rng, wanted, at, played = random.Random(seed), content(expected), 0, 0
    while played < number:
        if at == 0:
            directory = fresh()
        one = Round(played + 1, stages[at][-1])
        _play(one, repo, directory, stages[at], took[at], rng)
        at = (at + 1) % len(stages)
        one.result = _compared(content(directory), wanted, is_last=at == 0)
        if one.killed or one.result != SAME:
            played += 1
            yield one


def started(repo, directory, targets, **options):
    """The workflow as a process group of its own, with the settings of a folder; what it says goes to a file there."""
    command = [sys.executable, "-m", "snakemake", "-s", repo / "Snakefile", "--directory", directory, "--cores", 2]
    with open(directory / "said.txt", "w") as output:
        return subprocess.Popen(
            list(map(str, [*command, *targets, "--configfile", directory / "mine.yaml"])),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options,
        )  # fmt: skip


def said(directory):
    """The end of what the last start said."""
    return (directory / "said.txt").read_text()[-6000:]


def _begun(directory):
    """How many jobs the last start has begun."""
    return len(re.findall(r"^(?:local)?rule ", (directory / "said.txt").read_text(), flags=re.MULTILINE))


def _wait_for(process, directory, *, jobs):
    """Wait until so many jobs have begun, or the start is over."""
    while process.poll() is None and _begun(directory) < jobs:
        time.sleep(0.02)


def _ended(process):
    return process.wait(timeout=MOST_SECONDS)


def _play(one, repo, directory, targets, took, rng):
    """Kill once, twice or three times, then run to the end; a run that ended with a killed job is started again."""
    jobs, seconds = took
    for _ in range(rng.randint(1, 3)):
        process = started(repo, directory, targets)
        one.starts += 1
        # Of what is left, when something was killed before, nobody knows how much it is.
        after = rng.randint(1, jobs) if not one.killed else 1
        victim, rules = _kill(process, directory, after, rng.uniform(0, seconds / jobs), rng)
        _ended(process)
        if not victim:
            break
        one.killed.append(victim)
        one.rules.append(rules)
        one.jobs.append(after)
    while process.returncode != 0:
        process = started(repo, directory, targets)
        one.starts += 1
        assert _ended(process) == 0 or one.starts < 9, said(directory)


def _kill(process, directory, jobs, seconds, rng):
    """Kill something so many seconds after so many jobs have begun: what it was, and the rules that ran then."""
    _wait_for(process, directory, jobs=jobs)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        there, rules = _running(process)
        victim = rng.choice(sorted({*there, "everything"}))
        try:
            os.killpg(process.pid, signal.SIGKILL) if victim == "everything" else os.kill(there[victim], signal.SIGKILL)
        except ProcessLookupError:  # it was quicker
            return "", ""
        return victim, rules
    return "", ""


def _running(process):
    """What can be killed at this moment, and the rules whose scripts run.

    Snakemake itself, whose jobs go on; the script of a job; the decoder that a script guards.
    """
    there, rules = {"snakemake": process.pid}, set()
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            script, forked = _script(child), _script(child.parent() or child)
        except psutil.NoSuchProcess:
            continue
        if script:
            there["decoder" if forked else "script"] = child.pid
            rules.add(script)
    return there, " ".join(sorted(rules)) or "none"


def _script(process):
    """The rule whose script a process runs; a child that it forked has its command."""
    found = [re.fullmatch(r"\S*\.snakemake/scripts/\w+\.(\w+)\.py", part) for part in process.cmdline()]
    return next((match[1] for match in found if match), "")


def _compared(found, wanted, *, is_last):
    """What is wrong with the tables and pictures of a folder."""
    wrong = sorted(name for name in found if found[name] != wanted.get(name))
    missing = sorted(wanted.keys() - found.keys()) if is_last else []
    return " ".join([*(f"other: {name}" for name in wrong), *(f"missing: {name}" for name in missing)]) or SAME
