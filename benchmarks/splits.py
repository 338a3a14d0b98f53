"""A split of a million images of 250,000 patients: seconds and memory, beside the limits that are promised.

Run with: make bench
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow import splits, tables

PATIENTS, VIEWS = 250_000, 4
SHARES = {"a": 0.12, "b": 0.21, "c": 0.47, "d": 0.20}
JOINED = 0.01  # share of the patients who are one person with the patient before
MOST_SECONDS, MOST_GIGABYTES = 60, 4


def main() -> None:
    """Print the figures."""
    labelled = cohort()
    held = _gigabytes("VmRSS")
    print(f"{len(labelled):,} images of {PATIENTS:,} patients; load before: {os.getloadavg()[0]:.1f}")
    print(f"with the cohort in memory: {held:.2f} GB")
    for unit in tables.UNITS:
        seconds = _split(labelled, unit)
        print(f"unit {unit}: " + ", ".join(f"{name} {own:.1f} s" for name, own in seconds.items()))
        print(f"  all {sum(seconds.values()):.1f} s of at most {MOST_SECONDS}", flush=True)
    print(f"most memory: {_gigabytes('VmHWM'):.2f} GB of at most {MOST_GIGABYTES}")


def cohort() -> pd.DataFrame:
    """Labelled images (`tables.LABELLED_IMAGES`) of patients with ids as long as real ones, in no order."""
    rng = np.random.default_rng(0)
    names = pd.Series([f"{number:016x}" for number in rng.permutation(PATIENTS) * 2**40], dtype=str)
    persons = names.mask(rng.random(PATIENTS) < JOINED, names.shift(fill_value=names[0]))
    one = pd.DataFrame({"patient_id": names, "group_id": persons})
    one["label"] = rng.choice(list(SHARES), PATIENTS, p=list(SHARES.values()))
    images = one.loc[np.repeat(one.index, VIEWS)].reset_index(drop=True)
    place = pd.Series(np.tile(np.arange(VIEWS), PATIENTS)).astype(str)
    images = images.assign(
        image_id=images["patient_id"] + place,
        exam_id=images["patient_id"] + "e",
        laterality=place.map(dict(zip("0123", "LLRR", strict=True))),
        view=place.map(dict(zip("0123", ["CC", "MLO"] * 2, strict=True))),
        device="x",
        official="",
        roi="",
    )
    return images.sample(frac=1, random_state=0, ignore_index=True)[list(tables.LABELLED_IMAGES.columns)]


def _split(labelled: pd.DataFrame, unit: str) -> dict[str, float]:
    """Seconds of each step, downsampling of all subsets included."""
    seconds = {}
    classes, seconds["classes"] = _timed(
        lambda: splits.settle_classes(labelled, list(SHARES), min_patients_per_class=6, small_class="stop")
    )
    test_patients, seconds["test set"] = _timed(
        lambda: splits.hold_out(labelled, classes, unit=unit, test=0.15, test_seed=0)
    )
    options = {"balance": "downsample", "test_balance": "downsample", "test_seed": 0}
    _, seconds["manifest"] = _timed(
        lambda: splits.manifest(labelled, test_patients, classes, seed=1, validation=0.15, **options)
    )
    return seconds


def _timed(make: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, float]:
    start = time.perf_counter()
    return make(), time.perf_counter() - start


def _gigabytes(line: str) -> float:
    """Memory of this process: VmRSS what it holds, VmHWM the most that it held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{line}:")[1].split()[0]) / 2**20


if __name__ == "__main__":
    main()
