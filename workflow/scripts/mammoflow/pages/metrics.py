"""The table of every measure of every experiment."""

import pandas as pd

from mammoflow import tables
from mammoflow.pages.html import FEW_NOTE, MISSING, HtmlTable, above_interval


def whole(of_each: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The metrics tables of experiments, one below the other: `tables.ALL_METRICS`."""
    named = [frame.assign(experiment=name) for name, frame in of_each.items()]
    return pd.concat(named, ignore_index=True)[list(tables.ALL_METRICS.columns)]


def by_level(of_each: dict[str, pd.DataFrame]) -> dict[str, HtmlTable]:
    """Tables of the first seed's test set: a row a measure, a column an experiment.

    Parameters
    ----------
    of_each
        A metrics table for each experiment, in order.

    Returns
    -------
    dict
        For each level that there is `{level}`, and `{level}_classes` with the measures of single classes.
    """
    found = {}
    frame = whole(of_each)
    first = frame[(frame["seed"] == frame["seed"].min()) & (frame["subset"] == "test") & (frame["subgroup"] == "")]
    for level in tables.LEVELS:
        own = first[first["level"] == level]
        for name, rows, what in (
            (level, own[own["class"] == ""], "All measures"),
            (f"{level}_classes", own[own["class"] != ""], "Measures of classes"),
        ):
            if len(rows):
                found[name] = _table(rows, f"{what} at {level} level", list(of_each))
    return found


def _table(own: pd.DataFrame, title: str, experiments: list[str]) -> HtmlTable:
    cells = {
        (row.metric, row.of_class, row.experiment): above_interval(row.value, row.low, row.high, few=row.few_patients)
        for row in own.rename(columns={"class": "of_class"}).itertuples()
    }
    rows = [
        (_named(metric, key), *(cells.get((metric, key, name), MISSING) for name in experiments))
        for metric, key in dict.fromkeys(own[["metric", "class"]].itertuples(index=False, name=None))
    ]
    counts = own.groupby("experiment", sort=False)[["n_images", "n_patients"]].max()
    n = [
        f"{counts.loc[name, 'n_images']:,}\n{counts.loc[name, 'n_patients']:,}" if name in counts.index else MISSING
        for name in experiments
    ]
    rows = [("images\npatients (n)", *n), *rows]
    notes = (
        "Below each value its 95 % interval, from a bootstrap over patients.",
        FEW_NOTE,
    )
    caption = f"{title}, test set, seed {int(own['seed'].iloc[0])}"
    return HtmlTable(caption, ("measure", *experiments), rows, notes, sortable=False)


def _named(metric: str, key: str) -> str:
    words = metric.replace("_", " ").replace("auroc", "AUROC").replace("f1", "F1")
    return f"{words}, class {key}" if key else words
