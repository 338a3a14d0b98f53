"""The full table of metrics of six experiments, beside a loop over scikit-learn's functions.

Run with: make bench
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# As jobs of one core each.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow import tables
from mammoflow.evaluation import measures, resampling, statistics, units

EXPERIMENTS, SEEDS, RESAMPLES, PATIENTS, CORES = 6, (1, 2, 3), 2000, 1160, 2
CLASSES, SHARES = ["a", "b", "c", "d"], [0.12, 0.21, 0.47, 0.20]
VIEWS = [("L", "CC"), ("L", "MLO"), ("R", "CC"), ("R", "MLO")]
DENSE = ("c", "d")
NAIVE_RESAMPLES = 5
MOST_SECONDS, LEAST_RATIO = 60, 20


def main() -> None:
    """Print the figures."""
    print(f"load before: {os.getloadavg()[0]:.1f}")
    start = time.perf_counter()
    with ProcessPoolExecutor(CORES) as pool:
        rows = sum(pool.map(evaluate, range(EXPERIMENTS)))
    seconds = time.perf_counter() - start
    print(f"{rows:,} rows of metrics: {seconds:.1f} s on {CORES} cores, of at most {MOST_SECONDS}")
    of_naive = sum(naive(level) for level in tables.LEVELS)
    whole = of_naive * RESAMPLES * EXPERIMENTS * len(SEEDS) / CORES
    print(f"scikit-learn, one resample of all levels: {of_naive:.2f} s; multiplied out {whole / 3600:.1f} h on {CORES}")
    print(f"ratio {whole / seconds:.0f}, of at least {LEAST_RATIO}")


def evaluate(experiment: int) -> int:
    """Measure one experiment; the number of rows."""
    of_seeds = {seed: predictions(100 * experiment + seed) for seed in SEEDS}
    found = statistics.evaluate(of_seeds, subsets=["test"], resamples=RESAMPLES, bootstrap_seed=0, dense=DENSE)
    return len(found)


def predictions(seed: int) -> pd.DataFrame:
    """A predictions table of exams of four views; the views of a patient are alike."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.random.default_rng(0).choice(len(CLASSES), size=PATIENTS, p=SHARES), len(VIEWS))
    patient = np.repeat(np.arange(PATIENTS), len(VIEWS))
    noise = rng.normal(size=PATIENTS)[patient] + rng.normal(size=len(patient))
    near = np.exp(-((truth[:, None] + 0.5 * noise[:, None] - np.arange(len(CLASSES))) ** 2))
    names = pd.Series(patient).map("p{:05}".format)
    sides, views = np.array(VIEWS * PATIENTS).T
    frame = pd.DataFrame({"image_id": names + sides + views, "exam_id": names, "patient_id": names})
    frame = frame.assign(laterality=sides, view=views, subset="test", label=np.array(CLASSES)[truth])
    frame[tables.probability_columns(CLASSES)] = near / near.sum(axis=1, keepdims=True)
    return frame


def naive(level: str) -> float:
    """Seconds that scikit-learn takes for the measures of one resample, its rows repeated as often as drawn."""
    at_level = units.of_level(predictions(1), level, dense=DENSE)
    weights = resampling.weights_of(at_level, resamples=NAIVE_RESAMPLES, seed=0)
    start = time.perf_counter()
    for row in weights:
        repeated = np.repeat(np.arange(len(at_level)), row[at_level.patient])
        measures.of_rows(at_level.truth[repeated], at_level.probabilities[repeated], dense=at_level.dense)
    return (time.perf_counter() - start) / NAIVE_RESAMPLES


if __name__ == "__main__":
    main()
