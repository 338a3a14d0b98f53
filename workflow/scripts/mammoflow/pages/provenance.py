"""Where numbers come from: hashes of what went in, the machine, and what every rule cost."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mammoflow.pages.html import HtmlTable, counted

_MEBIBYTE = 2**20
_HUB = "hf-hub:"


def digest(hashes: Iterable[str]) -> str:
    """SHA-256 of these hashes, sorted, each followed by a line feed: one for all of them, whatever their order."""
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(hashes)).encode("ascii")).hexdigest()


def inputs(images: pd.DataFrame, models: dict[str, pd.DataFrame], key: str) -> HtmlTable:
    """One digest of the images, one of each model's files, and the fingerprint of the id key.

    Parameters
    ----------
    images
        `tables.IMAGES`.
    models
        By the folder of an encoder or network below results/models, `tables.MODEL_FILES`.
    key
        Fingerprint of the key that ids are made with; "" where it is the demo's, which is public.
    """
    hashes = [one for one in images["file_blake3"] if one]
    rows = [("image files", counted(len(hashes), "file"), digest(hashes))]
    for name, files in models.items():
        size = f"{counted(len(files), 'file')}, {files['bytes'].sum() / _MEBIBYTE:,.1f} MiB, {_source(files)}"
        rows.append((name, size, digest(files["sha256"])))
    rows.append(("id key", "fingerprint", key or "the demo's own, which is public"))
    notes = (
        "The digest of several files is the SHA-256 of their sorted hashes, each followed by a line feed: of image "
        "files BLAKE3, of a model's files SHA-256. Files that could not be read have no hash.",
        "results/images/images.tsv and the tables of results/models hold the hash of every file.",
    )
    return HtmlTable("What went in", ("what", "size, source", "digest"), rows, notes, sortable=False)


def _source(files: pd.DataFrame) -> str:
    """Where a model's files came from, without a place of the user's."""
    said = set()
    for row in files.itertuples():
        source = str(row.source)
        if source.startswith(_HUB):
            said.add(f"{source.removeprefix(_HUB)} {row.revision}".strip())
        else:
            said.add("untrained, made here" if source == "random" else "a file of the user's")
    return "; ".join(sorted(said))


def machine(about: dict[str, str]) -> HtmlTable:
    """The machine that made the page, from `machine.about`."""
    notes = ("Jobs may have run on others; two kinds of machine need not give the same last digits.",)
    return HtmlTable("Machine that made this page", ("what", "which"), list(about.items()), notes, sortable=False)


def times(folder: str | Path, rules: Iterable[str]) -> HtmlTable:
    """What each rule cost by the benchmark files that there are now; they are no result, and differ from run to run.

    Parameters
    ----------
    folder
        Of Snakemake's benchmark files: {rule}.tsv, or files below {rule}/.
    rules
        The rules to tell of; the longest come first.
    """
    found = [(rule, _measured(Path(folder), rule)) for rule in sorted(rules)]
    rows = [
        (rule, len(own), float(own["s"].sum()), None if own["max_rss"].isna().all() else float(own["max_rss"].max()))
        for rule, own in found
        if len(own)
    ]
    rows.sort(key=lambda row: -row[2])
    notes = (
        "As measured by Snakemake when this page was made, each job at its last run: jobs that took their work from "
        "what was kept were short. Jobs run side by side, so that the sum is more than the wait.",
    )
    total = counted(round(sum(row[2] for row in rows)), "second")
    shown = [(rule, n, round(seconds), None if peak is None else round(peak)) for rule, n, seconds, peak in rows]
    columns = ("rule", "jobs", "seconds of all jobs", "most memory of a job (MiB)")
    return HtmlTable(f"Time by rule, {total} of jobs in all", columns, shown, notes, sortable=False)


def _measured(folder: Path, rule: str) -> pd.DataFrame:
    """Seconds and most memory of each job of a rule; a measure that Snakemake could not take is missing."""
    files = [folder / f"{rule}.tsv", *sorted((folder / rule).rglob("*.tsv"))]
    read = [pd.read_csv(file, sep="\t", usecols=["s", "max_rss"]) for file in files if file.is_file()]
    whole = pd.concat(read, ignore_index=True) if read else pd.DataFrame({"s": [], "max_rss": []})
    return whole.apply(pd.to_numeric, errors="coerce")
