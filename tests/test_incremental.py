"""What a change costs: jobs and expensive work, exactly as docs/incremental.md says, and why, as `make explain` says.

UPDATE_DOCS=1 in the environment writes what was measured into that page.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from mammoflow import configuration
from mammoflow.demo import mammograms, patients, reports
from mammoflow.models import random_models
from tests.conftest import REPO
from tests.test_workflow import content, copy_workflow, run, write_config

pytestmark = [pytest.mark.workflow, pytest.mark.long]

PAGE = REPO / "docs/incremental.md"
SETTINGS = {
    "shards": 1,
    "split": {"seeds": [1], "min_patients_per_class": 3},
    "few_shot": {"experiments": []},
    "evaluation": {"resamples": 200},
    "experiments": {"linear_probe": {"max_epochs": 2}, "convnext": {"max_epochs": 2}},
    "run": ["linear_probe", "convnext", "majority"],
}
# Units of expensive work, and where the logs of which rule count them.
UNITS = {
    "files decoded": ("scan_images", r"decoded (\d+) of"),
    "images encoded": ("embed_images", r"encoded (\d+) of"),
    "in batches": ("embed_images", r"in (\d+) batches"),
    "epochs of the probe": ("linear_probe", r"trained (\d+) epochs"),
    "epochs of the network": ("fine_tune", r"trained (\d+) epochs"),
}
EXAMS = patients.exams(count=24, seed=5, class_mix="equal")
# Exams that nothing is wrong with: one that is not there at first, one that goes, one whose report changes.
NEW, GONE, TOLD = [exam for exam in EXAMS if not exam.fault][:3]


@dataclass(frozen=True)
class Case:
    """A clone of the workflow that runs in its own folder, and a hospital's folder beside it."""

    place: Path

    @property
    def clone(self):
        return self.place / "clone"

    def report(self, exam):
        return self.place / f"hospital/reports/{exam.accession}.txt"

    def configure(self, **changed):
        """Write the configuration: SETTINGS, with these sections merged into it."""
        folder = {"images": str(self.place / "hospital/images"), "reports": str(self.place / "hospital/reports")}
        settings = SETTINGS | {"dataset": {"kind": "folder"} | folder}
        for section, own in changed.items():
            old = settings.get(section)
            settings[section] = old | own if isinstance(old, dict) else own
        write_config(self.clone, settings)

    def edit(self, module):
        path = self.clone / f"workflow/scripts/mammoflow/{module}.py"
        path.write_text(path.read_text() + "\n# An edit.\n")


def export(folder, exams):
    """Images and reports of exams as a hospital's folder."""
    for file in patients.image_files(exams):
        path = folder / "images" / file.relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mammograms.encode(file))
    (folder / "reports").mkdir(exist_ok=True)
    for exam in exams:
        if report := reports.report(exam):
            (folder / "reports" / f"{exam.accession}.txt").write_text(report.text, encoding="utf-8")


def add_with_frozen_tables(case):
    shutil.copytree(case.clone / "results/matching/paper", case.place / "frozen")
    assert all((case.place / "frozen" / name).is_file() for name in configuration.FROZEN)
    case.configure(recipes={"paper": {"frozen": str(case.place / "frozen")}})
    add(case)


def add(case):
    export(case.place / "hospital", [NEW])


def remove(case):
    for file in patients.image_files([GONE]):
        (case.place / "hospital/images" / file.relative).unlink()
    case.report(GONE).unlink()


def mend_a_typo(case):
    path = case.report(TOLD)
    path.write_text(path.read_text(encoding="utf-8") + "\nSin otros hallazgos.\n", encoding="utf-8")


def change_a_label(case):
    other = dataclasses.replace(TOLD, density="d" if TOLD.density != "d" else "b")
    case.report(TOLD).write_text(reports.report(other).text, encoding="utf-8")


def add_an_experiment(case):
    probe = {"method": "linear_probe", "recipe": "paper", "encoder": "biomedclip", "learning_rate": 0.01}
    case.configure(experiments={"faster": probe | {"max_epochs": 2}}, run=[*SETTINGS["run"], "faster"])


def edit_a_figure(case):
    case.edit("figures/confusion")


def edit_a_module(case):
    case.edit("cohort")


def edit_the_training(case):
    case.edit("models/probes")


def move(case):
    """What a run wrote, into a fresh clone in another folder."""
    old = case.place / "old"
    case.clone.rename(old)
    copy_workflow(old, case.clone)
    for path in case.clone.rglob("*"):
        os.utime(path)
    for name in ("results", "private", ".snakemake", "mine.yaml"):
        (old / name).rename(case.clone / name)


