"""Files are there whole or not at all."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mammoflow import files

SCRIPTS = Path(files.__file__).resolve().parent.parent


def test_writes_and_makes_the_folder(tmp_path):
    path = tmp_path / "a" / "b" / "c.txt"
    files.write_text("mañana\r\n", path)
    assert path.read_bytes() == "mañana\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_mode(tmp_path):
    files.write_text("x", tmp_path / "x", mode=0o600)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("umask", "mode", "expected"), [(0o077, 0o644, 0o600), (0o027, 0o644, 0o640), (0, 0o644, 0o644), (0, 0o600, 0o600)]
)
def test_the_umask_takes_away_and_never_gives(tmp_path, umask, mode, expected):
    before = os.umask(umask)
    try:
        with files.atomic(tmp_path / "x", mode=mode) as temporary:
            temporary.unlink()
            temporary.write_text("made anew, as some libraries do")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == expected


def test_private_file_is_never_open_while_it_is_written(tmp_path):
    with files.atomic(tmp_path / "x", mode=0o600) as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600


def test_keeps_the_suffix_and_the_folder(tmp_path):
    with files.atomic(tmp_path / "x.png") as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_exception_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(error), files.atomic(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_exception_where_there_was_no_file(tmp_path):
    with pytest.raises(ValueError), files.atomic(tmp_path / "x.txt"):
        raise ValueError
    assert list(tmp_path.iterdir()) == []


def test_kill_during_a_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    program = (
        "import sys, time\n"
        "from mammoflow.files import atomic\n"
        "with atomic(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
    ) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=30) == -signal.SIGKILL
    assert path.read_text() == "old"
    files.write_text("new", path)
    assert path.read_text() == "new"


def test_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"\x00\xff" * 1000)
    assert files.sha256(tmp_path / "x") == hashlib.sha256(b"\x00\xff" * 1000).hexdigest()
