"""How long Snakemake takes before it does anything: with 4,640, 100,000 and 1,000,000 images, beside the limits.

Run with: make bench; for other numbers of images: .venv/bin/python -P benchmarks/scale.py 4640 100000 1000000

Nothing is decoded and no stage is run. The images and reports of a hospital are empty files, every output that the
rules declare is a line of text, and `snakemake --touch` writes what Snakemake notes of each. So what is timed is what
a user waits for who types `snakemake` where everything is there. The walk over the folders stands beside `find`, which
asks the same of each file; both are the better of two, in seconds of a core for 100,000 files.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from mammoflow import inputs, layouts

# Shards by the advice of config.yaml, and the seconds that a call may take in which there is nothing to be done.
SHARDS = {4_640: 4, 100_000: 100, 1_000_000: 1_000}
MOST_SECONDS = {4_640: 5, 100_000: 20, 1_000_000: 90}
# The third takes a quarter of an hour, most of it for Snakemake's notes.
SIZES = (4_640, 100_000)
MOST_SECONDS_OF_WALK = 1  # of a core, for 100,000 files
COLUMNS = ("images", "shards", "jobs", "walk", "find", "verdict", "walk and rules", "nothing to be done")
COLUMNS += ("limit", "verdict", "start of a job")
FOLDERS = ("images", "reports")
VIEWS = ("L_CC", "L_MLO", "R_CC", "R_MLO")


def main() -> None:
    """Print the table."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    print(f"load before: {os.getloadavg()[0]:.1f}")
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---" * len(COLUMNS) + "|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(measured(size, Path(folder)), flush=True)


def measured(size: int, folder: Path) -> str:
    """A row of the table."""
    shards, limit = SHARDS.get(size, -(-size // 1_000)), MOST_SECONDS.get(size)
    make_hospital(folder, images=size, shards=shards)
    jobs = make_results(folder)
    walk, find = walked(folder, shards=shards)
    rules = timed(folder, "--list-rules")
    nothing = timed(folder, "--cores", "2")
    # As Snakemake starts a job of its own: the Snakefile is read once more, but no folder.
    job = timed(folder, "--mode", "subprocess", "--list-rules")
    verdict = "" if limit is None else "met" if nothing.seconds <= limit else "not met"
    counts = " | ".join(f"{number:,}" for number in (size, shards, jobs))
    own = "met" if walk <= MOST_SECONDS_OF_WALK else "not met"
    walks = f"{walk:.2f} s | {find:.2f} s | {own}"
    return f"| {counts} | {walks} | {rules} | {nothing} | {limit or '-'} s | {verdict} | {job} |"


def make_hospital(folder: Path, *, images: int, shards: int) -> None:
    """A folder for each exam, of four views, by year and patient; reports beside them; and the configuration."""
    for exam in range(-(-images // len(VIEWS))):
        place = folder / "images" / str(2014 + exam % 6) / f"patient{exam % (images // 5):07d}" / f"exam{exam:07d}"
        place.mkdir(parents=True)
        for view in VIEWS[: images - len(VIEWS) * exam]:
            (place / f"{view}.dcm").touch()
        report = folder / "reports" / f"{exam // 1_000}" / f"exam{exam:07d}.txt"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.touch()
    (folder / "mine.yaml").write_text(
        f"dataset: {{kind: folder, images: images, reports: reports}}\nshards: {shards}\n", encoding="utf-8"
    )


def make_results(folder: Path) -> int:
    """Every output that the rules declare, and Snakemake's notes of them; how many jobs would have made them."""
    listed = _snakemake(folder, "--summary").stdout.splitlines()
    header = next(number for number, line in enumerate(listed) if line.startswith("output_file"))
    outputs = [line.split("\t") for line in listed[header + 1 :]]
    for output, *_ in outputs:
        path = folder / output
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{output}\n", encoding="utf-8")
    told = _snakemake(folder, "--touch", "--forceall", "--cores", "2").stderr
    # The record of the run, which no touching makes.
    _snakemake(folder, "--cores", "2")
    return int(told.rsplit(" steps (100%) done", 1)[0].rsplit(" of ", 1)[1])


def walked(folder: Path, *, shards: int) -> tuple[float, float]:
    """Seconds of a core for 100,000 files: of the lists that are written when Snakemake starts, and of `find`."""
    own, found = [], []
    for _ in range(2):
        cost, files = asked_by_find(folder)
        found.append(cost)
        # In a process of its own: what it holds would count as memory of the processes that are started next.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            own.append(pool.submit(listed, folder, shards=shards).result())
    return min(own) * 100_000 / files, min(found) * 100_000 / files


def listed(folder: Path, *, shards: int) -> float:
    """Seconds of a core of the walk that Snakemake begins with."""
    places = {name: str(folder / name) for name in FOLDERS}
    layout = layouts.of({"kind": "folder", **places}, {"source": "reports"}, {})
    start = time.process_time()
    inputs.list_files(layout, shards=shards, private=folder / "private")
    return time.process_time() - start


def asked_by_find(folder: Path) -> tuple[float, int]:
    """Seconds of a core of `find` that asks the same of each file, and how many files there are."""
    command = ["find", *FOLDERS, "-type", "f", "-printf", "%s %T@ %p\n"]
    before = os.times()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as find:
        files = sum(1 for _ in find.stdout or ())
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used, files


@dataclass(frozen=True)
class Cost:
    """What a call took: seconds of the clock, those of a processor, and the most memory."""

    seconds: float
    cpu: float
    gigabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.cpu:.1f} s of a core), {self.gigabytes:.2f} GB"


def timed(folder: Path, *arguments: str) -> Cost:
    """Cost of Snakemake with these arguments, which must find nothing to do."""
    with open(folder / "told", "w+", encoding="utf-8") as told:
        start = time.perf_counter()
        process = subprocess.Popen(_command(folder, *arguments), stdout=told, stderr=told)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        told.seek(0)
        said = told.read()
    if status or ("--list-rules" not in arguments and "Nothing to be done" not in said):
        raise SystemExit(f"snakemake {' '.join(arguments)} did not end as it should:\n{said[-5000:]}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20)


def _snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(folder, *arguments), capture_output=True, text=True, check=True)


def _command(folder: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    return [*command, "--configfile", str(folder / "mine.yaml"), *arguments]


if __name__ == "__main__":
    main()
