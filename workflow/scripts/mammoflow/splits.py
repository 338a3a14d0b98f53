"""Splits by patient: the test patients, drawn once, and for each seed train and validation, balanced.

A draw ranks ids by a seeded hash, so that it does not depend on the order of rows and needs no generator's state.
"""

import hashlib
from typing import Any

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError


def settle_classes(
    labelled: pd.DataFrame, classes: list[str], *, min_patients_per_class: int, small_class: str
) -> pd.DataFrame:
    """Which classes of the task are kept, dropped or merged in this cohort.

    Parameters
    ----------
    labelled
        `tables.LABELLED_IMAGES`.
    classes
        The task's classes, in order.
    min_patients_per_class
        A class with fewer patients is small.
    small_class
        "stop": an error. "drop": its images are not used. "merge": it joins the neighbour that has more patients.

    Returns
    -------
    pandas.DataFrame
        `tables.CLASSES`.

    Raises
    ------
    UserError
        If a class is too small under "stop", or fewer than two classes are left.
    """
    counts = labelled.groupby("label")[["patient_id", "exam_id", "image_id"]].nunique().reindex(classes, fill_value=0)
    patients = {label: set(own["patient_id"]) for label, own in labelled.groupby("label")}
    groups: list[list[str]] = [[label] for label in classes]
    dropped: list[str] = []
    while small := [g for g in groups if _n_patients(g, patients) < min_patients_per_class]:
        group = min(small, key=lambda g: _n_patients(g, patients))
        if small_class == "stop":
            raise UserError(
                f"config: class {'+'.join(group)} has {_n_patients(group, patients)} patients with labelled images; "
                f"split.min_patients_per_class is {min_patients_per_class}: set split.small_class to drop or merge"
            )
        _remove(group, groups, dropped, patients, merge=small_class == "merge")
    if len(groups) < 2:
        raise UserError("config: fewer than two classes have split.min_patients_per_class patients; nothing to compare")
    kept_as = {label: "+".join(group) for group in groups for label in group}
    rows = [
        {
            "position": position,
            "label": label,
            "kept_as": kept_as.get(label, ""),
            "status": "dropped" if label in dropped else "kept" if kept_as[label] == label else "merged",
            "n_patients": counts.loc[label, "patient_id"],
            "n_exams": counts.loc[label, "exam_id"],
            "n_images": counts.loc[label, "image_id"],
        }
        for position, label in enumerate(classes)
    ]
    return tables.frame_of(rows, tables.CLASSES)


def kept_classes(classes: pd.DataFrame) -> list[str]:
    """The classes of the split, in order; merged ones are named a+b."""
    return [kept for kept in dict.fromkeys(classes["kept_as"]) if kept]


def hold_out(labelled: pd.DataFrame, classes: pd.DataFrame, *, test: float, test_seed: int) -> pd.DataFrame:
    """Draw the test patients: in each stratum the share `test`, rounded, and at least one.

    Parameters
    ----------
    labelled, classes
        `tables.LABELLED_IMAGES` and `tables.CLASSES`.
    test
        Share of the patients of each stratum.
    test_seed
        Seed of the draw.

    Returns
    -------
    pandas.DataFrame
        `tables.TEST_PATIENTS`. A patient whose images were all dropped has no stratum and is never held out.
    """
    stratum = _strata(labelled, classes)
    held_out = _cut(stratum[stratum != ""], share=test, purpose="test", seed=test_seed)
    return pd.DataFrame(
        {
            "patient_id": stratum.index,
            "stratum": stratum.to_numpy(),
            "held_out": ["test" if patient in held_out else "development" for patient in stratum.index],
        }
    )


