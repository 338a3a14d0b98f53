"""The record of a run names every file that it left, and tells when one is another."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from mammoflow import run_record, tables, verify
from mammoflow.errors import UserError

PICTURE = "results/png/paper/0/x.png"
REPORT = "results/report/report.html"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory in which a run ended, and which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name in (REPORT, PICTURE, "private/report.html", "private/id.key", "private/inputs/0.tsv"):
        write(tmp_path / name, name)
    for name in ("results/work/pictures/x", "results/logs/scan.log", "results/benchmarks/scan.tsv"):
        write(tmp_path / name, name)
    (tmp_path / "private").chmod(0o700)
    row = {"image_id": "x", "file": PICTURE, "sha256": digest(PICTURE), "tone": "stored_range", "matching": "none"}
    tables.write(tables.frame_of([row], tables.PNGS), "results/png/paper/0.tsv", tables.PNGS)
    for name, path in verify.RECORDS.items():
        run_record.write(tmp_path / path, about={"commit": "c"}, folder=Path(name), progress=iter)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_record_names_what_a_run_left_and_nothing_else(folder):
    record = json.loads((folder / verify.RECORDS["results"]).read_text())
    index = (folder / "results/png/paper/0.tsv").read_bytes()
    assert record["files"] == {
        "results/png/paper/0.tsv": hashlib.sha256(index).hexdigest(),
        REPORT: digest(REPORT),
    }
    assert record["commit"] == "c"
    private = folder / verify.RECORDS["private"]
    assert list(json.loads(private.read_text())["files"]) == ["private/report.html"]
    assert private.stat().st_mode & 0o777 == 0o600


def test_what_is_as_it_was_left_is_verified(folder, capsys):
    assert verify.main() == 0
    assert capsys.readouterr().out == "3 files recorded, with the pictures that they name: all as the run left them\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: write_over(REPORT), f"changed: {REPORT}"),
        (lambda: os.remove(REPORT), f"missing: {REPORT}"),
        (lambda: write_over(PICTURE), f"changed: {PICTURE}"),
        (lambda: os.remove(PICTURE), f"missing: {PICTURE}"),
        (lambda: write_over("results/png/paper/0.tsv"), "changed: results/png/paper/0.tsv"),
        (lambda: write_over("private/report.html"), "changed: private/report.html"),
    ],
)
def test_what_is_not_as_it_was_left_is_named(folder, capsys, change, said):
    change()
    assert verify.main() == 1
    assert said in capsys.readouterr().out.splitlines()


def write_over(path):
    with open(path, "a") as file:
        file.write(" ")


@pytest.mark.parametrize(
    "name", ["results/work/pictures/x", "results/logs/scan.log", "private/inputs/0.tsv", "results/.half.tsv"]
)
def test_what_is_no_result_may_change(folder, capsys, name):
    write_over(name)
    assert verify.main() == 0


def test_a_file_that_came_later_is_told_and_no_fault(folder, capsys):
    write(folder / "results/figures/new.png", "new")
    assert verify.main() == 0
    assert "not in the record: results/figures/new.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not there; it is written when a run ends"),
        ("{", "is no record of a run"),
        ('{"format": 2}', "is a record of format 2; needed: 1"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        run_record.read(path)
