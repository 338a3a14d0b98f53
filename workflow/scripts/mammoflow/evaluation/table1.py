"""Table I: each experiment's measures on the test images, beside the published values and the trivial baselines."""

from math import fsum
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mammoflow import tables

# The measures of Table I as people read them.
MEASURES = dict(
    zip(
        tables.TABLE1_MEASURES,
        ("accuracy", "balanced accuracy", "weighted F1", "macro F1", "quadratic kappa", "macro AUROC"),
        strict=True,
    )
)
# What anything worth training must beat, and why.
BASELINES = {
    "majority": "always the commonest development class",
    "random": "draws from the development shares",
    "histogram": "the picture's intensity histogram only",
    "roi_presence": "whether a lesion is outlined only; for tasks of two classes",
}
METHODS = {
    "zero_shot": "zero-shot",
    "calibrate": "calibrated predictions",
    "linear_probe": "linear probe",
    "logistic_regression": "logistic regression on embeddings",
    "nearest_neighbours": "nearest neighbours among embeddings",
    "fine_tune": "fine-tuning",
    "majority": "baseline: always the commonest class",
    "random": "baseline: random draw",
    "histogram": "baseline: intensity histogram",
    "roi_presence": "baseline: whether a lesion is outlined",
    "merge": "mean of experiments",
}


def load_published(path: str | Path, task: str) -> dict[str, Any]:
    """Read a file of resources/published: source, results by method, and notes; empty where it is of another task."""
    published: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return published if published["task"] == task else {}


def by_image(metrics: pd.DataFrame, subset: str, metric: str) -> pd.DataFrame:
    """Rows of a metrics table for one measure of the whole cohort at image level: one for each seed."""
    whole = (metrics["level"] == "image") & (metrics["subgroup"] == "") & (metrics["class"] == "")
    return metrics[whole & (metrics["subset"] == subset) & (metrics["metric"] == metric)]


def published_of(published: dict[str, Any], method: str, subset: str) -> dict[str, Any]:
    """The published result of this method on this subset; empty where there is none."""
    found = [r for r in published.get("results", ()) if (r["method"], r["subset"]) == (method, subset)]
    return found[0] if found else {}


def make(
    metrics: dict[str, pd.DataFrame], experiments: dict[str, dict[str, Any]], published: dict[str, Any]
) -> pd.DataFrame:
    """Summarise every experiment over its seeds.

    Parameters
    ----------
    metrics
        A metrics table for each experiment; the first seed is that of the smallest number.
    experiments
        Settings of each experiment, in the run's order.
    published
        From `load_published`.

    Returns
    -------
    DataFrame
        `tables.TABLE1`; an experiment measured on `all` has a second row for it.
    """
    rows: list[dict[str, object]] = []
    for name, experiment in experiments.items():
        own = metrics[name]
        for subset in [s for s in ("test", "all") if len(by_image(own, s, "accuracy"))]:
            rows.append(
                {"position": len(rows), "experiment": name, "method": experiment["method"], "subset": subset}
                | _summary(own, subset)
                | _published_cells(published_of(published, experiment["method"], subset))
            )
    return tables.frame_of(rows, tables.TABLE1)


def _summary(metrics: pd.DataFrame, subset: str) -> dict[str, object]:
    cells: dict[str, object] = {}
    for metric in MEASURES:
        seeds = by_image(metrics, subset, metric).sort_values("seed")
        first = seeds.iloc[0]
        # One seed without a value leaves the mean without one, so that means of different seeds are not compared.
        values = seeds["value"]
        cells |= {
            # Summed exactly: the mean of equal values is that value.
            f"{metric}_mean": fsum(values) / len(values),
            f"{metric}_min": values.min(skipna=False),
            f"{metric}_max": values.max(skipna=False),
            f"{metric}_low": first["low"],
            f"{metric}_high": first["high"],
        }
    counts = {name: first[name] for name in ("n_images", "n_exams", "n_patients")}
    return cells | counts | {"n_seeds": len(seeds), "first_seed": first["seed"]}


def _published_cells(result: dict[str, Any]) -> dict[str, object]:
    return {
        "published_name": result.get("name", ""),
        "published_accuracy": result.get("accuracy"),
        "published_f1": result.get("f1"),
    }


def about_baselines(experiments: dict[str, dict[str, Any]]) -> str:
    """Which trivial baselines a table of these experiments lacks, in a sentence."""
    methods = {experiment["method"] for experiment in experiments.values()}
    missing = [f"{name} ({about})" for name, about in BASELINES.items() if name not in methods]
    if missing:
        return f"Trivial baselines missing from this run: {', '.join(missing)}."
    return "All trivial baselines are in the table."


def notes(experiments: dict[str, dict[str, Any]], published: dict[str, Any]) -> list[str]:
    """What a reader of Table I must know, one sentence or two each."""
    return [
        "Mean over seeds, with the least and the greatest value in round brackets where there are several seeds: how "
        "training varies. In square brackets the 95 % interval of the first seed's value alone, from a bootstrap over "
        "patients: how the choice of test patients varies. "
        "Missing values (–) are undefined, because a class is absent.",
        "test: what was held out, of the views that an experiment predicts. all: every labelled image, as the paper "
        "measures zero-shot; only for methods that were trained on none of them.",
        about_baselines(experiments),
        *_of_paper(published),
    ]


def _of_paper(published: dict[str, Any]) -> list[str]:
    if not published:
        return ["The paper has no results for this task."]
    return [
        f"Published: {published['source']}, {published['table']}, by method, whatever encoder or network was used "
        "here; on other patients than ours.",
        *published["notes"],
    ]
