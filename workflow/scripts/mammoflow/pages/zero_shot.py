"""The tables of the zero-shot page: prompt sets side by side, calibration, and what encoders recognise."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mammoflow.evaluation import table1
from mammoflow.evaluation.measures import SCORES
from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.evaluation.statistics import between
from mammoflow.pages.descriptors import in_order
from mammoflow.pages.html import FEW_NOTE, MISSING, HtmlTable, above_interval, counted, with_interval
from mammoflow.tasks import Task

_MEASURES = ("accuracy", "balanced_accuracy", "f1_macro", "kappa_quadratic", "auroc_macro")
_NAMES = table1.MEASURES | {"log_loss": "log loss (nats)", "brier": "Brier score"}
_COUNTED = "Sentences are counted for every view, side and age that a set names; an image meets those of its own."


@dataclass(frozen=True)
class Recognised:
    """What an encoder answered to a question about the images, and a sentence that says how well."""

    said: str
    table: HtmlTable


def sets(
    experiments: dict[str, dict[str, Any]],
    metrics: dict[str, pd.DataFrame],
    prompts: dict[str, pd.DataFrame],
    *,
    subset: str,
) -> HtmlTable | None:
    """Zero-shot experiments with their prompt sets and measures, first seed; None where none is measured on it.

    Parameters
    ----------
    experiments
        Settings of the zero-shot experiments, in the run's order.
    metrics
        A metrics table for each of them.
    prompts
        `tables.PROMPTS` of the set of each of them.
    subset
        "test" or "all".
    """
    rows = []
    for name, own in experiments.items():
        found = _first(metrics[name], subset)
        if len(found):
            of_set = prompts[name]
            about = (f"{own['prompts']}\n{of_set['kind'].iloc[0]}", _sentences_a_class(of_set))
            measured = f"{found.iloc[0]['n_images']:,} images\n{found.iloc[0]['n_patients']:,} patients"
            encoder = f"{own['encoder']}\n{own['recipe']}"
            rows.append((name, encoder, *about, measured, *(_measured(found, metric) for metric in _MEASURES)))
    if not rows:
        return None
    on = {
        "test": f"Prompt sets on the test images, {_seed(metrics)}, image level, with 95 % intervals",
        "all": "The paper's protocol: every labelled image, with 95 % intervals. Not comparable with test images",
    }
    notes = {
        "test": "The set that does best here was chosen by the test images that it is measured on, which flatters it.",
        "all": "Zero-shot is trained on none of these images, so that all may be measured, as in the paper. But other "
        "images are not the test's, and classes have other shares: hold these rows against no row of test images.",
    }
    columns = ("experiment", "encoder, recipe", "prompt set, kind", "sentences a class", "measured on")
    shown = (*columns, *(_NAMES[metric] for metric in _MEASURES))
    return HtmlTable(on[subset], shown, rows, (notes[subset], _COUNTED, FEW_NOTE))


def _sentences_a_class(of_set: pd.DataFrame) -> int:
    return int(of_set.groupby("label").size().max())


def sentences(name: str, of_set: pd.DataFrame, task: Task) -> HtmlTable:
    """Every sentence of a prompt set, without columns that it does not use.

    Parameters
    ----------
    name
        Of the set.
    of_set
        `tables.PROMPTS`.
    """
    about = ("descriptor", "pole", "view", "side", "age_band")
    used = [column for column in about if (of_set[column] != "").any()]
    rows = [
        (task.of(row["label"]).title, *(row[column] or MISSING for column in used), row["sentence"])
        for row in of_set.sort_values("position").to_dict("records")
    ]
    columns = ("class", *(column.replace("_", " ") for column in used), "sentence")
    return HtmlTable(f"Prompt set {name}: {counted(len(rows), 'sentence')}", columns, rows)


def before_and_after(
    calibrated: dict[str, dict[str, Any]], metrics: dict[str, pd.DataFrame], comparisons: pd.DataFrame
) -> HtmlTable:
    """Each experiment that is calibrated, what came of it, and the differences, on the first seed's test images.

    Parameters
    ----------
    calibrated
        Settings of the calibrated experiments, in the run's order.
    metrics
        A metrics table for each of them, and for each that they are from.
    comparisons
        `tables.COMPARISONS`; there is no difference where it lacks the pair.
    """
    shown = (*_MEASURES, *SCORES)
    rows = []
    for source in dict.fromkeys(own["from"] for own in calibrated.values()):
        rows.append((source, "before", *(_measured(_first(metrics[source], "test"), metric) for metric in shown)))
        for name, own in calibrated.items():
            if own["from"] == source:
                after = _first(metrics[name], "test")
                rows.append((name, f"after: {own['by']}", *(_measured(after, metric) for metric in shown)))
                pair = _of_first(between(comparisons, name, source, level="image"))
                rows.append((f"{name} less {source}", "difference", *(_difference(pair, metric) for metric in shown)))
    notes = (
        "Log loss and Brier score are the better the lower; the other measures the higher.",
        "Differences are paired, on the same resamples of patients. There are none where the run does not name both "
        "experiments.",
        "The interval is over test patients. It does not tell how the fit would vary with other images to fit on.",
        FEW_NOTE,
    )
    caption = f"Before and after calibration: test images, {_seed(metrics)}, image level, with 95 % intervals"
    return HtmlTable(caption, ("experiment", "what it is", *(_NAMES[m] for m in shown)), rows, notes, sortable=False)


def _difference(pair: pd.DataFrame, metric: str) -> str:
    own = pair[pair["metric"] == metric]
    if own.empty:
        return MISSING
    few = own.iloc[0]["n_patients"] < FEW_PATIENTS
    return above_interval(*own.iloc[0][["difference", "low", "high"]], few=few)


def fitted(of_experiment: dict[str, pd.DataFrame], task: Task) -> HtmlTable:
    """Temperatures, biases and priors of the first seed, and how many images they were fitted on.

    Parameters
    ----------
    of_experiment
        `tables.CALIBRATION` of each calibrated experiment.
    """
    rows = [
        (
            name,
            task.of(row.label).title,
            row.fitted_on,
            row.n_images,
            row.n_patients,
            row.temperature,
            row.bias,
            row.prior,
        )
        for name, frame in of_experiment.items()
        for row in in_order(_of_first(frame), task)
    ]
    seeds = {int(frame["seed"].min()) for frame in of_experiment.values()}
    columns = ("experiment", "class", "fitted on", "images (n)", "patients (n)", "temperature", "bias", "prior")
    notes = (
        "Probabilities p become p ** (1 / temperature) * exp(bias), made to sum to 1. A temperature above 1 makes them "
        "softer; a bias above 0 favours its class. docs/calibration.md says how each is fitted.",
        "Other seeds: results/calibration/{experiment}.tsv.",
    )
    return HtmlTable(f"What was fitted, seed {min(seeds, default=MISSING)}", columns, rows, notes, sortable=False)


def recognised(of_encoder: pd.DataFrame, *, encoder: str, recipe: str) -> list[Recognised]:
    """What an encoder takes the images for, a table for each question.

    Parameters
    ----------
    of_encoder
        `tables.DOMAIN`.
    """
    return [
        _of_question(own, str(question), encoder=encoder, recipe=recipe)
        for question, own in of_encoder.groupby("question", sort=True)
    ]


def _of_question(own: pd.DataFrame, question: str, *, encoder: str, recipe: str) -> Recognised:
    counts = own.pivot(index="truth", columns="answer", values="n_images")
    right = sum(int(counts.loc[truth, truth]) for truth in counts.index if truth in counts.columns)
    n, answers = int(counts.to_numpy().sum()), len(counts.columns)
    share = f"{100 * right / n:.0f} %" if n else MISSING
    said = (
        f"Asked for the {question}, encoder {encoder} is right about {right:,} of {n:,} development images ({share}); "
        f"guessing among the {answers} answers would be right about {100 / answers:.0f} %."
    )
    rows = [(truth, *(int(count) for count in of_truth)) for truth, of_truth in counts.iterrows()]
    caption = (
        f"{question.capitalize()}: what is true in rows, what the encoder says in columns (images, recipe {recipe})"
    )
    return Recognised(said, HtmlTable(caption, (question, *counts.columns), rows, sortable=False))


def summary(
    experiments: dict[str, dict[str, Any]],
    calibrated: dict[str, dict[str, Any]],
    metrics: dict[str, pd.DataFrame],
    comparisons: pd.DataFrame,
    *,
    warning: str,
) -> list[tuple[str, list[str]]]:
    """How far prompt sets differ, and what calibration changes, in a few sentences."""
    head = [f"{warning[0].upper()}{warning[1:]}."] if warning else []
    values = {name: _row(_first(metrics[name], "test"), "balanced_accuracy") for name in experiments}
    known = {name: row for name, row in values.items() if not pd.isna(row["value"])}
    order = sorted(known, key=lambda name: -known[name]["value"])
    parts = [f"{name} {with_interval(*known[name][['value', 'low', 'high']])}" for name in order]
    sets_said = f"Balanced accuracy on the test images, the best first: {'; '.join(parts)}." if parts else "No value."
    changes = []
    for name, own in calibrated.items():
        pair = _of_first(between(comparisons, name, own["from"], level="image"))
        if len(pair):
            said = (
                f"{_NAMES[metric]} {with_interval(*_row(pair, metric)[['difference', 'low', 'high']])}"
                for metric in ("f1_macro", "log_loss")
            )
            changes.append(f"{name} less {own['from']}: {', '.join(said)}.")
    told = changes or ["No calibrated experiment is in this run with what it is from."]
    return [("Prompt sets", [*head, sets_said]), ("Calibration", told)]


def _first(metrics: pd.DataFrame, subset: str) -> pd.DataFrame:
    """The first seed's measures of the whole cohort at image level."""
    own = metrics[(metrics["subset"] == subset) & (metrics["level"] == "image") & (metrics["subgroup"] == "")]
    return _of_first(own[own["class"] == ""])


def _of_first(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first seed."""
    return frame[frame["seed"] == frame["seed"].min()]


def _row(found: pd.DataFrame, metric: str) -> pd.Series:
    return found[found["metric"] == metric].iloc[0]


def _measured(found: pd.DataFrame, metric: str) -> str:
    row = _row(found, metric)
    return above_interval(row["value"], row["low"], row["high"], few=row["few_patients"])


def _seed(metrics: dict[str, pd.DataFrame]) -> str:
    seeds = {int(frame["seed"].min()) for frame in metrics.values() if len(frame)}
    return f"seed {min(seeds)}" if seeds else "no seed"
