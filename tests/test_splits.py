"""Splits: hand-worked examples, and properties over random cohorts in which some patients are one person."""

import hashlib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoflow import sides, splits, tables
from mammoflow.errors import UserError

CLASSES = ["a", "b", "c", "d"]
SPLIT = {"validation": 0.15, "balance": "downsample", "test_balance": "natural", "test_seed": 0}
UNDIVIDED = {"patient": "group_id", "exam": "exam_id", "image": "image_id"}
NOBODY = tables.empty(tables.GROUPS)


def cohort(patients, joined=(), official=None):
    """Labelled images of patients given as lists of labels, two images an exam; `joined` are pairs of patients."""
    groups = list(range(len(patients)))
    for one, other in joined:
        first, second = sorted((groups[one % len(patients)], groups[other % len(patients)]))
        groups = [first if group == second else group for group in groups]
    rows = [
        {
            "image_id": f"i{number}_{place}",
            "exam_id": f"e{number}_{place // 2}",
            "patient_id": f"p{number}",
            "group_id": f"p{groups[number]}",
            "laterality": "LR"[place % 2],
            "view": ("CC", "MLO")[place // 2 % 2],
            "device": "x",
            "official": official(number, place) if official else "",
            "label": label,
        }
        for number, labels in enumerate(patients)
        for place, label in enumerate(labels)
    ]
    return tables.frame_of(rows, tables.LABELLED_IMAGES)


def groups_of(labelled):
    """The groups table that the cohort was made with."""
    several = labelled.groupby("group_id")["patient_id"].transform("nunique") > 1
    found = labelled.loc[several, ["patient_id", "group_id"]].drop_duplicates()
    return found.assign(joined_by="same_person")


def settled(labelled, least=3, small_class="stop"):
    return splits.settle_classes(labelled, CLASSES, min_patients_per_class=least, small_class=small_class)


def held_out(labelled, *, unit="patient", test=0.15, **more):
    return splits.hold_out(labelled, settled(labelled), unit=unit, test=test, test_seed=0, **more)


def manifest_of(labelled, test_patients, *, seed=1, **more):
    return splits.manifest(labelled, test_patients, settled(labelled), seed=seed, **(SPLIT | more))


def sides_of(test_patients):
    return test_patients.set_index("patient_id")["held_out"]


def rounded(count, percent):
    """A share in whole percent, halves up, in whole numbers; at least one."""
    return max(1, (2 * count * percent + 100) // 200)


labels_of_patients = st.lists(st.sampled_from(CLASSES), min_size=1, max_size=4)
# Three patients of each class who are in no group, so that no class is small.
cohorts = st.builds(
    lambda patients, joined: cohort([*patients, *[[label] * 2 for label in CLASSES for _ in range(3)]], joined),
    st.lists(labels_of_patients, min_size=4, max_size=40),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=3),
)
units = st.sampled_from(tables.UNITS)
percents = st.sampled_from([10, 15, 25])


@settings(max_examples=60)
@given(cohorts, units, st.integers(0, 5))
def test_nothing_undivided_is_in_two_subsets_and_every_image_is_there_once(labelled, unit, seed):
    test = held_out(labelled, unit=unit)
    manifest = manifest_of(labelled, test, seed=seed)
    assert sorted(manifest["image_id"]) == sorted(labelled["image_id"])
    undivided = manifest["image_id"].map(labelled.set_index("image_id", drop=False)[UNDIVIDED[unit]])
    used = manifest["subset"] != "unused"
    assert manifest["subset"][used].groupby(undivided[used]).nunique().max() == 1
    assert manifest["held_out"].groupby(undivided).nunique().max() == 1
    # A test image that was left out would be a hole; the natural test set has none.
    assert ((manifest["held_out"] == "test") == (manifest["subset"] == "test")).all()
    for subset in ("train", "validation"):
        counts = manifest.loc[manifest["subset"] == subset, "label"].value_counts()
        assert counts.nunique() == 1
        assert len(counts) == len(CLASSES)


@settings(max_examples=60)
@given(cohorts, units, percents)
def test_each_stratum_gives_its_share_to_test_and_to_validation(labelled, unit, percent):
    share = percent / 100
    test = held_out(labelled, unit=unit, test=share)
    manifest = manifest_of(labelled, test, validation=share, balance="none")
    by_id = labelled.assign(undivided=labelled[UNDIVIDED[unit]]).merge(manifest[["image_id", "subset"]])
    # The stratum, by the words of its definition: the class that fewest images of the cohort have.
    rarity = by_id["label"].value_counts()
    found = by_id.groupby("undivided").agg(
        stratum=("label", lambda own: min(own, key=lambda label: (rarity[label], label))), subset=("subset", "first")
    )
    for _, own in found.groupby("stratum"):
        in_test, development = (own["subset"] == "test").sum(), (own["subset"] != "test").sum()
        assert in_test == rounded(len(own), percent)
        assert (own["subset"] == "validation").sum() == rounded(development, percent)


@settings(max_examples=30)
@given(cohorts, units, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(labelled, unit, random):
    order = list(range(len(labelled)))
    random.shuffle(order)
    results = []
    for frame in (labelled, labelled.iloc[order], labelled.iloc[order].reset_index(drop=True)):
        test = held_out(frame, unit=unit)
        results.append((test, manifest_of(frame, test).sort_values("image_id").reset_index(drop=True)))
    for test, manifest in results[1:]:
        pd.testing.assert_frame_equal(results[0][0], test)
        pd.testing.assert_frame_equal(results[0][1], manifest)


@settings(max_examples=40)
@given(
    cohorts,
    units,
    st.lists(labels_of_patients, min_size=1, max_size=3),
    st.integers(0, 10**6),
    st.sampled_from(CLASSES),
)
def test_given_back_more_exams_and_a_corrected_label_move_nobody(labelled, unit, more, corrected, label):
    before = held_out(labelled, unit=unit)
    # New patients, the first of whom is the same person as one who is known, a new exam of a known patient, and
    # another label for one exam.
    new = cohort(more).assign(
        image_id=lambda frame: "new_" + frame["image_id"],
        exam_id=lambda frame: "new_" + frame["exam_id"],
        patient_id=lambda frame: "new_" + frame["patient_id"],
    )
    known = labelled.iloc[[corrected % len(labelled)]]
    new["group_id"] = new["patient_id"].where(new["patient_id"] != "new_p0", known["group_id"].item())
    again = known.assign(image_id="again", exam_id="again")
    after_labels = labelled.assign(label=labelled["label"].mask(labelled["exam_id"] == known["exam_id"].item(), label))
    larger = pd.concat([after_labels, new, again], ignore_index=True)
    after = held_out(larger, unit=unit, given=before, groups=groups_of(larger))
    assert sides_of(after).loc[before["patient_id"]].tolist() == before["held_out"].tolist()
    assert set(after.set_index("patient_id")["by"].loc[before["patient_id"]]) == {"given"}
    ids = larger[{"patient": "patient_id"}.get(unit, UNDIVIDED[unit])]
    assert sides_of(after).loc[ids].groupby(larger[UNDIVIDED[unit]].to_numpy()).nunique().max() == 1
    assert set(after["patient_id"]) == set(ids)


@settings(max_examples=20)
@given(cohorts, units)
def test_given_back_a_test_set_is_itself(labelled, unit):
    before = held_out(labelled, unit=unit)
    after = held_out(labelled, unit=unit, given=before, groups=groups_of(labelled))
    pd.testing.assert_frame_equal(after.assign(by="draw"), before)


def test_the_test_set_is_one_for_all_seeds_and_validation_is_not():
    labelled = cohort([[label] * 4 for label in CLASSES for _ in range(20)])
    test = held_out(labelled)
    found = {
        subset: [
            frozenset(m.loc[m["subset"] == subset, "patient_id"])
            for m in (manifest_of(labelled, test, seed=seed) for seed in (1, 2, 3))
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
    test = held_out(labelled).set_index("patient_id")
    assert test.loc["p20", "stratum"] == "b"
    assert (set(test["unit"]), set(test["by"])) == ({"patient"}, {"draw"})
    # 20 patients of each stratum: 3 to test (0.15 * 20), 17 left, of them 3 (2.55 rounded) to validation.
    assert test.groupby("stratum")["held_out"].apply(lambda own: (own == "test").sum()).to_dict() == dict.fromkeys(
        CLASSES, 3
    )
    manifest = manifest_of(labelled, test.reset_index(), balance="none")
    patients_of = manifest.groupby("subset")["patient_id"].nunique()
    assert patients_of.to_dict() == {"test": 12, "validation": 12, "train": 56}
    assert manifest.groupby("held_out")["patient_id"].nunique().to_dict() == {"test": 12, "development": 68}


def test_the_draw_is_the_order_of_a_hash():
    labelled = cohort([[label] * 4 for label in CLASSES for _ in range(20)])
    of_a = sorted(
        (f"p{number}" for number in range(20)), key=lambda one: hashlib.sha256(f"test\x1f0\x1f{one}".encode()).digest()
    )
    test = held_out(labelled)
    assert set(test.loc[(test["stratum"] == "a") & (test["held_out"] == "test"), "patient_id"]) == set(of_a[:3])


def test_the_example_of_the_page():
    labelled = cohort([["a"]] * 108 + [["a", "b"]] * 2 + [["b"]] * 196 + [["c"]] * 300 + [["d"]] * 300)
    manifest = manifest_of(labelled, held_out(labelled), balance="none")
    # The two with images of both classes count for a.
    number = manifest["patient_id"].str[1:].astype(int)
    of_a, of_b = (
        manifest[own].groupby("subset")["patient_id"].nunique() for own in (number < 110, number.between(110, 305))
    )
    assert of_a.to_dict() == {"test": 17, "validation": 14, "train": 79}
    assert of_b.to_dict() == {"test": 29, "validation": 25, "train": 142}


def test_a_half_is_rounded_up_as_people_count():
    # 0.145 of 100 is 14.5, and a little less in binary numbers.
    labelled = cohort([[label] for label in CLASSES for _ in range(100)])
    test = held_out(labelled, test=0.145)
    assert test.loc[test["held_out"] == "test", "stratum"].value_counts().to_dict() == dict.fromkeys(CLASSES, 15)


def test_patients_who_are_one_person_are_drawn_as_one():
    # Each class: 20 patients, the first two of them one person: 19 persons, of whom 3 (2.85) go to test, 2 (16 * 0.15 =
    # 2.4) to validation.
    patients = [[label] * 2 for label in CLASSES for _ in range(20)]
    labelled = cohort(patients, joined=[(0, 1), (20, 21), (40, 41), (60, 61)])
    test = held_out(labelled)
    assert len(test) == 80
    person = test["patient_id"].map(labelled.drop_duplicates("patient_id").set_index("patient_id")["group_id"])
    assert test.groupby(person)[["held_out", "stratum"]].nunique().max().max() == 1
    in_test = test["held_out"] == "test"
    assert person[in_test].nunique() == 12
    manifest = manifest_of(labelled, test, balance="none")
    of_images = labelled["group_id"]
    assert of_images[manifest["subset"] == "validation"].nunique() == 8
    assert settled(labelled)["n_patients"].tolist() == [19] * 4


def test_a_person_has_one_stratum_whatever_the_patient():
    labelled = cohort([["a"], ["b"], *[[label] for label in "bcd" * 9], *[["a"]] * 5], joined=[(0, 1)])
    test = held_out(labelled).set_index("patient_id")
    assert test.loc[["p0", "p1"], "stratum"].tolist() == ["a", "a"]
    assert test.loc["p0", "held_out"] == test.loc["p1", "held_out"]


@pytest.mark.parametrize(
    ("unit", "counts", "divides_patients"),
    # A class has 10 patients with 2 exams of 2 images. To test: 2 (1.5) patients, 3 exams, 6 images of each class; then
    # to validation: 1 (1.2) of 8, 3 (2.55) of 17, 5 (5.1) of 34.
    [
        ("patient", {"test": 2 * 4, "validation": 1 * 4, "train": 7 * 4}, False),
        ("exam", {"test": 3 * 2, "validation": 3 * 2, "train": 14 * 2}, True),
        ("image", {"test": 6, "validation": 5, "train": 29}, True),
    ],
)
def test_each_unit_is_drawn_by_its_own_number(unit, counts, divides_patients):
    labelled = cohort([[label] * 4 for label in CLASSES for _ in range(10)])
    test = held_out(labelled, unit=unit)
    assert set(test["unit"]) == {unit}
    assert sorted(test["patient_id"]) == sorted(set(labelled[f"{unit}_id"]))
    manifest = manifest_of(labelled, test, balance="none")
    for _, own in manifest.groupby("label"):
        assert own["subset"].value_counts().to_dict() == counts
    assert (manifest.groupby("patient_id")["subset"].nunique().max() > 1) == divides_patients
    development = splits.development_images(labelled, test)
    assert set(development["image_id"]) == set(manifest.loc[manifest["held_out"] == "development", "image_id"])


def test_a_class_has_patients_and_not_images_whatever_the_unit():
    labelled = cohort([["a"] * 40] * 2 + [[label] for label in "bcd" for _ in range(9)])
    with pytest.raises(UserError, match="class a has 2 patients"):
        held_out(labelled, unit="image")


def test_a_downsampled_test_set_is_the_same_for_all_seeds():
    labelled = cohort([["a"] * 2] * 10 + [["b"] * 4] * 30)
    classes = splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=3, small_class="stop")
    test = splits.hold_out(labelled, classes, unit="patient", test=0.2, test_seed=0)
    split = SPLIT | {"test_balance": "downsample"}
    manifests = [splits.manifest(labelled, test, classes, seed=seed, **split) for seed in (1, 2)]
    kept = [frozenset(m.loc[m["subset"] == "test", "image_id"]) for m in manifests]
    assert kept[0] == kept[1]
    assert labelled[labelled["image_id"].isin(kept[0])]["label"].value_counts().nunique() == 1
    # What it leaves out is held out all the same.
    surplus = manifests[0][(manifests[0]["held_out"] == "test") & (manifests[0]["subset"] == "unused")]
    assert set(surplus["reason"]) == {"downsampled"}


def test_weights_leave_no_image_out():
    labelled = cohort([["a"] * 2] * 10 + [["b"] * 4] * 30 + [["c"]] * 5 + [["d"]] * 5)
    test = held_out(labelled)
    pd.testing.assert_frame_equal(
        manifest_of(labelled, test, balance="weighted"), manifest_of(labelled, test, balance="none")
    )


def test_a_small_class_stops_with_its_name_and_the_remedy():
    labelled = cohort([["a"]] * 2 + [["b"]] * 9 + [["c"]] * 9 + [["d"]] * 9)
    with pytest.raises(UserError, match=r"class a has 2 patients.*min_patients_per_class is 3.*drop or merge"):
        settled(labelled)


def test_a_class_of_patients_who_are_one_person_is_small():
    labelled = cohort([["a"]] * 3 + [["b"]] * 9 + [["c"]] * 9 + [["d"]] * 9, joined=[(0, 2)])
    with pytest.raises(UserError, match="class a has 2 patients"):
        settled(labelled)


def test_a_dropped_class_is_unused_and_has_no_place_in_the_split():
    few = cohort([["a"] * 2] * 2 + [["b"] * 2] * 9 + [["c"] * 2] * 9 + [["d", "d"]] * 9)
    classes = settled(few, small_class="drop")
    assert splits.kept_classes(classes) == ["b", "c", "d"]
    assert classes.set_index("label").loc["a", ["status", "kept_as"]].tolist() == ["dropped", ""]
    test = splits.hold_out(few, classes, unit="patient", test=0.15, test_seed=0)
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


def test_a_kept_class_that_training_lacks_is_named():
    # Of 5 patients of a class 1 (0.75) goes to test, and then all 4 (3.6) to validation.
    labelled = cohort([[label] * 2 for label in CLASSES for _ in range(5)])
    with pytest.raises(UserError) as caught:
        manifest_of(labelled, held_out(labelled), seed=7, validation=0.9)
    assert str(caught.value) == (
        "config: class a has no image in train with seed 7; raise split.min_patients_per_class, with split.small_class "
        "drop or merge, or draw otherwise: change split.validation or split.seeds"
    )


def test_a_kept_class_that_the_test_set_lacks_is_named():
    labelled = publicly(lambda number, _: "test" if number in (0, 4, 12) else "development")
    with pytest.raises(
        UserError, match=r"^config: class c has no image in test with seed 1; .*: change split.test_seed"
    ):
        manifest_of(labelled, held_out(labelled, official=True))


def test_development_images_are_of_patients_who_are_not_held_out():
    labelled = cohort([[label] * 4 for label in CLASSES for _ in range(7)])
    test = held_out(labelled)
    held = set(test.loc[test["held_out"] == "test", "patient_id"])
    development = splits.development_images(labelled, test)
    assert held
    assert not held & set(development["patient_id"])
    assert len(development) == len(labelled) - 4 * len(held)


# An earlier run's test set


def known(**of_patients):
    """An earlier run's test patients: their sides by patient."""
    rows = [
        {"patient_id": patient, "unit": "patient", "stratum": "", "held_out": side, "by": "draw"}
        for patient, side in of_patients.items()
    ]
    return tables.frame_of(rows, tables.TEST_PATIENTS)


def test_only_who_is_new_is_drawn_and_only_as_many_as_lack():
    # 20 of each class: 3 are wanted in test. Of a, 2 are in test already, so 1 of the 10 new ones is drawn; of b, 4
    # are, so none; of c nobody was known, so 3 of 20; of d everybody is known and none in test, so none.
    labelled = cohort([[label] for label in CLASSES for _ in range(20)])
    of_a = {f"p{n}": "test" if n < 2 else "development" for n in range(10)}
    of_b = {f"p{n}": "test" if n < 24 else "development" for n in range(20, 40)}
    of_d = {f"p{n}": "development" for n in range(60, 80)}
    given_back = known(**of_a, **of_b, **of_d)
    test = held_out(labelled, given=given_back, groups=NOBODY)
    drawn = test[(test["by"] == "draw") & (test["held_out"] == "test")]
    assert drawn["stratum"].value_counts().to_dict() == {"a": 1, "c": 3}
    pd.testing.assert_series_equal(sides_of(test).loc[given_back["patient_id"]], sides_of(given_back))
    assert test["by"].value_counts().to_dict() == {"given": 50, "draw": 30}


def test_who_is_not_in_the_cohort_now_keeps_a_side_for_later():
    labelled = cohort([[label] for label in CLASSES for _ in range(9)])
    test = held_out(labelled, given=known(p0="test", gone="test"), groups=NOBODY)
    row = test.set_index("patient_id").loc["gone"]
    assert row.tolist() == ["patient", "", "test", "given"]
    assert set(manifest_of(labelled, test)["image_id"]) == set(labelled["image_id"])


def test_a_new_patient_goes_where_the_same_person_is():
    labelled = cohort([[label] for label in CLASSES for _ in range(9)], joined=[(0, 1), (2, 3)])
    groups = pd.concat(
        # p4 is one person with a patient of the earlier run who has no image now.
        [groups_of(labelled), known(p4="test", gone="test").assign(group_id="gone", joined_by="same_pixels")]
    )[list(tables.GROUPS.columns)]
    labelled = labelled.assign(group_id=labelled["group_id"].replace("p4", "gone"))
    test = held_out(labelled, given=known(p1="test", p2="development", gone="test"), groups=groups)
    found = test.set_index("patient_id")
    assert found.loc[["p0", "p1", "p2", "p3", "p4"], "held_out"].tolist() == [
        "test", "test", "development", "development", "test",
    ]  # fmt: skip
    assert set(found.loc[["p0", "p1", "p2", "p3", "p4"], "by"]) == {"given"}


def test_one_person_on_both_sides_of_the_file_is_named():
    labelled = cohort([[label] for label in CLASSES for _ in range(9)], joined=[(0, 1)])
    with pytest.raises(UserError) as caught:
        held_out(labelled, given=known(p0="development", p1="test", p5="test"), groups=groups_of(labelled))
    assert str(caught.value) == (
        "config: split.test_patients has 1 persons on both sides, such as p1 (test) and p0 (development), who are one; "
        "allowed: one side of each: write test for both into the file"
    )


def test_a_file_of_another_cohort_is_refused():
    labelled = cohort([[label] for label in CLASSES for _ in range(9)])
    with pytest.raises(UserError, match=r"split\.test_patients names nobody of this cohort; allowed: .* id key"):
        held_out(labelled, given=known(someone="test"), groups=NOBODY)


def test_a_file_is_read_if_it_is_of_this_unit(tmp_path):
    file = tmp_path / "earlier.tsv"
    labelled = cohort([[label] for label in CLASSES for _ in range(9)])
    tables.write(held_out(labelled, unit="exam"), file, tables.TEST_PATIENTS)
    assert len(sides.read(file, unit="exam")) == 36
    with pytest.raises(UserError, match=r"of a run with split\.unit 'exam'; allowed: one made with 'patient'"):
        sides.read(file, unit="patient")


@pytest.mark.parametrize("text", ["", "patient_id\theld_out\nx\ttest\n"], ids=["nothing", "too few columns"])
def test_a_file_that_is_no_table_is_not_to_be_deleted(tmp_path, text):
    file = tmp_path / "earlier.tsv"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        sides.read(file, unit="patient")
    assert str(caught.value) == (
        f"config: split.test_patients is {str(file)!r}, which is no table of test patients; "
        "allowed: a test_patients.tsv as this version of the workflow writes it"
    )


# A data set's own split


def publicly(side):
    """A cohort with a side for each image, by the numbers of patient and image."""
    return cohort([[label] * 4 for label in CLASSES for _ in range(4)], official=side)


def test_the_official_split_is_kept():
    labelled = publicly(lambda number, _: "test" if number % 4 == 0 else "development")
    test = held_out(labelled, official=True, test=0.5)
    assert sides_of(test)[sides_of(test) == "test"].index.tolist() == ["p0", "p12", "p4", "p8"]
    assert set(test["by"]) == {"official"}
    manifest = manifest_of(labelled, test)
    assert (manifest["held_out"] == labelled["official"]).all()


def test_who_is_on_both_sides_stops_or_is_regrouped():
    # One patient has a test image among others; and one in test is one person with one in development.
    labelled = cohort(
        [[label] * 4 for label in CLASSES for _ in range(4)],
        joined=[(4, 5)],
        official=lambda number, place: "test" if number % 4 == 0 or (number, place) == (1, 2) else "development",
    )
    with pytest.raises(UserError) as caught:
        held_out(labelled, official=True)
    assert str(caught.value) == (
        "config: split.official is true, and 2 patients have images on both sides of the data set's own split; "
        "allowed: regroup, which puts all their images into test, or false"
    )
    test = sides_of(held_out(labelled, official="regroup"))
    assert sorted(test[test == "test"].index) == ["p0", "p1", "p12", "p4", "p5", "p8"]
    # Where nothing larger than an image is kept together, nobody is on both sides.
    by_image = sides_of(held_out(labelled, official=True, unit="image"))
    assert (by_image == "test").sum() == 17


def test_images_without_an_official_side_are_counted():
    labelled = publicly(lambda number, place: "" if number == 3 and place else "test")
    with pytest.raises(UserError, match=r"3 labelled images have no side .* allowed: false, which draws"):
        held_out(labelled, official=True)
