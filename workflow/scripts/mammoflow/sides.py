"""Sides of the test cut that are known before any draw: those of an earlier run, or of the data set's own split.

Each is a series of "test" or "development" by the id of what is never divided (a person, an exam or an image).
"""

from pathlib import Path

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError

_SAID = {"patient": "patients", "exam": "exams", "image": "images"}


def read(path: str | Path, *, unit: str) -> pd.DataFrame:
    """Read the test_patients.tsv of an earlier run (`tables.TEST_PATIENTS`).

    Raises
    ------
    UserError
        If it is no such table, or of another unit.
    """
    try:
        found = tables.read(path, tables.TEST_PATIENTS)
    except UserError:
        raise UserError(
            f"config: split.test_patients is {str(path)!r}, which is no table of test patients; "
            "allowed: a test_patients.tsv as this version of the workflow writes it"
        ) from None
    others = sorted(set(found["unit"]) - {unit})
    if others:
        raise UserError(
            f"config: split.test_patients is {str(path)!r}, of a run with split.unit {others[0]!r}; "
            f"allowed: one made with {unit!r}, as split.unit is"
        )
    return found


def given(file: pd.DataFrame, undivided: pd.Series, groups: pd.DataFrame) -> pd.Series:
    """The sides of an earlier run, by person, exam or image.

    Parameters
    ----------
    file
        What `read` returns.
    undivided
        The ids of this cohort that are never divided: of persons, exams or images.
    groups
        `tables.GROUPS`: persons of whom the file may name any patient. Exams and images are in no group.

    Raises
    ------
    UserError
        If patients of one person stand on both sides, or nobody in the file is of this cohort.
    """
    person = file["patient_id"].map(groups.set_index("patient_id")["group_id"]).astype(str).fillna(file["patient_id"])
    if not person.isin(undivided).any():
        raise UserError(
            "config: split.test_patients names nobody of this cohort; "
            "allowed: a file made with this id key, of this data set"
        )
    sides = file.assign(person=person).drop_duplicates(["person", "held_out"]).sort_values(["person", "held_out"])
    both = sides[sides["person"].duplicated(keep=False)]
    if len(both):
        development, test = both["patient_id"].iloc[:2]
        raise UserError(
            f"config: split.test_patients has {len(both) // 2} persons on both sides, such as {test} (test) and "
            f"{development} (development), who are one; allowed: one side of each: write test for both into the file"
        )
    return sides.set_index("person")["held_out"]


def official(labelled: pd.DataFrame, undivided: pd.Series, *, unit: str, regroup: bool) -> pd.Series:
    """The sides of the data set's own split, by person, exam or image.

    Parameters
    ----------
    labelled
        `tables.LABELLED_IMAGES`.
    undivided
        The id of what is never divided, of each of its rows.
    unit
        What that is, one of `tables.UNITS`.
    regroup
        Whether what has images on both sides goes to test.

    Raises
    ------
    UserError
        If an image has no side, or, without `regroup`, something has images on both.
    """
    missing = int((labelled["official"] == "").sum())
    if missing:
        raise UserError(
            f"config: split.official is given, and {missing} labelled images have no side in the data set's own split; "
            "allowed: false, which draws the test set"
        )
    is_test = (labelled["official"] == "test").groupby(undivided)
    any_test, all_test = is_test.any(), is_test.all()
    both = int((any_test & ~all_test).sum())
    if both and not regroup:
        raise UserError(
            f"config: split.official is true, and {both} {_SAID[unit]} have images on both sides of the data set's own "
            "split; allowed: regroup, which puts all their images into test, or false"
        )
    return any_test.map({True: "test", False: "development"})
