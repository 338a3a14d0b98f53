"""What happens when things go wrong: kills, a full disk, inputs that change or cannot be written, two runs at once."""

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors.numpy import save_file

from mammoflow import disks, files, tables, user_tables, work
from mammoflow.errors import UserError
from mammoflow.guard import Guard
from mammoflow.reports.reading import read_files
from tests import kills
from tests.test_scanning import mammogram, saved, scan, scanner
from tests.test_workflow import SMALL, checkout, content, write_config

__all__ = ["checkout", "scanner"]
SCRIPTS = Path(work.__file__).parent.parent
STAGES = (
    ("results/png/paper/0.tsv", "results/png/paper/1.tsv"),
    ("results/predictions/linear_probe/seed1.tsv", "results/predictions/convnext/seed1.tsv"),
    ("results/metrics/comparisons.tsv", "results/figures/outline.png"),
)
EVERYTHING = [target for stage in STAGES for target in stage]


def cohort(place):
    """A folder for a small cohort."""
    place.mkdir()
    write_config(place, SMALL | {"run": ["linear_probe", "convnext", "majority"]})
    return place


@pytest.fixture(scope="module")
def calm(checkout):
    """A folder in which nothing went wrong, and the jobs and seconds of each stage."""
    directory = cohort(checkout.parent / "calm")
    return directory, kills.undisturbed(checkout, directory, STAGES)


@pytest.mark.workflow
def test_killed_runs_end_in_the_same_bytes(calm, checkout):
    """Started again by the same command each time, with neither --unlock nor --rerun-incomplete."""
    expected, took = calm
    names = iter(range(99))

    def fresh():
        return cohort(checkout.parent / f"killed{next(names)}")

    played = list(kills.rounds(checkout, fresh, expected, took, number=3, seed=0, stages=STAGES))
    assert {one.result for one in played} == {kills.SAME}, played
    assert sum(bool(one.killed) for one in played) == 3


# A full disk


@pytest.fixture
def small_disk(tmp_path):
    """Gives a folder a file system of its own, and sets its size; it is taken away at the end."""
    mounted = []

    def resize(folder, size):
        if folder not in mounted:
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
            if done.returncode:
                pytest.skip("needs root, or the right to mount: no small disk could be had")
            mounted.append(folder)
        subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)

    yield resize
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder, small_disk):
    """Leave no room on the disk of a folder, as another program would."""
    about = os.statvfs(folder)
    small_disk(folder, (about.f_blocks - about.f_bfree) * about.f_frsize)


# What is made, what of it is deleted beforehand, and whose appearance says that the job has begun.
FULL = {
    "scan": ("results/images/shards/0.tsv", "results/work/pictures", "results/logs/scan_images/0.log"),
    "export": ("results/png/paper/0.tsv", "results/png/paper/0", "results/logs/export_pngs/paper/0.log"),
    "embedding": ("results/embeddings/biomedclip/paper/0.tsv", "results/work/embeddings",
                  "results/logs/embed_images/biomedclip/paper/0.log"),
    "training": ("results/predictions/convnext/seed1.tsv", "results/work/fine_tuning",
                 "results/work/fine_tuning/*.begun/rows.safetensors"),
}  # fmt: skip


