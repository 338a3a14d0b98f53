"""The cluster, and a run of the whole workflow on it and off it."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPO
from tests.slurm import cluster

# Every stage on 24 patients; the two networks are trained for so long that they can be disturbed.
SETTINGS = {
    "demo": {"exams": 24, "class_mix": "equal", "max_epochs": 40},
    "shards": 2,
    "split": {"seeds": [1], "min_patients_per_class": 3},
    "evaluation": {"resamples": 200},
    "experiments": {
        "linear_probe": {"max_epochs": 2},
        "convnext": {"patience": 40},
        "convnext_coral": {"patience": 40},
        "both": {"method": "merge", "of": ["linear_probe", "convnext"]},
    },
    "run": [
        *("zero_shot", "zero_shot_bias", "linear_probe", "convnext", "convnext_coral", "both"),
        *("majority", "histogram_device"),
    ],
    "few_shot": {"experiments": ["linear_probe"], "shots": [1]},
    "translate": {"engine": "marian"},
}
# States are asked for more often than the profile does.
OFTEN = ["--slurm-init-seconds-before-status-checks", 3, "--seconds-between-status-checks", 3]
ON_CLUSTER = ["--workflow-profile", REPO / "profiles/slurm", *OFTEN]


@dataclass(frozen=True)
class Run:
    """A folder in which the workflow has run, what Snakemake said, and the jobs that SLURM ran for it."""

    folder: Path
    output: str
    jobs: list[dict[str, str]]

    def of(self, rule):
        """The jobs of a rule, or of a group of rules, which the plugin writes into their comments."""
        return [job for job in self.jobs if re.fullmatch(f"rule_{rule}(_wildcards_.*)?", job["Comment"])]


def snakemake(folder, *arguments):
    """Snakemake as a user calls it in this folder, with the settings there: the started process."""
    command = [sys.executable, "-m", "snakemake", "-s", REPO / "Snakefile", *arguments, "--configfile", "mine.yaml"]
    return subprocess.Popen(
        list(map(str, command)), cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="surrogateescape",
    )  # fmt: skip


def finished(process):
    """What it said, if it ended well."""
    output, _ = process.communicate()
    assert process.returncode == 0, output[-6000:]
    return output


def prepared(folder):
    folder.mkdir()
    (folder / "mine.yaml").write_text(yaml.safe_dump(SETTINGS))
    return folder


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """The cluster; it has no network but loopback, and neither has anything that runs on it."""
    with cluster.running(tmp_path_factory.mktemp("slurm")):
        yield


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """A folder in which the workflow has run without the cluster."""
    folder = prepared(tmp_path_factory.mktemp("local") / "demo")
    finished(snakemake(folder, "--cores", 2))
    return folder


@pytest.fixture(scope="session")
def on_cluster(slurm, tmp_path_factory):
    """A run on the cluster, from nothing to the report."""
    folder = prepared(tmp_path_factory.mktemp("cluster") / "demo")
    return Run(folder, finished(snakemake(folder, *ON_CLUSTER)), cluster.jobs())
