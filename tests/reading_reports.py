"""What tests of report extraction share: the shipped lexicon and rules, and the texts collected."""

import csv
from dataclasses import dataclass
from pathlib import Path

import yaml

from mammoflow.reports import cleaning
from mammoflow.reports.extraction import Finding, judge_report, read_report
from mammoflow.reports.lexicon import load_lexicon
from mammoflow.reports.rules import Rules, load_rules

ROOT = Path(__file__).parent.parent
RULES_FILE = ROOT / "resources/rules/density.yaml"
LEXICON_FILE = ROOT / "resources/lexicons/mammography.yaml"
POLICIES = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["labels"]["policies"]
CLASSES = ["a", "b", "c", "d"]
LEXICON = load_lexicon(LEXICON_FILE)


def rules_with(**policies: str) -> Rules:
    """The shipped rules under the shipped policies, but for these."""
    return load_rules(RULES_FILE, attribute="density", policies=POLICIES | policies)


RULES = rules_with()


def findings(text: str, *, sides_differ: str = "ambiguous", rules: Rules = RULES) -> dict[str, Finding]:
    """What a report says, of the exam and of its sides."""
    return judge_report(read_report(cleaning.normal(text), LEXICON, rules), rules, sides_differ=sides_differ)


def found(text: str, *, sides_differ: str = "ambiguous", rules: Rules = RULES) -> str:
    """The exam's class, or none or ambiguous."""
    exam = findings(text, sides_differ=sides_differ, rules=rules)[""]
    return exam.label or exam.status


@dataclass(frozen=True)
class Collected:
    """A text with what it states; see tests/data/README.md."""

    name: str
    text: str
    label: str
    sides: dict[str, str]  # those that are named


def collected(name: str) -> list[Collected]:
    """A set of texts: a table in tests/data/statements, or a folder in tests/data/reports."""
    statements = ROOT / f"tests/data/statements/{name}.tsv"
    folder = ROOT / f"tests/data/reports/{name}"
    rows = []
    table = statements if statements.exists() else folder / "labels.tsv"
    with open(table, encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            if "file" in row:
                text = (folder / row["file"]).read_bytes().decode("utf-8")
            else:
                text = row["text"].replace("\\n", "\n")
            sides = {side: row[key] for side, key in (("L", "left"), ("R", "right")) if row.get(key)}
            rows.append(Collected(row.get("file", f"row {number}"), text, row["label"], sides))
    return rows