def touch_what_is_ours(case):
    for path in sorted(case.clone.rglob("*")):
        os.utime(path)


def touch(case):
    for path in sorted(case.place.rglob("*")):
        os.utime(path)


def raise_the_lock(case):
    lock = case.clone / "requirements.lock"
    text = lock.read_text()
    assert re.search(r"^timm==\S+", text, re.MULTILINE)
    lock.write_text(re.sub(r"^timm==\S+", "timm==99.0.0", text, flags=re.MULTILINE))


FIRST = "the first run, of 23 exams"
CHANGES = {
    "one exam more, matching tables frozen": add_with_frozen_tables,
    "one exam more, matching tables fitted again": add,
    "one exam less": remove,
    "a report says something more, its label stays": mend_a_typo,
    "a report says otherwise, and its label changes": change_a_label,
    "one experiment more: another learning rate of the probe": add_an_experiment,
    "a figure's module edited": edit_a_figure,
    "a module of the library edited: who is in the cohort": edit_a_module,
    "the code edited that trains probes": edit_the_training,
    "`results/`, `private/` and `.snakemake/` moved into a fresh clone elsewhere": move,
    "configuration, code and results touched": touch_what_is_ours,
    "everything touched: images, reports, configuration, code and results": touch,
    "`requirements.lock` edited, a version raised": raise_the_lock,
}
# Where nothing real changed: no label, picture or setting, and not the code that computes the expensive.
NOTHING_REAL = (mend_a_typo, edit_a_figure, edit_a_module, raise_the_lock, move, touch_what_is_ours, touch)


@dataclass(frozen=True)
class Measured:
    """Jobs by rule, units of expensive work, and what it begins with, in the words of `make explain`."""

    jobs: Counter
    units: dict[str, int]
    begins: list[str]


