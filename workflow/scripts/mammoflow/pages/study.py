"""What is said of a run in a manuscript: the tables and settings that sentences are made from, and how they count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mammoflow import accounts
from mammoflow.pages.html import counted
from mammoflow.pages.labels import spoken
from mammoflow.tasks import Task

# Public data sets, by the configuration's dataset.kind, as their authors call them.
DATASETS = {
    "cdd_cesm": "CDD-CESM",
    "vindr_mammo": "VinDr-Mammo",
    "inbreast": "INbreast",
    "rsna": "RSNA Screening Mammography Breast Cancer Detection",
    "embed": "EMBED",
    "cbis_ddsm": "CBIS-DDSM",
    "mini_mias": "mini-MIAS",
    "dmid": "DMID",
}


@dataclass(frozen=True)
class Study:
    """A run. Frames are of the tables of their names; what a run has not got is empty, or None.

    `experiments` are all that were predicted, with their settings, and `shown` those of them that were measured;
    `views` of one are empty where it predicts all. `tunings` and `probes` are how those of methods fine_tune and
    linear_probe train, and `choices` what was tried on validation images. The tables of recipes in `frozen` are an
    earlier run's.
    """

    task: Task
    config: dict[str, Any]  # as it may be shown
    experiments: dict[str, dict[str, Any]]
    shown: Sequence[str]
    views: dict[str, list[str]]
    images: pd.DataFrame
    exams: pd.DataFrame
    labels: pd.DataFrame
    classes: pd.DataFrame
    test_patients: pd.DataFrame
    manifests: dict[int, pd.DataFrame]
    matching: dict[str, pd.DataFrame]
    frozen: Sequence[str]
    reports: pd.DataFrame | None
    audit: pd.DataFrame | None
    tunings: dict[str, dict[str, Any]]
    probes: dict[str, dict[str, Any]]
    choices: dict[str, pd.DataFrame]

    @property
    def first(self) -> pd.DataFrame:
        """The manifest of the first seed."""
        return self.manifests[min(self.manifests)]

    @property
    def is_demo(self) -> bool:
        """Whether images and reports were made by this workflow."""
        return bool(self.config["dataset"]["kind"] == "demo")

    @property
    def is_untrained(self) -> bool:
        """Whether models have random weights, so that their numbers mean nothing."""
        return bool(self.config["weights"] == "random")

    @property
    def accepted(self) -> pd.DataFrame:
        """Images that could be used."""
        return self.images[self.images["status"] == "accepted"]

    @property
    def included(self) -> pd.DataFrame:
        """Exams with an accepted image and a label."""
        return self.exams[self.exams["included"]]

    def named(self, *methods: str) -> list[str]:
        """The experiments of these methods."""
        return [name for name, own in self.experiments.items() if own["method"] in methods]

    def n_test_patients(self) -> int:
        """Patients in the test set."""
        return int(accounts.test_images(self.first)["patient_id"].nunique())


def sizes(manifest: pd.DataFrame) -> str:
    """Patients, exams and images in words."""
    return series([counted(manifest[f"{thing}_id"].nunique(), thing) for thing in ("patient", "exam", "image")])


def reasons(frame: pd.DataFrame) -> str:
    """Rows by reason, commonest first: "12 duplicate, 3 truncated"."""
    return ", ".join(f"{row.n:,} {spoken(row.reason)}" for row in accounts.tally(frame, ["reason"]).itertuples())


def series(parts: Sequence[str]) -> str:
    """Things in words, the last two joined by and."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def percent(share: float) -> str:
    """A share in percent, without decimals that are 0."""
    return f"{100 * share:g} %"
