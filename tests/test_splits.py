"""Splits: a hand-worked example, and properties over random cohorts."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoflow import splits, tables
from mammoflow.errors import UserError

CLASSES = ["a", "b", "c", "d"]
SPLIT = {"validation": 0.15, "balance": "downsample", "test_balance": "natural", "test_seed": 0}


def cohort(patients):
    """Labelled images of patients given as lists of labels."""
    rows = [
        {
            "image_id": f"i{number}_{place}",
            "exam_id": f"e{number}",
            "patient_id": f"p{number}",
            "laterality": "LR"[place % 2],
            "view": ("CC", "MLO")[place // 2 % 2],
            "device": "x",
            "label": label,
        }
        for number, labels in enumerate(patients)
        for place, label in enumerate(labels)
    ]
    return tables.frame_of(rows, tables.LABELLED_IMAGES)


def settled(labelled, least=3, small_class="stop"):
    return splits.settle_classes(labelled, CLASSES, min_patients_per_class=least, small_class=small_class)


cohorts = st.lists(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=4), min_size=0, max_size=40).map(
    # At least three patients of each class, so that none is small.
    lambda patients: cohort([*patients, *[[label] * 2 for label in CLASSES for _ in range(3)]])
)


@settings(deadline=None, max_examples=40)
@given(cohorts, st.integers(0, 5))
def test_no_patient_is_in_two_subsets_and_every_image_is_there_once(labelled, seed):
    classes = settled(labelled)
    test = splits.hold_out(labelled, classes, test=0.15, test_seed=0)
    manifest = splits.manifest(labelled, test, classes, seed=seed, **SPLIT)
    used = manifest[manifest["subset"] != "unused"]
    assert used.groupby("patient_id")["subset"].nunique().max() == 1
    assert sorted(manifest["image_id"]) == sorted(labelled["image_id"])
    for subset in ("train", "validation"):
        counts = manifest.loc[manifest["subset"] == subset, "label"].value_counts()
        assert counts.nunique() == 1
    # A test image that was left out would be a hole; the natural test set has none.
    held_out = set(test.loc[test["held_out"] == "test", "patient_id"])
    assert (manifest.loc[manifest["patient_id"].isin(held_out), "subset"] == "test").all()


@settings(deadline=None, max_examples=40)
@given(cohorts)
def test_each_stratum_gives_its_share_to_test_rounded_and_at_least_one(labelled):
    classes = settled(labelled)
    test = splits.hold_out(labelled, classes, test=0.15, test_seed=0)
    for _, own in test.groupby("stratum"):
        assert (own["held_out"] == "test").sum() == max(1, int(len(own) * 0.15 + 0.5))


@settings(deadline=None, max_examples=20)
@given(cohorts, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(labelled, random):
    order = list(range(len(labelled)))
    random.shuffle(order)
    shuffled = labelled.iloc[order].reset_index(drop=True)
    results = []
    for frame in (labelled, shuffled):
        classes = settled(frame)
        test = splits.hold_out(frame, classes, test=0.15, test_seed=0)
        manifest = splits.manifest(frame, test, classes, seed=1, **SPLIT)
        results.append((test, manifest.sort_values("image_id").reset_index(drop=True)))
    pd.testing.assert_frame_equal(results[0][0], results[1][0])
    pd.testing.assert_frame_equal(results[0][1], results[1][1])


def test_the_test_set_is_one_for_all_seeds_and_validation_is_not():
    labelled = cohort([[label] * 4 for label in CLASSES for _ in range(20)])
    classes = settled(labelled)
    test = splits.hold_out(labelled, classes, test=0.15, test_seed=0)
    found = {
        subset: [
            frozenset(m.loc[m["subset"] == subset, "patient_id"])
            for m in (splits.manifest(labelled, test, classes, seed=seed, **SPLIT) for seed in (1, 2, 3))
        ]
        for subset in ("test", "validation")
    }
    assert len(set(found["test"])) == 1
    assert len(set(found["validation"])) == 3


def test_a_hand_worked_example():
    # 20 patients a class, but b has one patient with an image of a: a is as frequent as b by then, so the patient's
    # stratum is the rarer of the two, by images: a 81, b 79.
    patients = [[label] * 4 for label in CLASSES for _ in range(20)]
    patients[20] = ["a", "b", "b", "b"]
    labelled = cohort(patients)
    test = splits.hold_out(labelled, settled(labelled), test=0.15, test_seed=0).set_index("patient_id")
    assert test.loc["p20", "stratum"] == "b"
    # 20 patients of each stratum: 3 to test (0.15 * 20), 17 left, of them 3 (2.55 rounded) to validation.
    assert test.groupby("stratum")["held_out"].apply(lambda own: (own == "test").sum()).to_dict() == dict.fromkeys(
        CLASSES, 3
    )
    manifest = splits.manifest(labelled, test.reset_index(), settled(labelled), seed=1, **(SPLIT | {"balance": "none"}))
    patients_of = manifest.groupby("subset")["patient_id"].nunique()
    assert patients_of.to_dict() == {"test": 12, "validation": 12, "train": 56}


def test_a_downsampled_test_set_is_the_same_for_all_seeds():
    labelled = cohort([["a"] * 2] * 10 + [["b"] * 4] * 30)
    classes = splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=3, small_class="stop")
    test = splits.hold_out(labelled, classes, test=0.2, test_seed=0)
    split = SPLIT | {"test_balance": "downsample"}
    kept = [
        frozenset(m.loc[m["subset"] == "test", "image_id"])
        for m in (splits.manifest(labelled, test, classes, seed=seed, **split) for seed in (1, 2))
    ]
    assert kept[0] == kept[1]
    assert labelled[labelled["image_id"].isin(kept[0])]["label"].value_counts().nunique() == 1


def test_a_small_class_stops_with_its_name_and_the_remedy():
    labelled = cohort([["a"]] * 2 + [["b"]] * 9 + [["c"]] * 9 + [["d"]] * 9)
    with pytest.raises(UserError, match=r"class a has 2 patients.*min_patients_per_class is 3.*drop or merge"):
        settled(labelled)


def test_a_dropped_class_is_unused_and_has_no_place_in_the_split():
    few = cohort([["a"] * 2] * 2 + [["b"] * 2] * 9 + [["c"] * 2] * 9 + [["d", "d"]] * 9)
    classes = settled(few, small_class="drop")
    assert splits.kept_classes(classes) == ["b", "c", "d"]
    assert classes.set_index("label").loc["a", ["status", "kept_as"]].tolist() == ["dropped", ""]
    test = splits.hold_out(few, classes, test=0.15, test_seed=0)
    assert set(test.loc[test["stratum"] == "", "held_out"]) == {"development"}
    manifest = splits.manifest(few, test, classes, seed=1, **SPLIT)
    assert set(manifest.loc[manifest["label"] == "a", "reason"]) == {"small_class"}
    assert set(manifest.loc[manifest["label"] == "a", "subset"]) == {"unused"}


def test_a_merged_class_joins_its_larger_neighbour():
    labelled = cohort([["a"]] * 9 + [["b"]] * 2 + [["c"]] * 20 + [["d"]] * 9)
    classes = settled(labelled, small_class="merge")
    assert splits.kept_classes(classes) == ["a", "b+c", "d"]
    assert classes["status"].tolist() == ["kept", "merged", "merged", "kept"]


def test_one_class_is_nothing_to_compare():
    with pytest.raises(UserError, match="fewer than two classes"):
        settled(cohort([["a"]] * 9), small_class="drop")


def test_development_images_are_of_patients_who_are_not_held_out():
    labelled = cohort([[label] * 4 for label in CLASSES for _ in range(7)])
    test = splits.hold_out(labelled, settled(labelled), test=0.15, test_seed=0)
    held_out = set(test.loc[test["held_out"] == "test", "patient_id"])
    development = splits.development_images(labelled, test)
    assert held_out
    assert not held_out & set(development["patient_id"])
    assert len(development) == len(labelled) - 4 * len(held_out)
