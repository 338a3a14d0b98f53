"""Splits: the test set, drawn once, and for each seed train and validation, balanced.

What is never divided between subsets is the unit: a person, with all the patients who are that person, an exam or an
image; the last two let views of one person stand on both sides. A draw ranks ids by a seeded hash, so that it does not
depend on the order of rows and needs no generator's state.
"""

import hashlib
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from mammoflow import sides, tables
from mammoflow.errors import UserError

# By unit, the column of what is never divided, and of what a row of the test patients is.
_UNDIVIDED = {"patient": "group_id", "exam": "exam_id", "image": "image_id"}
_LISTED = {"patient": "patient_id", "exam": "exam_id", "image": "image_id"}


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
        A class with fewer patients is small, whatever the unit of the split; those who are one person count once.
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
    counts = labelled.groupby("label")[["group_id", "exam_id", "image_id"]].nunique().reindex(classes, fill_value=0)
    patients = {str(label): set(own) for label, own in labelled.groupby("label")["group_id"]}
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
            "n_patients": counts.loc[label, "group_id"],
            "n_exams": counts.loc[label, "exam_id"],
            "n_images": counts.loc[label, "image_id"],
        }
        for position, label in enumerate(classes)
    ]
    return tables.frame_of(rows, tables.CLASSES)


def kept_classes(classes: pd.DataFrame) -> list[str]:
    """The classes of the split, in order; merged ones are named a+b."""
    return [kept for kept in dict.fromkeys(classes["kept_as"]) if kept]


