"""The tables of the report page, from the tables of the run."""

import textwrap
from dataclasses import replace
from typing import Any

import pandas as pd

from mammoflow import accounts
from mammoflow.evaluation import significance, table1
from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.evaluation.statistics import COMPARED_LEVELS
from mammoflow.pages.html import FEW_NOTE, MISSING, HtmlTable, above_interval, bracketed, cell, with_interval
from mammoflow.pages.labels import tally
from mammoflow.tables import LEVELS
from mammoflow.tasks import Task

# Compared measures that the report has room for.
_SHOWN = ("accuracy", "f1_macro", "kappa_quadratic")
# More pairs than that are not read.
MOST_PAIRS = 20


def experiments(settings: dict[str, dict[str, Any]], views: dict[str, list[str]]) -> HtmlTable:
    """What was compared; `views` names those that each experiment predicts, or none for all."""
    rows = [
        (
            name,
            table1.METHODS[own["method"]],
            own.get("encoder") or own.get("model") or own.get("from") or ", ".join(own.get("of", [MISSING])),
            own.get("recipe", MISSING),
            own.get("prompts") or own.get("by", MISSING),
            ", ".join(views[name]) or "all",
        )
        for name, own in settings.items()
    ]
    columns = (
        "experiment",
        "method",
        "encoder, network, or what it is made of",
        "recipe",
        "prompts, or calibrated by",
        "views",
    )
    return HtmlTable("Experiments", columns, rows)


def versions(of_package: dict[str, str]) -> HtmlTable:
    """Versions of packages."""
    return HtmlTable(
        "Versions, in the environment that made this page", ("package", "version"), list(of_package.items())
    )


def cohort(images: pd.DataFrame, exams: pd.DataFrame) -> list[HtmlTable]:
    """Files and exams by what became of them."""
    left_out = exams[~exams["included"]]
    accepted = images[images["status"] == "accepted"]
    tables = [
        tally(images, ["status", "reason"], "Image files by status and reason", "files"),
        tally(left_out, ["reason"], f"Exams not included, by reason ({len(exams):,} exams in all)", "exams"),
        tally(accepted, ["device", "view"], "Accepted images by device and view", "images"),
    ]
    if not (exams["report_status"] == "").all():
        tables.append(tally(exams, ["report_status"], "Exams by what became of their report", "exams"))
    return tables


def leak_check(manifests: dict[int, pd.DataFrame]) -> tuple[bool, str]:
    """Whether patients leak between subsets, and a sentence that says so with the numbers."""
    several = {seed: accounts.patients_in_several_subsets(manifest) for seed, manifest in manifests.items()}
    tests = {frozenset(m.loc[m["subset"] == "test", "image_id"]) for m in manifests.values()}
    counts = ", ".join(f"seed {seed}: {n:,}" for seed, n in several.items())
    same = "All seeds have the same test images." if len(tests) == 1 else "The seeds have different test images."
    return any(several.values()), f"Patients in more than one of train, validation and test: {counts}. {same}"


def classes(of_split: pd.DataFrame, task: Task) -> HtmlTable:
    """The classes before the split, and what became of each."""
    rows = [
        (task.of(row.label).title, _became(row), row.n_patients, row.n_exams, row.n_images)
        for row in of_split.itertuples()
    ]
    dropped = [task.of(key).name for key in of_split.loc[of_split["status"] == "dropped", "label"]]
    note = f"Dropped, because they have too few patients: {', '.join(dropped)}." if dropped else "No class was dropped."
    columns = ("class", "what became of it", "patients", "exams", "images")
    return HtmlTable("Classes with a labelled image, before balancing", columns, rows, (note,))


def _became(row: Any) -> str:
    return f"merged into {row.kept_as}" if row.status == "merged" else row.status


def subsets(manifest: pd.DataFrame, *, seed: int, task: Task) -> HtmlTable:
    """Patients, exams and images of each class in each subset of one seed."""
    counts = accounts.subset_counts(manifest)
    order = {key: at for at, key in enumerate(task.keys)}
    position = {"train": 0, "validation": 1, "test": 2, "unused": 3}
    counts = counts.assign(
        place=counts["subset"].map(position), of_class=[order[key.split("+")[0]] for key in counts["label"]]
    ).sort_values(["place", "of_class"], kind="stable")
    rows = [
        (row.subset, task.of(row.label).title, row.n_patients, row.n_exams, row.n_images) for row in counts.itertuples()
    ]
    return HtmlTable(
        f"Seed {seed}: patients, exams and images by subset and class",
        ("subset", "class", "patients", "exams", "images"),
        rows,
        ("A patient with images of several classes, or with used and unused images, counts in each.",),
    )


