"""The counts that a reader asks for: what was found, what was left out and why, and who is where in the split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mammoflow.tasks import Task

SPLIT = ("train", "validation", "test")
_MOST_REASONS = 8


@dataclass(frozen=True)
class Box:
    """A box of the flow diagram: a head line, and lines below it."""

    head: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step of the flow diagram: what goes on, and what is left aside, if anything."""

    boxes: tuple[Box, ...]
    aside: Box | None = None


def tally(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """How many rows there are of each combination of these columns: the columns and `n`, commonest first."""
    if frame.empty:
        return pd.DataFrame(columns=[*columns, "n"])
    counted = frame.groupby(columns, sort=True).size().rename("n").reset_index()
    return counted.sort_values("n", ascending=False, kind="stable", ignore_index=True)


def subset_counts(manifest: pd.DataFrame) -> pd.DataFrame:
    """Patients, exams and images of each class in each subset.

    Returns
    -------
    DataFrame
        Columns label, subset, n_patients, n_exams, n_images; only combinations that occur.
    """
    groups = manifest.groupby(["label", "subset"], sort=True)
    counts = groups[["patient_id", "exam_id", "image_id"]].nunique()
    return counts.set_axis(["n_patients", "n_exams", "n_images"], axis=1).reset_index()


def patients_in_several_subsets(manifest: pd.DataFrame) -> int:
    """Patients with images in more than one of train, validation and test: 0, or the split leaks."""
    used = manifest[manifest["subset"].isin(SPLIT)]
    return int((used.groupby("patient_id")["subset"].nunique() > 1).sum())


def test_images(manifest: pd.DataFrame, views: Sequence[str] = ()) -> pd.DataFrame:
    """The test images of a manifest; only those of these views, where any are named."""
    own = manifest[manifest["subset"] == "test"]
    return own[own["view"].isin(views)] if views else own


def flow(
    *, images: pd.DataFrame, exams: pd.DataFrame, classes: pd.DataFrame, manifest: pd.DataFrame, task: Task
) -> list[Step]:
    """The path of the data from files to subsets, with its counts.

    Parameters
    ----------
    images, exams, classes, manifest
        Tables of these names; the manifest of one seed.
    task
        For the names of the classes.

    Returns
    -------
    list
        Steps from top to bottom. The last one has a box for each of train, validation and test.
    """
    accepted, refused = images[images["status"] == "accepted"], images[images["status"] != "accepted"]
    included, left_out = exams[exams["included"]], exams[~exams["included"]]
    kept = [key for key in dict.fromkeys(classes["kept_as"]) if key]
    dropped = classes[classes["status"] == "dropped"]
    unused = manifest[manifest["subset"] == "unused"]
    labelled = int(classes["n_images"].sum())
    of_class = [f"{task.of(row.label).name}: {_said(row.n_images, 'image')}" for row in classes.itertuples()]
    reports = [] if (exams["report_status"] == "").all() else [f"reports: {_listed(exams, 'report_status')}"]
    return [
        Step((*_reports(exams, "found"), Box(_said(len(images), "image file") + " found")), _refused(refused)),
        Step(
            (
                *_reports(exams, "parsed"),
                Box(
                    f"{_said(len(accepted), 'image')} accepted",
                    (f"of {_said(_known(accepted, 'patient_id'), 'patient')}",),
                ),
            )
        ),
        Step(
            (Box(_said(len(exams), "exam"), (*reports, f"labels: {_listed(exams, 'label_status')}")),),
            _left_out(left_out, "exam", "not included"),
        ),
        Step((Box(f"{_said(len(included), 'exam')} included, {_said(labelled, 'labelled image')}", tuple(of_class)),)),
        Step(
            tuple(_subset_box(manifest, subset, kept, task) for subset in SPLIT),
            _left_out(
                unused, "image", "not used by the split", note=f"{len(dropped)} classes dropped" if len(dropped) else ""
            ),
        ),
    ]


def _reports(exams: pd.DataFrame, what: str) -> list[Box]:
    """How many reports were found, or parsed; no box where labels do not come from reports."""
    found = exams[~exams["report_status"].isin(["", "missing"])]
    own = found if what == "found" else found[found["report_status"] == what]
    return [Box(f"{_said(len(own), 'report')} {what}")] if len(found) else []


def _refused(refused: pd.DataFrame) -> Box:
    lines = [
        f"{row.status}, {row.reason or 'no reason'}: {row.n:,}" for row in _shortened(refused, ["status", "reason"])
    ]
    return Box(_said(len(refused), "file") + " not accepted", tuple(lines))


def _left_out(frame: pd.DataFrame, thing: str, what: str, *, note: str = "") -> Box:
    lines = [f"{row.reason}: {row.n:,}" for row in _shortened(frame, ["reason"])]
    return Box(f"{_said(len(frame), thing)} {what}", (*lines, *filter(None, [note])))


def _shortened(frame: pd.DataFrame, columns: list[str]) -> list[Any]:
    """The commonest reasons; the rest as one."""
    counted = tally(frame, columns)
    rest = counted.iloc[_MOST_REASONS:]
    if len(rest):
        other = dict.fromkeys(columns, "other") | {columns[-1]: "other reasons", "n": rest["n"].sum()}
        counted = pd.concat([counted.iloc[:_MOST_REASONS], pd.DataFrame([other])])
    return list(counted.itertuples(index=False))


def _subset_box(manifest: pd.DataFrame, subset: str, kept: list[str], task: Task) -> Box:
    rows = manifest[manifest["subset"] == subset]
    total = f"{_said(len(rows), 'image')}, {_said(rows['patient_id'].nunique(), 'patient')}"
    return Box(subset, (total, *(f"{task.of(key).name}: {(rows['label'] == key).sum():,}" for key in kept)))


def _listed(frame: pd.DataFrame, column: str) -> str:
    return ", ".join(f"{getattr(row, column) or 'missing'} {row.n:,}" for row in _shortened(frame, [column]))


def _known(frame: pd.DataFrame, column: str) -> int:
    return frame.loc[frame[column] != "", column].nunique()


def _said(n: int, thing: str) -> str:
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