@pytest.mark.workflow
@pytest.mark.parametrize("stage", FULL)
def test_a_full_disk_stops_the_run_which_then_goes_on(calm, checkout, small_disk, stage):
    expected, _ = calm
    target, kept, begun = FULL[stage]
    # Side by side: Snakemake knows a shipped file by its path from the working directory.
    directory = checkout.parent / f"full_{stage}"
    directory.mkdir()
    small_disk(directory, "500m")
    shutil.copytree(expected, directory, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(directory / kept)
    for path in [directory / target, *directory.glob(begun)]:
        path.unlink()
    process = kills.started(checkout, directory, [target])
    while not list(directory.glob(begun)) and process.poll() is None:
        time.sleep(0.01)
    fill(directory, small_disk)
    assert process.wait(timeout=300) == 1
    said = kills.said(directory)
    lines = {line for line in said.splitlines() if line.startswith("mammoflow: ")}
    assert lines == {
        f"mammoflow: no room is left on the disk of {directory}, mounted at {directory}, or your quota of it is used "
        "up; make room and run the same command again: what is finished is kept"
    }
    assert "Traceback" not in said
    assert not (directory / target).exists()
    assert sizes(directory / kept).items() <= sizes(expected / kept).items()
    small_disk(directory, "500m")
    assert kills.started(checkout, directory, [target]).wait(timeout=300) == 0, kills.said(directory)
    assert content(directory) == content(expected)


def sizes(folder):
    """Bytes of each file that a job would take for whole: neither hidden, nor in a folder of something begun."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    whole = [path for path in paths if not any(re.match(r"\.|.*\.(begun|lock)$", part) for part in path.parts)]
    return {str(path): (folder / path).stat().st_size for path in whole}


def cut_short(path):
    with open(path, "wb") as file:
        torch.save({"x": torch.zeros(10**6)}, file)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(bytes(10**7)),
        lambda path: np.save(path, np.zeros(10**6)),
        lambda path: save_file({"x": np.zeros(10**6)}, path),
        lambda path: torch.save({"x": torch.zeros(10**6)}, path),
        cut_short,
    ],
    ids=["python", "numpy", "safetensors", "torch", "torch in a file"],
)
def test_a_full_disk_is_known_by_whatever_a_library_raises(small_disk, tmp_path, write):
    small_disk(tmp_path, "256k")
    with pytest.raises(Exception) as raised:
        write(tmp_path / "x")
    assert disks.is_full(raised.value)


def test_no_other_error_is_taken_for_a_full_disk(tmp_path):
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(OSError, match=r"Errno") as raised:
            path.read_bytes()
        assert not disks.is_full(raised.value)


def test_a_scan_stops_at_a_full_disk_and_quarantines_nothing(small_disk, tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0))
    path = saved(dataset, tmp_path / "image.dcm")
    scanner.work.mkdir()
    small_disk(scanner.work, "16k")
    with Guard(scanner.scan, seconds=30, gigabytes=2) as guarded:
        with pytest.raises(Exception) as raised:
            guarded((path.name, str(path)))
        assert disks.is_full(raised.value)
        assert not [one for one in scanner.work.rglob("*") if one.is_file()]
        small_disk(scanner.work, "1m")
        assert guarded((path.name, str(path)))["status"] == "accepted"


def script(directory, *lines, **options):
    """A script that logs to results/logs/x.log, in a process of its own."""
    body = ["from mammoflow.logs import log_to", "with log_to('results/logs/x.log'):", *(f"    {one}" for one in lines)]
    return subprocess.run(
        [sys.executable, "-c", "\n".join(body)], cwd=directory, env={"PYTHONPATH": str(SCRIPTS)}, check=False,
        capture_output=True, text=True, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["print('x' * 10**6)", "open('x', 'wb').write(bytes(10**6))", "raise ValueError('x' * 10**6)"],
    ids=["log", "file", "traceback"],
)
def test_a_full_disk_is_one_line_even_where_it_is_the_logs(small_disk, tmp_path, line):
    small_disk(tmp_path, "256k")
    done = script(tmp_path, line)
    assert (done.returncode, done.stderr.count("mammoflow: no room is left"), done.stderr.count("\n")) == (1, 1, 1)


def test_no_run_begins_on_a_full_disk(small_disk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    disks.check()
    small_disk(tmp_path, "64k")
    with pytest.raises(UserError, match="no room is left on the disk of"):
        disks.check()


# Two runs, and another machine's settings


def german(place):
    """The environment of a machine with decimal commas in another time zone."""
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", place / "de_DE.UTF-8"], check=False)
    if made.returncode:
        pytest.skip("needs localedef and the sources of the locale de_DE (Debian: package locales)")
    settings = os.environ | {"LOCPATH": str(place), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
    comma = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])"
    assert subprocess.check_output([sys.executable, "-c", comma], env=settings, text=True) == ",\n"
    return settings | {"TZ": "Asia/Kathmandu"}


@pytest.mark.workflow
def test_one_run_at_a_time_whatever_the_locale_the_time_zone_and_the_umask(calm, checkout, tmp_path):
    expected, _ = calm
    directory = cohort(checkout.parent / "german")
    first = kills.started(checkout, directory, EVERYTHING, env=german(tmp_path), umask=0)
    holder = directory / ".snakemake/mammoflow.run"
    while not (holder.exists() and holder.read_text()) and first.poll() is None:
        time.sleep(0.05)
    (directory / "said.txt").rename(directory / "first.txt")
    second = kills.started(checkout, directory, EVERYTHING)
    assert second.wait(timeout=300) == 1
    ours = [line for line in kills.said(directory).splitlines() if "mammoflow: " in line]
    assert ours == [
        f"mammoflow: another run is at work in {directory} (process {first.pid} on {os.uname().nodename}); "
        "wait for it, or end it"
    ]
    assert "Traceback" not in kills.said(directory)
    assert first.wait(timeout=kills.MOST_SECONDS) == 0, (directory / "first.txt").read_text()[-6000:]
    assert content(directory) == content(expected)
    private = directory / "private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert [path for path in private.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []


def test_a_run_waits_for_jobs_of_a_run_that_was_killed(tmp_path):
    environment = {"PYTHONPATH": str(SCRIPTS)}

    def started(code):
        code = f"from mammoflow import running; {code}"
        return subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    job = started("lock = running.at_work(); print('at work', flush=True); input()")
    job.stdout.readline()
    (tmp_path / ".snakemake/locks").mkdir()
    run = started("running.prepare(); print('begins')")
    told = run.stderr.readline()
    assert told.startswith("mammoflow: jobs of a run that was killed are still at work; waiting for them")
    assert told.endswith(f"kill {job.pid}\n")
    assert run.poll() is None
    job.kill()
    job.communicate()
    assert run.communicate(timeout=60)[0] == "begins\n"
    assert not (tmp_path / ".snakemake/locks").exists()


# Inputs


@pytest.mark.workflow
def test_inputs_need_not_be_writable(calm, checkout):
    expected, _ = calm
    images, reports = (expected / "results/demo" / name for name in ("images", "reports"))
    directory = checkout.parent / "read_only"
    directory.mkdir()
    dataset = {"kind": "folder", "images": str(images), "reports": str(reports)}
    mine = write_config(directory, SMALL | {"dataset": dataset, "run": ["majority"]})
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/x" && exec "$@"'
    alone = ["unshare", "--mount", "sh", "-c", mount, expected / "results/demo"]
    if subprocess.run([*alone, "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs root, or the right to mount: no folder could be made read-only")
    made = ["results/images/images.tsv", "results/labels/labels.tsv"]
    snakemake = [sys.executable, "-m", "snakemake", "-s", checkout / "Snakefile", "--directory", directory]
    command = [*alone, *snakemake, "--cores", "2", *made, "--configfile", mine]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    for path, table in zip(made, (tables.IMAGES, tables.LABELS), strict=True):
        own, other = (tables.read(folder / path, table) for folder in (directory, expected))
        assert own["status"].value_counts().to_dict() == other["status"].value_counts().to_dict()


@pytest.fixture
def changing():
    """Changes the time of a file over and over until the test is done."""
    ended, threads = threading.Event(), []

    def change(path):
        number = 0
        while not ended.is_set():
            number += 1
            os.utime(path, ns=(number, number))

    def begin(path):
        threads.append(threading.Thread(target=change, args=(path,)))
        threads[-1].start()

    def end():
        ended.set()
        for thread in threads:
            thread.join()

    begin.end = end
    yield begin
    end()


def test_an_image_that_changes_while_it_is_read_is_quarantined_until_it_stays(tmp_path, scanner, changing):
    dataset, _ = mammogram(np.random.default_rng(0))
    path = saved(dataset, tmp_path / "image.dcm")
    with open(path, "ab") as file:
        file.write(bytes(50_000_000))  # so that reading takes a while
    changing(path)
    row = scan(scanner, path)
    assert (row["status"], row["reason"]) == ("quarantined", "changed")
    assert "file_blake3" not in row
    assert not scanner.work.exists()
    changing.end()
    assert scan(scanner, path)["status"] == "accepted"


def test_a_report_that_changes_while_it_is_read_is_unreadable(tmp_path, changing):
    path = tmp_path / "1.txt"
    path.write_text("Mamas densas. " * 60_000)
    changing(path)
    read = [read_files([("1.txt", str(path))], exam_key="AccessionNumber")[0].held.reason for _ in range(50)]
    assert "changed" in read


def test_a_table_that_changes_while_it_is_read_is_no_table(tmp_path, changing):
    path = tmp_path / "labels.csv"
    path.write_text("exam,label\n" + "1,a\n" * 100_000)
    changing(path)
    with pytest.raises(UserError, match=r"labels\.csv changed while it was read; run again when it stays as it is"):
        user_tables.read(path, {"labels.id_column": "exam"})


def test_what_grows_is_noticed_and_what_is_replaced_is_read_to_its_end(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(files.Changed), files.steady(path), open(path, "a") as other:
        other.write("er")
    with open(path, "rb") as file, files.steady(file.fileno()):
        files.write_text("new", path)
        assert file.read() == b"older"


# Workers


def test_a_training_that_outlives_its_job_is_not_joined_by_another(tmp_path):
    code = """
from pathlib import Path
from mammoflow import work
from mammoflow.models import job
work.resumable(Path("key"), lambda place: job.start(place, processes=2))
"""
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    launched = []
    while not launched:
        assert process.poll() is None
        time.sleep(0.01)
        with contextlib.suppress(psutil.NoSuchProcess):  # libraries start others, for a moment
            children = psutil.Process(process.pid).children()
            launched = [child for child in children if "torch.distributed.run" in child.cmdline()]
    try:
        process.kill()
        process.wait()
        with pytest.raises(UserError, match=r"key\.begun is being made by another process; wait for it, or end it"):
            work.resumable(tmp_path / "key", lambda place: None)
    finally:
        launched[0].kill()
    psutil.wait_procs(launched)
    assert work.resumable(tmp_path / "key", lambda place: None)


def survive(path):
    """Kills itself once, as a system without memory would."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_decoder_that_somebody_kills_is_asked_once_more(tmp_path):
    with Guard(survive, seconds=30, gigabytes=1) as guard:
        assert guard(tmp_path / "killed") == "done"