def matching(of_recipe: dict[str, pd.DataFrame], ways: dict[str, str]) -> HtmlTable:
    """Lookup tables of every recipe."""
    rows: list[tuple[Any, ...]] = []
    for recipe, accounts_of in of_recipe.items():
        if accounts_of.empty:
            rows.append((recipe, ways[recipe], MISSING, MISSING, None, MISSING, MISSING))
        for row in accounts_of.itertuples():
            state = f"{row.status}: {row.reason}" if row.reason else row.status
            bits = str(row.bits_stored) if row.bits_stored else "all"
            rows.append((recipe, ways[recipe], row.device or "all", bits, row.n_images, state, row.sha256[:12]))
    columns = ("recipe", "matching", "device", "bits stored", "development images", "status", "table's SHA-256")
    return HtmlTable("Matching tables, fitted on development images only", columns, rows)


def main_table(frame: pd.DataFrame, notes: list[str]) -> HtmlTable:
    """Table I as people read it; without a column of published values where there are none."""
    has_published = bool((frame["published_name"] != "").any())
    rows: list[tuple[Any, ...]] = []
    for row in frame.to_dict("records"):
        measures = [_table1_cell(row, metric) for metric in table1.MEASURES]
        measured = f"{row['subset']}\n{row['n_images']:,} images\n{row['n_patients']:,} patients"
        method = table1.METHODS[row["method"]]
        rows.append((row["experiment"], method, measured, *measures, *([_published(row)] if has_published else [])))
    columns: tuple[str, ...] = ("experiment", "method", "measured on", *table1.MEASURES.values())
    if has_published:
        columns += ("published: accuracy / F1",)
    first = f"{int(frame['first_seed'].iloc[0])}" if len(frame) else MISSING
    seeds = f"{int(frame['n_seeds'].iloc[0])} seeds" if len(frame) else "no seeds"
    caption = f"Table I. Image level, {seeds}: mean (least–greatest over seeds) [95 % interval of seed {first} alone]"
    return HtmlTable(caption, columns, rows, (*notes, FEW_NOTE))


def _table1_cell(row: dict[str, Any], metric: str) -> str:
    mean, low, high = (row[f"{metric}_{part}"] for part in ("mean", "min", "max"))
    # A dash beside a minus sign would be hard to read.
    to = " to " if low < 0 else "–"
    spread = f"\n({cell(low)}{to}{cell(high)})" if row["n_seeds"] > 1 and not pd.isna(mean) else ""
    few = row["n_patients"] < FEW_PATIENTS
    return f"{cell(mean)}{spread}\n{bracketed(row[f'{metric}_low'], row[f'{metric}_high'], few=few)}"


def _published(row: dict[str, Any]) -> str:
    """Accuracy and F1 as they were printed."""
    if not row["published_name"]:
        return MISSING
    return f"{row['published_accuracy']:.2f} / {row['published_f1']:.2f}"


def beside_baselines(table: HtmlTable, settings: dict[str, dict[str, Any]]) -> HtmlTable:
    """A table of measures, with a note about the trivial baselines that it lacks."""
    return replace(table, notes=(*table.notes, table1.about_baselines(settings)))


def levels(metrics: dict[str, pd.DataFrame]) -> HtmlTable:
    """The first seed's measures for images, breasts and exams."""
    rows = []
    for name, frame in metrics.items():
        first = frame[(frame["seed"] == frame["seed"].min()) & (frame["subset"] == "test")]
        first = first[(first["class"] == "") & (first["subgroup"] == "")]
        for level in LEVELS:
            own = first[first["level"] == level].set_index("metric")
            if len(own):
                cells = [_interval_cell(own.loc[metric]) for metric in _SHOWN]
                row = own.loc[_SHOWN[0]]
                rows.append((name, level, int(row["n_images"]), int(row["n_exams"]), int(row["n_patients"]), *cells))
    columns = ("experiment", "level", "images (n)", "exams (n)", "patients (n)", *(table1.MEASURES[m] for m in _SHOWN))
    return HtmlTable(f"Test set by level, {_first_seed(metrics)}, with 95 % intervals", columns, rows, (FEW_NOTE,))


def by_class(
    metrics: dict[str, pd.DataFrame], manifest: pd.DataFrame, task: Task, views: dict[str, list[str]]
) -> HtmlTable:
    """The first seed's measures of each class on test images, and how many the experiment predicts of the class."""
    shown = ("precision", "recall", "f1", "auroc")
    rows = []
    for name, frame in metrics.items():
        test = accounts.test_images(manifest, views[name])
        first = frame[(frame["seed"] == frame["seed"].min()) & (frame["subset"] == "test")]
        own = first[(first["level"] == "image") & (first["class"] != "") & (first["subgroup"] == "")]
        for key in sorted(own["class"].unique(), key=lambda key: task.keys.index(key.split("+")[0])):
            of_class = own[own["class"] == key].set_index("metric")
            cells = [_interval_cell(of_class.loc[metric]) for metric in shown]
            of_label = test[test["label"] == key]
            counts = (len(of_label), of_label["patient_id"].nunique())
            rows.append((name, task.of(key).title, *counts, *cells))
    columns = (
        "experiment",
        "class",
        "images (n)",
        "patients (n)",
        "precision",
        "recall",
        "F1",
        "AUROC against the rest",
    )
    notes = (
        "n is that of the class. With few patients of a class, intervals are too narrow, down to no width at all.",
        FEW_NOTE,
    )
    return HtmlTable(f"Test images by class, {_first_seed(metrics)}, with 95 % intervals", columns, rows, notes)


