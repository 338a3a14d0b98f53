"""A log in results/ says what happened without the words of libraries, which may quote a patient."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from mammoflow import logs

SECRET = "Perez^Maria 1961-05-03"


def run(tmp_path, body):
    """Run a script that logs to results/logs/x.log in a process of its own."""
    script = "from mammoflow.logs import log, log_to\nimport logging, warnings\nwith log_to('results/logs/x.log'):\n"
    script += "".join(f"    {line}\n" for line in body)
    return subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(Path(logs.__file__).parent.parent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def logged(tmp_path):
    return (tmp_path / "results/logs/x.log").read_text()


@pytest.mark.parametrize(
    "line",
    [
        f"warnings.warn('Invalid value {SECRET}')",
        f"logging.getLogger('pydicom').warning('Invalid value {SECRET}')",
        f"logging.getLogger('pydicom').error('Invalid value %s', '{SECRET}')",
    ],
)
def test_what_libraries_say_is_known_by_its_kind_only(tmp_path, line):
    done = run(tmp_path, [line, "log.info('3 files')", "print('printed')"])
    assert done.returncode == 0
    text = logged(tmp_path)
    assert SECRET not in text + done.stdout + done.stderr
    assert "INFO 3 files" in text
    assert "printed" in text
    assert "UserWarning from" in text or "from pydicom, line" in text


def test_an_unexpected_error_is_whole_in_private_only(tmp_path):
    done = run(tmp_path, [f"int('{SECRET}')"])
    assert done.returncode == 1
    assert "mammoflow: ValueError, see private/results/logs/x.log" in done.stderr
    assert SECRET not in logged(tmp_path) + done.stdout + done.stderr
    assert "ValueError" in logged(tmp_path)
    whole = tmp_path / "private/results/logs/x.log"
    assert SECRET in whole.read_text()
    assert (whole.stat().st_mode & 0o777, (tmp_path / "private").stat().st_mode & 0o777) == (0o600, 0o700)


def test_an_error_that_the_user_can_mend_is_one_line(tmp_path):
    done = run(tmp_path, ["from mammoflow.errors import UserError", "raise UserError('config: x is 1; allowed: 2')"])
    assert (done.returncode, done.stderr) == (1, "mammoflow: config: x is 1; allowed: 2\n")
    assert "allowed: 2" in logged(tmp_path)
    assert not (tmp_path / "private").exists()


def test_our_logger_is_the_one_that_scripts_use():
    assert logs.log is logging.getLogger("mammoflow")
