"""The workflow through profiles/slurm: what jobs ask for, who keeps them apart, and what a killed one loses."""

import re
import shutil
import time
from datetime import datetime
from itertools import combinations, pairwise

import pytest

from tests.slurm import cluster
from tests.slurm.conftest import ON_CLUSTER, finished, snakemake
from tests.test_workflow import content

pytestmark = [pytest.mark.slurm, pytest.mark.workflow]

NETWORKS = ("convnext", "convnext_coral")


def minutes(limit):
    """A time limit as SLURM writes it: days-hours:minutes:seconds, in minutes."""
    days, _, clock = limit.rpartition("-")
    hours, mins, _ = map(int, clock.split(":"))
    return (int(days or 0) * 24 + hours) * 60 + mins


def megabytes(memory):
    number, unit = float(memory[:-1]), memory[-1]
    return int(number * {"M": 1, "G": 1024}[unit])


def asked(job):
    """What a job asked SLURM for: GPUs, megabytes, minutes and cores."""
    gpu = int(job.get("TresPerJob", "gres:gpu:0").removeprefix("gres:gpu:"))
    return gpu, megabytes(job["MinMemoryNode"]), minutes(job["TimeLimit"]), int(job["NumCPUs"])


def declared(plan):
    """The same of each rule in the output of a dry run; `all` declares nothing."""
    found = {}
    for rule, body in re.findall(r"^rule (?!all:)(\w+):\n((?:    .*\n)+)", plan, flags=re.MULTILINE):
        own = dict(re.findall(r"\b(gpu|mem_mb|runtime|threads)(?:=|: )(\d+)", body))
        found[rule] = (int(own.get("gpu", 0)), int(own["mem_mb"]), int(own["runtime"]), int(own.get("threads", 1)))
    return found


def moment(job, name):
    return datetime.fromisoformat(job[name])


def test_tables_and_pictures_are_those_of_a_local_run(on_cluster, local):
    assert (on_cluster.folder / "results/report/report.html").is_file()
    there, here = content(on_cluster.folder), content(local)
    assert sorted(there) == sorted(here)
    assert [name for name in here if there[name] != here[name]] == []


def test_a_second_call_has_nothing_to_do(on_cluster):
    assert "Nothing to be done" in finished(snakemake(on_cluster.folder, *ON_CLUSTER))
    assert len(cluster.jobs()) == len(on_cluster.jobs)


def test_jobs_ask_for_what_their_rules_say(on_cluster):
    # Where all tables are there, because memory follows from their size.
    rules = declared(finished(snakemake(on_cluster.folder, "-n", "--forceall", "--cores", 4)))
    found = {rule: {asked(job) for job in on_cluster.of(rule)} for rule in rules}
    alone = {rule: own for rule, own in found.items() if own}  # those that are in no group
    assert len(alone) > 20
    assert alone == {rule: {rules[rule]} for rule in alone}
    with_gpu = {"embed_images", "embed_prompts", "fine_tune", "translate_reports"}
    assert {rule for rule, own in alone.items() if {gpu for gpu, *_ in own} == {1}} == with_gpu


def test_jobs_of_a_group_are_one_submission(on_cluster):
    """Shards side by side, for which memory and cores add up."""
    assert [asked(job) for job in on_cluster.of("scan_scan_images")] == [(0, 2 * 3048, 240, 2)]
    assert on_cluster.of("scan_images") == []


def test_slurm_and_not_snakemake_keeps_jobs_with_a_gpu_apart(on_cluster):
    with_gpu = sorted((job for job in on_cluster.jobs if asked(job)[0]), key=lambda job: moment(job, "StartTime"))
    for one, other in pairwise(with_gpu):
        assert moment(one, "EndTime") <= moment(other, "StartTime")
    both_in_the_queue = [
        (one["JobId"], other["JobId"])
        for one, other in combinations(with_gpu, 2)
        if moment(other, "SubmitTime") < moment(one, "StartTime") < moment(other, "StartTime")
    ]
    assert both_in_the_queue


@pytest.fixture(scope="module")
def undisturbed(on_cluster, tmp_path_factory):
    """A copy of the run in which both networks are still to be trained."""
    folder = tmp_path_factory.mktemp("disturbed") / "demo"
    shutil.copytree(on_cluster.folder, folder, symlinks=True)
    shutil.rmtree(folder / "results/work/fine_tuning")
    for name in NETWORKS:
        shutil.rmtree(folder / f"results/training/{name}")
        shutil.rmtree(folder / f"results/predictions/{name}")
    return folder


def wait_for_a_checkpoint(folder, *, but_of, process):
    """The running job that trains, and has a checkpoint, in a folder other than these; that folder."""
    for _ in range(600):
        assert process.poll() is None, process.stdout.read()[-6000:]
        new = {place.parent for place in folder.glob("results/work/fine_tuning/*.begun/checkpoint")} - but_of
        running = [job for job in cluster.jobs() if job["JobState"] == "RUNNING"]
        if new and running:
            return running[0], new
        time.sleep(0.5)
    raise AssertionError("no training wrote a checkpoint")


def test_trainings_that_are_requeued_or_cancelled_go_on_to_the_same_bytes(on_cluster, undisturbed):
    folder, before = undisturbed, len(cluster.jobs())
    targets = [f"results/predictions/{name}/seed1.tsv" for name in NETWORKS]
    process = snakemake(folder, *ON_CLUSTER, *targets)
    requeued, seen = wait_for_a_checkpoint(folder, but_of=set(), process=process)
    cluster.requeue(requeued)
    cancelled, _ = wait_for_a_checkpoint(folder, but_of=seen, process=process)
    cluster.cancel(cancelled)
    output = finished(process)
    states = {job["JobId"]: (job["JobState"], job["Restarts"]) for job in cluster.jobs()[before:]}
    assert states.pop(requeued["JobId"]) == ("COMPLETED", "1")
    assert states.pop(cancelled["JobId"]) == ("CANCELLED", "0")
    assert list(states.values()) == [("COMPLETED", "0")], output[-3000:]
    for name in NETWORKS:
        log = (folder / f"results/logs/fine_tune/{name}/seed1.log").read_text()
        assert int(re.search(r"goes on at step (\d+)", log).group(1)) > 0
        for path in (
            f"predictions/{name}/seed1.tsv",
            f"training/{name}/seed1.tsv",
            f"training/{name}/seed1.safetensors",
        ):
            assert (folder / "results" / path).read_bytes() == (on_cluster.folder / "results" / path).read_bytes()