def comparisons(
    frame: pd.DataFrame, order: list[str], best: dict[str, list[str]]
) -> list[tuple[HtmlTable, HtmlTable | None]]:
    """Differences between methods for the first seed; pairs in the order of the experiments.

    Parameters
    ----------
    frame
        `tables.COMPARISONS`.
    order
        The experiments, in the run's order.
    best
        For each level those that every other is to be held against, where there are too many pairs to read.

    Returns
    -------
    list
        For each level a table, and a table of the other pairs, if these are kept apart.
    """
    return [_of_level(frame[frame["level"] == level], level, order, best[level]) for level in COMPARED_LEVELS]


def _of_level(frame: pd.DataFrame, level: str, order: list[str], best: list[str]) -> tuple[HtmlTable, HtmlTable | None]:
    own = frame[frame["seed"] == frame["seed"].min()]
    pairs = dict(list(own.groupby(["experiment", "other"])))
    keys = sorted(pairs, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    seed = f"seed {int(own['seed'].iloc[0])}" if len(own) else "no pair"
    caption = f"Differences at {level} level, {seed}, with 95 % intervals"
    if len(keys) <= MOST_PAIRS or not best:
        return _of_pairs({key: pairs[key] for key in keys}, caption), None
    # Against the best, as that is what most readers ask for.
    chosen = f"{' and '.join(best)} did best by macro F1 on these very images, which flatters them."
    shown = {key: pairs[key] for key in keys if set(key) & set(best)}
    rest = {key: pairs[key] for key in keys if key not in shown}
    of_best = f"{caption}: pairs with {' or '.join(best)}"
    return _of_pairs(shown, of_best, chosen), _of_pairs(rest, f"{caption}: other pairs")


def _of_pairs(pairs: dict[tuple[str, str], pd.DataFrame], caption: str, *notes: str) -> HtmlTable:
    rows = []
    corrected = {"p_holm": "p, accuracy"}
    if any(pair["p_mcnemar_holm"].notna().any() for pair in pairs.values()):
        corrected["p_mcnemar_holm"] = "p, McNemar"
    for (first, second), pair in pairs.items():
        of_metric = pair.set_index("metric")
        n_patients = int(pair["n_patients"].iloc[0])
        cells = [
            above_interval(*of_metric.loc[metric, ["difference", "low", "high"]], few=n_patients < FEW_PATIENTS)
            for metric in _SHOWN
        ]
        accuracy = of_metric.loc["accuracy"]
        difference, low, high = accuracy[["difference", "low", "high"]]
        said = significance.sentence(first, second, "accuracy", difference=difference, low=low, high=high)
        p_values = [_p_value(accuracy[name]) for name in corrected]
        # Broken here: on a phone a browser would make the column as narrow as a word.
        words = textwrap.fill(said, width=38, break_long_words=False, break_on_hyphens=False)
        rows.append((f"{first} less {second}", n_patients, *cells, *p_values, words))
    about = (
        "Both methods on the same resamples of patients. An interval that leaves out 0 is not rare among so many "
        "pairs: about one in twenty does so by chance; p values are corrected for that by Holm's method. Other seeds, "
        "macro AUROC, log loss and Brier score: results/metrics/comparisons.tsv."
    )
    columns = ("pair", "patients (n)", *(f"difference in {table1.MEASURES[m]}" for m in _SHOWN))
    return HtmlTable(caption, (*columns, *corrected.values(), "accuracy in words"), rows, (*notes, about, FEW_NOTE))


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else cell(value)


def choices(tried: dict[str, pd.DataFrame]) -> HtmlTable:
    """The setting that each experiment chose on the validation images of each seed."""
    rows = []
    for name, frame in tried.items():
        for row in frame[frame["chosen"]].sort_values("seed").itertuples():
            of_seed = int((frame["seed"] == row.seed).sum())
            validated = (row.epoch, row.validation_loss, row.validation_accuracy)
            rows.append((name, row.seed, row.setting, of_seed, *validated))
    columns = ("experiment", "seed", "chosen setting", "tried (n)", "epoch kept", "validation loss", "accuracy")
    notes = (
        "Chosen on validation images only, which flatters these two numbers of theirs. Everything that was tried: "
        "results/training/{experiment}/choices.tsv.",
    )
    return HtmlTable("Settings chosen on validation images", columns, rows, notes)


def _interval_cell(row: pd.Series) -> str:
    return with_interval(row["value"], row["low"], row["high"], few=row["few_patients"])


def _first_seed(metrics: dict[str, pd.DataFrame]) -> str:
    seeds = {int(frame["seed"].min()) for frame in metrics.values() if len(frame)}
    return f"seed {min(seeds)}" if seeds else "no seed"