def hold_out(
    labelled: pd.DataFrame,
    classes: pd.DataFrame,
    *,
    unit: str,
    test: float,
    test_seed: int,
    official: bool | str = False,
    given: pd.DataFrame | None = None,
    groups: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Who is held out for the test: known already, or drawn, of each stratum the share `test`, rounded, at least one.

    Parameters
    ----------
    labelled, classes
        `tables.LABELLED_IMAGES` and `tables.CLASSES`.
    unit
        What is never divided: one of `tables.UNITS`.
    test
        Share of each stratum; of one that is known in part, so many are drawn that the whole has it, if that can be.
    test_seed
        Seed of the draw.
    official
        True or "regroup": the data set's own split, and nothing is drawn.
    given
        The test patients of an earlier run, of the same unit, who stay where they are.
    groups
        `tables.GROUPS`, where `given` is.

    Returns
    -------
    pandas.DataFrame
        `tables.TEST_PATIENTS`. What has no image of a kept class has no stratum, and is held out only if known to be;
        nor have those of `given` who are not in this cohort, but may be in the next.

    Raises
    ------
    UserError
        If what is known contradicts itself, or is not of this cohort.
    """
    undivided = labelled[_UNDIVIDED[unit]]
    known = pd.Series(dtype=str)
    if official:
        known = sides.official(labelled, undivided, unit=unit, regroup=official == "regroup")
    elif given is not None:
        known = sides.given(given, undivided, tables.empty(tables.GROUPS) if groups is None else groups)
    strata = _strata(labelled, classes, undivided)
    drawn = _cut(strata[strata != ""], share=test, purpose="test", seed=test_seed, known=known)
    listed = labelled[list({_LISTED[unit], _UNDIVIDED[unit]})].drop_duplicates()
    own = listed[_UNDIVIDED[unit]]
    is_test = own.isin(drawn) | own.isin(known.index[known == "test"])
    found = pd.DataFrame(
        {
            "patient_id": listed[_LISTED[unit]],
            "unit": unit,
            "stratum": own.map(strata),
            "held_out": is_test.map({True: "test", False: "development"}),
            "by": own.isin(known.index).map({True: "official" if official else "given", False: "draw"}),
        }
    )
    if given is not None:
        absent = given[~given["patient_id"].isin(found["patient_id"])]
        found = pd.concat([found, absent.assign(stratum="", by="given")])
    return found.sort_values("patient_id", ignore_index=True)


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
        Draws who is in validation, and the downsampling of train and validation.
    validation
        Share of each stratum's development part.
    balance
        "downsample": train and validation get as many images of each class as the smallest has. "none", and
        "weighted", which is the training's: all.
    test_balance
        "natural" or "downsample", drawn by `test_seed`, the same for all seeds.

    Returns
    -------
    pandas.DataFrame
        `tables.MANIFEST`; labels are those of the split, a dropped class keeps its own.

    Raises
    ------
    UserError
        If a kept class has no image in train, validation or test.
    """
    kept = labelled["label"].map(_kept_as(classes))
    rows = labelled.join(_subsets(labelled, test_patients, validation=validation, seed=seed)).assign(
        label=kept.where(kept != "", labelled["label"]), reason=""
    )
    # The dropped class goes first: nothing of it is balanced against.
    rows.loc[kept == "", ["subset", "reason"]] = ["unused", "small_class"]
    _check_presence(rows, kept_classes(classes), seed=seed)
    draws: list[tuple[str, str, Any]] = [("train", balance, seed), ("validation", balance, seed)]
    for subset, way, of_seed in [*draws, ("test", test_balance, test_seed)]:
        if way == "downsample":
            surplus = _surplus(rows[rows["subset"] == subset], purpose=f"downsample {subset}", seed=of_seed)
            rows.loc[rows["image_id"].isin(surplus), ["subset", "reason"]] = ["unused", "downsampled"]
    return rows[list(tables.MANIFEST.columns)].reset_index(drop=True)


def development_images(labelled: pd.DataFrame, test_patients: pd.DataFrame) -> pd.DataFrame:
    """The labelled images that are not held out for the test."""
    return labelled[~are_held_out(labelled, test_patients)]


def are_held_out(images: pd.DataFrame, test_patients: pd.DataFrame) -> pd.Series:
    """Whether each image is held out for the test, alone, with its exam or with its patient.

    Parameters
    ----------
    images
        With image_id, exam_id and patient_id.
    test_patients
        `tables.TEST_PATIENTS`.
    """
    held_out = test_patients.loc[test_patients["held_out"] == "test", "patient_id"]
    return images[_LISTED[_unit(test_patients)]].isin(held_out)


def rank(ids: pd.Index | pd.Series, *, purpose: str, seed: int) -> list[str]:
    """Ids in the order of a seeded hash, which is the same for any order of rows."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{purpose}\x1f{seed}\x1f{one}".encode()).digest())


def _unit(test_patients: pd.DataFrame) -> str:
    """What was not divided; the same in every row."""
    return str(test_patients["unit"].iloc[0])


def _kept_as(classes: pd.DataFrame) -> dict[str, str]:
    """The class of the split of each class of the task; "" where it was dropped."""
    return dict(zip(classes["label"], classes["kept_as"], strict=True))


def _strata(labelled: pd.DataFrame, classes: pd.DataFrame, undivided: pd.Series) -> pd.Series:
    """The stratum of each person, exam or image: its class that is rarest in the cohort; "" if all were dropped."""
    label = labelled["label"].map(_kept_as(classes))
    counts = label.value_counts()
    # Of two that are equally rare, the one that comes first in the order of the classes.
    rarest = sorted((one for one in kept_classes(classes) if one in counts.index), key=lambda one: int(counts[one]))
    names = dict(enumerate([*rarest, ""]))
    place = label.map({one: place for place, one in names.items()})
    return place.groupby(undivided).min().map(names)


def _subsets(labelled: pd.DataFrame, test_patients: pd.DataFrame, *, validation: float, seed: int) -> pd.DataFrame:
    """Of each labelled image the side of the test cut, held_out, and before any is left out the subset."""
    unit, sides_of = _unit(test_patients), test_patients.set_index("patient_id")
    undivided, listed = labelled[_UNDIVIDED[unit]], labelled[_LISTED[unit]]
    held_out, stratum = listed.map(sides_of["held_out"]), listed.map(sides_of["stratum"])
    drawable = (held_out == "development") & (stratum != "")
    strata = stratum[drawable].groupby(undivided[drawable]).first()
    for_validation = undivided.isin(_cut(strata, share=validation, purpose="validation", seed=seed))
    subset = for_validation.map({True: "validation", False: "train"})
    return pd.DataFrame({"held_out": held_out, "subset": subset.mask(held_out == "test", "test")})


def _cut(strata: pd.Series, *, share: float, purpose: str, seed: int, known: pd.Series | None = None) -> set[str]:
    """Who is drawn for the smaller part, so that of each stratum it holds the share, rounded, at least one.

    `strata` is by id; those in `known` are not drawn, but count.
    """
    chosen: set[str] = set()
    for own in strata.index.groupby(strata).values():
        wanted, free = max(1, _rounded(share, len(own))), own
        if known is not None:
            wanted -= int((known.reindex(own) == "test").sum())
            free = own.difference(known.index)
        chosen.update(rank(free, purpose=purpose, seed=seed)[: max(0, wanted)])
    return chosen


def _rounded(share: float, count: int) -> int:
    """A share of a count, halves rounded up; exact, for 0.145 of 100 is a half only in decimals."""
    return int((Decimal(str(share)) * count).to_integral_value(ROUND_HALF_UP))


def _check_presence(rows: pd.DataFrame, kept: list[str], *, seed: int) -> None:
    """Without an image of a class a model cannot be trained, chosen or judged on it."""
    found = set(rows[["subset", "label"]].drop_duplicates().itertuples(index=False, name=None))
    for label in kept:
        for subset in ("train", "validation", "test"):
            if (subset, label) not in found:
                raise UserError(
                    f"config: class {label} has no image in {subset} with seed {seed}; raise "
                    "split.min_patients_per_class, with split.small_class drop or merge, or draw otherwise: change "
                    f"split.{'test_seed' if subset == 'test' else 'validation or split.seeds'}"
                )


def _surplus(images: pd.DataFrame, *, purpose: str, seed: int) -> set[str]:
    """Images to leave out so that each class keeps as many as the smallest."""
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
