"""The explanation of a dry run: what it begins with, what follows, and why, from what Snakemake really says."""

import re
from functools import partial
from pathlib import Path

import pytest
import yaml

from mammoflow import explain, inputs
from mammoflow.code import code_hash
from mammoflow.errors import UserError
from tests.conftest import REPO

# As Snakemake 9.27 printed them, of a hospital's folder after a first run.
PLANS = REPO / "tests/data/plans"
SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))


def plan(name):
    return (PLANS / f"{name}.txt").read_text(encoding="utf-8")


def account(before, now):
    """Parameters that changed, as Snakemake gives them."""

    def side(values):
        return ",".join(map(repr, values)) or "<nothing exclusive>"

    return f"Union of exclusive params before and now across all output: before: {side(before)} now: {side(now)} "


def words(before, now, *, config=SHIPPED, private=Path("nowhere")):
    return explain.changed_params(account(before, now), config=config, private=private)


def test_nothing_would_run():
    assert list(explain.explained(explain.jobs(plan("nothing")), words)) == [explain.NOTHING]


def test_changed_files():
    said = list(explain.explained(explain.jobs(plan("files")), lambda _: ["files changed"]))
    assert said == [
        "6 jobs would run.",
        "\nIt begins with:",
        "  parse_reports     1 job  resources/lexicons/mammography.yaml changed",
        "  scan_images       1 job  files changed",
        "\nThese follow:",
        "  extract_labels    1 job  because parse_reports runs",
        "  merge_images      1 job  because scan_images runs",
        "  join_groups       1 job  because merge_images runs",
        "  join_cohort       1 job  because extract_labels, join_groups, merge_images and 1 more run",
    ]


def test_changed_settings():
    config = SHIPPED | {"split": SHIPPED["split"] | {"seeds": [1, 2]}}
    config |= {"evaluation": SHIPPED["evaluation"] | {"resamples": 100}}
    changed = partial(explain.changed_params, config=config, private=Path("nowhere"))
    said = list(explain.explained(explain.jobs(plan("settings")), changed))
    seeds = "setting split.seeds changed: now with 2"
    assert said == [
        "4 jobs would run.",
        "\nIt begins with:",
        "  make_manifests          1 job  its results are not there",
        f"  count_siblings          1 job  it takes other files than before; {seeds}; because make_manifests runs",
        "  evaluate_predictions    1 job  it takes other files than before; setting evaluation.resamples changed from "
        f"200 to 100; {seeds}; because predict_majority runs",
        "\nThese follow:",
        "  predict_majority        1 job  because make_manifests runs",
    ]


def test_jobs_of_a_rule_are_one_line():
    reasons = [("Forced execution",), ("Input files updated by another job: a.tsv", "Incomplete output files: 2.tsv")]
    own = [explain.Job("embed", (f"{number}.tsv",), reason) for number, reason in enumerate(reasons)]
    said = list(
        explain.explained([explain.Job("scan", ("a.tsv",), ("Code has changed since last execution",)), *own], words)
    )
    assert said[2:] == [
        "  scan     1 job  its code changed",
        "  embed   2 jobs  an earlier try was cut short; it was asked for; because scan runs",
    ]


@pytest.mark.parametrize("lost", ["    reason: .*\n", "^total .*$", "^rule join_groups:$"])
def test_what_cannot_be_read_is_said(lost):
    cut = re.sub(lost, "", plan("files"), flags=re.MULTILINE)
    assert cut != plan("files")
    with pytest.raises(UserError, match="dry run of this Snakemake cannot be read"):
        explain.jobs(cut)


def test_a_change_of_code_is_told_from_one_of_files(tmp_path):
    (tmp_path / "inputs").mkdir()
    header = '"relative"\t"path"\t"bytes"\t"mtime_ns"\n'
    for name in ("0", "1", "reports", "annotations"):
        (tmp_path / f"inputs/{name}.tsv").write_text(f'{header}"dataset.{name}"\t"/x/{name}"\t3\t{len(name)}\n')

    def digest(name, **how):
        return inputs.digest(tmp_path / f"inputs/{name}.tsv", **how)

    said = partial(words, private=tmp_path)
    assert said(["0" * 16], [code_hash("join_cohort.py")]) == ["its code changed"]
    assert said(["0" * 16], [code_hash("mammoflow/models/probes.py")]) == ["its code changed"]
    assert said(["0" * 16], [digest("1")]) == ["image files of shard 1: some are new, gone or touched"]
    assert said(["0" * 16], [digest("reports")]) == ["files of reports: some are new, gone or touched"]
    assert said(["0" * 16], [digest("annotations", prefix="dataset.")]) == [
        "files of annotations: some are new, gone or touched"
    ]
    both = [[digest("0"), "0" * 16], [digest("0"), digest("1", names_only=True)]]
    assert said(*([one] for one in both)) == ["image files of shard 1: some are new, gone or touched"]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        # A setting is named where only one has this value, or this key and value; else its values must do.
        ([7], [2000], "setting evaluation.resamples changed from 7 to 2000"),
        ([200], [1], "a setting changed from 200 to 1"),
        ([{"batch": 64}], [{"batch": 32}], "setting batch changed from 64 to 32"),
        (
            [{"a": {"seconds": 9}, "b": 1}],
            [{"a": {"seconds": 30}, "b": 1}],
            "setting scan.seconds changed from 9 to 30",
        ),
        ([{"x": 1}], [{"x": 1, "side": 9}], "setting side is new: 9"),
        ([{"x": 1, "y": 2}], [{"y": 2, "x": 1}], "settings are written in another order"),
        ([{"x": 1, "side": 9}], [{"x": 1}], "setting side is gone"),
        ([{"x": 1}], [{"x": 1, "own": {"y": 2}}], "setting own is new"),
        ([["b", "a"]], [["a", "c"]], "a setting changed: now with c, now without b"),
        ([[1, 2]], [[2, 1]], "a setting changed: in another order"),
        ([], ["x" * 90], f"a setting is new: {'x' * 57}..."),
        (["old"], [[1]], "a setting is new: [1]"),
        (["old"], [], "a setting is gone"),
    ],
)
def test_a_setting_is_named(before, now, expected):
    assert words(before, now) == [expected]


def test_a_dictionary_is_compared_with_the_one_that_it_was():
    before, now = [{"a": 1, "b": 2}, {"seconds": 9}], [{"seconds": 30}, {"a": 1, "b": 3}]
    assert words(before, now) == ["setting b changed from 2 to 3", "setting scan.seconds changed from 9 to 30"]


def test_values_that_python_did_not_write_are_no_error():
    assert explain.changed_params("something else", config=SHIPPED, private=Path("nowhere")) == ["a parameter changed"]
    assert explain.changed_params("before: <x> now: <y> ", config=SHIPPED, private=Path("x")) == ["a parameter changed"]


def test_a_wrong_configuration_gives_its_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("splitt: {}\n")
    assert explain.main(["--config", "mine.yaml"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "splitt is {}; there is no such key" in said.err
