"""A result is made once, and a killed making leaves nothing that could be taken for one."""

import subprocess
import sys
from pathlib import Path

import pytest

from mammoflow import work
from mammoflow.errors import UserError


def test_a_result_is_made_once(tmp_path):
    made = []

    def make(place):
        made.append(place)
        (place / "result").write_text("42")

    folder = tmp_path / work.key_of(inputs=["x"], settings={"seed": 1})
    assert work.result(folder, make)
    assert not work.result(folder, make)
    assert (len(made), (folder / "result").read_text()) == (1, "42")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_key_follows_content_not_order():
    assert work.key_of(a=1, b=[1, 2]) == work.key_of(b=[1, 2], a=1)
    assert len({work.key_of(a=1), work.key_of(a=2), work.key_of(b=1)}) == 3


def test_a_failed_making_leaves_nothing(tmp_path):
    def fail(place):
        (place / "half").write_text("4")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        work.result(tmp_path / "key", fail)
    assert list(tmp_path.iterdir()) == []


def test_two_jobs_may_make_the_same_result(tmp_path):
    def make(place):
        for folder in (tmp_path / "key", place):  # the first by another job, meanwhile
            folder.mkdir(exist_ok=True)
            (folder / "result").write_text("42")

    assert work.result(tmp_path / "key", make)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key/result").read_text() == "42"


def test_a_killed_making_is_not_taken_for_a_result(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from mammoflow import work
from mammoflow.errors import UserError
def make(place):
    (place / "half").write_text("4")
    os.kill(os.getpid(), signal.SIGKILL)
work.result(Path(sys.argv[1]), make)
"""
    scripts = Path(work.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "key")], env={"PYTHONPATH": str(scripts)}, check=False
    )
    assert done.returncode == -9
    assert not (tmp_path / "key").exists()
    assert work.result(tmp_path / "key", lambda place: None)


def test_what_was_begun_goes_on_where_it_was(tmp_path):
    def make(place):
        before = (place / "steps").read_text() if (place / "steps").exists() else ""
        (place / "steps").write_text(before + "x")
        if len(before) < 2:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            work.resumable(tmp_path / "key", make)
        assert not (tmp_path / "key").exists()
    assert work.resumable(tmp_path / "key", make)
    assert (tmp_path / "key/steps").read_text() == "xxx"
    assert not work.resumable(tmp_path / "key", make)


def test_two_processes_do_not_go_on_with_the_same(tmp_path):
    def make(place):
        with pytest.raises(UserError, match=r"key\.begun is being made by another process"):
            work.resumable(tmp_path / "key", make)

    assert work.resumable(tmp_path / "key", make)