def explained(case):
    """What `make explain` prints, by its command."""
    done = subprocess.run(
        [sys.executable, "-m", "mammoflow.explain", "--config", "mine.yaml"],
        cwd=case.clone, env=os.environ | {"PYTHONPATH": "workflow/scripts"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def plan_of(said):
    """Jobs by rule, and the lines before those of what follows, in the words of `make explain`."""
    begins, _, follows = said.partition("\nThese follow:\n")
    lines = re.findall(r"^  (\w+) +(\d+) jobs?  (.*)$", begins, re.MULTILINE)
    jobs = Counter({rule: int(count) for rule, count, _ in lines})
    jobs.update({rule: int(count) for rule, count in re.findall(r"^  (\w+) +(\d+) jobs?  ", follows, re.MULTILINE)})
    total = re.match(r"(\d+) jobs? would run\.", said)
    assert jobs.total() == (int(total.group(1)) if total else 0), said
    # Jobs that could start at once stand in any order.
    return jobs, sorted(f"`{rule}`: {words}" for rule, _, words in lines) or [said.strip()]


def started(output):
    return Counter(re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE))


def units(clone):
    """Units of expensive work by the logs that are there."""

    def count(rule, pattern):
        logs = [path.read_text() for path in (clone / "results/logs" / rule).rglob("*.log")]
        assert all(re.search(pattern, log) for log in logs)
        return sum(int(re.search(pattern, log).group(1)) for log in logs)

    return {unit: count(*where) for unit, where in UNITS.items()}


def first_run(case):
    """A hospital's first run, to the report."""
    export(case.place / "hospital", [exam for exam in EXAMS if exam is not NEW])
    copy_workflow(REPO, case.clone)
    shutil.copy2(REPO / "requirements.lock", case.clone)
    case.configure()
    # Ids follow from the key, and the split from ids.
    (case.clone / "private").mkdir(mode=0o700)
    (case.clone / "private/id.key").write_text(f"{7:064}\n")
    jobs, begins = plan_of(explained(case))
    assert started(run(case.clone, case.clone)) == jobs
    return Measured(jobs, units(case.clone), begins)


def copied(finished, place):
    """A case like the finished one, which a test may change; that it lies elsewhere changes nothing."""
    shutil.copytree(finished.place, place, symlinks=True)
    case = Case(place)
    case.configure()
    return case


def train_again(case, jobs):
    """One call of Snakemake, as far as anything expensive goes; its units. The jobs are those that were planned."""
    shutil.rmtree(case.clone / "results/logs")
    begun = started(run(case.clone, case.clone, "--until", "linear_probe", "fine_tune"))
    assert begun <= jobs
    assert begun.keys() >= jobs.keys() & {rule for rule, _ in UNITS.values()}
    return units(case.clone)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A case after its first run, and what that cost; never changed."""
    case = Case(tmp_path_factory.mktemp("first"))
    return case, first_run(case)


@pytest.fixture(scope="module")
def harmless(finished, tmp_path_factory):
    """All changes of nothing real, one after the other, and then one call: its units, and whether results changed."""
    case = copied(finished[0], tmp_path_factory.mktemp("harmless") / "case")
    before = content(case.clone)
    for change in NOTHING_REAL:
        change(case)
    jobs, _ = plan_of(explained(case))
    assert jobs.keys() >= {rule for rule, _ in UNITS.values()}
    return train_again(case, jobs), content(case.clone) == before


@pytest.fixture(scope="module")
def measured(finished, harmless, tmp_path_factory):
    """What each change costs that is made after the first run."""
    found = {FIRST: finished[1]}
    for name, change in CHANGES.items():
        case = copied(finished[0], tmp_path_factory.mktemp("changed") / "case")
        change(case)
        jobs, begins = plan_of(explained(case))
        found[name] = Measured(jobs, harmless[0] if change in NOTHING_REAL else train_again(case, jobs), begins)
        shutil.rmtree(case.place)
    return found


def row(*cells):
    return f"| {' | '.join(map(str, cells))} |"


def as_page(measured):
    """The tables of docs/incremental.md, with what was measured."""
    numbered = list(enumerate(measured.values()))
    rules = sorted({rule for _, own in numbered for rule in own.jobs})
    units_of_jobs = [
        row("", "change", "jobs", *UNITS),
        row(*["---"] * (3 + len(UNITS))),
        *(
            row(place, name, own.jobs.total(), *own.units.values())
            for place, (name, own) in enumerate(measured.items())
        ),
    ]
    causes = [
        row("", "`make explain` says that it begins with"),
        row("---", "---"),
        *(
            row(place, "<br>".join(own.begins if place else ["everything: no result is there"]))
            for place, own in numbered
        ),
    ]
    jobs_of_rules = [
        row("jobs of", *(place for place, _ in numbered)),
        row(*["---"] * (1 + len(numbered))),
        *(row(f"`{rule}`", *(own.jobs[rule] or "" for _, own in numbered)) for rule in rules),
    ]
    return "\n".join([*units_of_jobs, "", *causes, "", *jobs_of_rules])


def test_the_documented_tables_are_what_was_measured(measured):
    found = as_page(measured)
    print(found)
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    documented, end, after = rest.partition("\n<!-- end -->")
    assert mark and end
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(before + mark + found + end + after, encoding="utf-8")
    else:
        assert documented == found, "UPDATE_DOCS=1 writes the tables"


def test_where_nothing_real_changed_nothing_expensive_is_done_and_no_result_changes(harmless):
    work, same = harmless
    assert work == dict.fromkeys(UNITS, 0)
    assert same


def test_weights_from_another_place_are_the_same_and_all_else_encodes_anew(finished, tmp_path):
    case = copied(finished[0], tmp_path / "case")
    shutil.copytree(case.clone / "results/models/encoders/biomedclip", case.place / "same")
    random_models.make_encoder(case.place / "other", sentences=["a breast"], seed=1)
    places = {name: {"source": f"local-dir:{case.place / name}", "revision": "main"} for name in ("same", "other")}
    changed = {"weights": "pretrained", "encoders": places | {"squashed": places["same"] | {"resize": "squash"}}}

    def encode(*encoders, **more):
        """Of each encoder: images that were encoded, all images, and the log."""
        case.configure(**changed, **more)
        run(case.clone, case.clone, *(f"results/embeddings/{name}/paper/0.tsv" for name in encoders))
        logs = [(case.clone / f"results/logs/embed_images/{name}/paper/0.log").read_text() for name in encoders]
        return [(*map(int, re.search(r"encoded (\d+) of (\d+)", log).groups()), log) for log in logs]

    images = finished[1].units["images encoded"]
    (same, _, _), *others = encode("same", "squashed", "other")
    assert same == 0
    assert [(encoded, of) for encoded, of, _ in others] == [(images, images)] * 2
    ((encoded, of, log),) = encode("same", recipes={"paper": {"longest_side": 200}})
    assert encoded == of == images
    assert "recipe paper has changed" in log