def manifest(
    labelled: pd.DataFrame,
    test_patients: pd.DataFrame,
    classes: pd.DataFrame,
    *,
    seed: int,
    validation: float,
    balance: str,
    test_balance: str,
    test_seed: int,
) -> pd.DataFrame:
    """Put each labelled image into train, validation or test, or leave it out with a reason.

    Parameters
    ----------
    labelled, test_patients, classes
        `tables.LABELLED_IMAGES`, `tables.TEST_PATIENTS` and `tables.CLASSES`.
    seed
        Draws the validation patients and the downsampling of train and validation.
    validation
        Share of the development patients of each stratum.
    balance
        "downsample": train and validation get as many images of each class as the smallest has. "none": all.
    test_balance
        "natural" or "downsample", drawn by `test_seed`, the same for all seeds.

    Returns
    -------
    pandas.DataFrame
        `tables.MANIFEST`; labels are those of the split, a dropped class keeps its own.
    """
    kept = dict(zip(classes["label"], classes["kept_as"], strict=True))
    rows = labelled.assign(label=[kept[label] or label for label in labelled["label"]], subset="train", reason="")
    development = test_patients[(test_patients["held_out"] == "development") & (test_patients["stratum"] != "")]
    strata = development.set_index("patient_id")["stratum"]
    for_validation = _cut(strata, share=validation, purpose="validation", seed=seed)
    for_test = set(test_patients.loc[test_patients["held_out"] == "test", "patient_id"])
    rows.loc[rows["patient_id"].isin(for_validation), "subset"] = "validation"
    rows.loc[rows["patient_id"].isin(for_test), "subset"] = "test"
    # The dropped class goes first: nothing of it is balanced against.
    rows.loc[~rows["label"].isin(kept_classes(classes)), ["subset", "reason"]] = ["unused", "small_class"]
    draws: list[tuple[str, str, Any]] = [("train", balance, seed), ("validation", balance, seed)]
    for subset, way, of_seed in [*draws, ("test", test_balance, test_seed)]:
        if way == "downsample":
            surplus = _surplus(rows[rows["subset"] == subset], purpose=f"downsample {subset}", seed=of_seed)
            rows.loc[rows["image_id"].isin(surplus), ["subset", "reason"]] = ["unused", "downsampled"]
    return rows[list(tables.MANIFEST.columns)].reset_index(drop=True)


def development_images(labelled: pd.DataFrame, test_patients: pd.DataFrame) -> pd.DataFrame:
    """The labelled images of patients who are not held out."""
    development = test_patients.loc[test_patients["held_out"] == "development", "patient_id"]
    return labelled[labelled["patient_id"].isin(development)]


def rank(ids: pd.Index | pd.Series, *, purpose: str, seed: int) -> list[str]:
    """Ids in the order of a seeded hash, which is the same for any order of rows."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{purpose}\x1f{seed}\x1f{one}".encode()).digest())


def _strata(labelled: pd.DataFrame, classes: pd.DataFrame) -> pd.Series:
    """Each patient's stratum: the class, rarest in the cohort, among the patient's images; "" if all were dropped."""
    kept = dict(zip(classes["label"], classes["kept_as"], strict=True))
    label = labelled["label"].map(kept)
    order = kept_classes(classes)
    counts = label.value_counts()
    rarity = {one: (int(counts[one]), place) for place, one in enumerate(order) if one in counts.index}
    found: dict[str, str] = {}
    for patient, own in label.groupby(labelled["patient_id"]):
        present = [one for one in set(own) if one]
        found[str(patient)] = min(present, key=rarity.__getitem__) if present else ""
    return pd.Series(found, dtype=str).sort_index()


def _cut(strata: pd.Series, *, share: float, purpose: str, seed: int) -> set[str]:
    """The patients of the smaller part: of each stratum the share, rounded, at least one."""
    chosen: set[str] = set()
    for _, own in strata.groupby(strata):
        # Python rounds halves to even; a cut rounds them up.
        count = max(1, int(len(own) * share + 0.5))
        chosen.update(rank(own.index, purpose=purpose, seed=seed)[:count])
    return chosen


def _surplus(images: pd.DataFrame, *, purpose: str, seed: int) -> set[str]:
    """Images to leave out so that each class keeps as many as the smallest."""
    if images.empty:
        return set()
    least = images["label"].value_counts().min()
    surplus: set[str] = set()
    for _, own in images.groupby("label"):
        surplus.update(rank(own["image_id"], purpose=purpose, seed=seed)[least:])
    return surplus


def _n_patients(group: list[str], patients: dict[str, set[str]]) -> int:
    return len(set().union(*(patients.get(label, set()) for label in group)))


def _remove(
    group: list[str], groups: list[list[str]], dropped: list[str], patients: dict[str, set[str]], *, merge: bool
) -> None:
    """Take a small class out of `groups`: into `dropped`, or into the larger of its neighbours."""
    place = groups.index(group)
    if not merge or len(groups) == 1:
        groups.remove(group)
        dropped.extend(group)
        return
    neighbours = [p for p in (place - 1, place + 1) if 0 <= p < len(groups)]
    larger = max(neighbours, key=lambda p: _n_patients(groups[p], patients))
    first, second = sorted((place, larger))
    groups[first : second + 1] = [groups[first] + groups[second]]
