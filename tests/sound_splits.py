"""What every split by patient of a run must be, counted from its tables alone."""

from collections import Counter, defaultdict

from mammoflow import tables

SHARE = 0.15  # of test, and of validation among the others, as shipped


def check(folder, *, seeds):
    """Fail unless no person is in two subsets, every labelled image stands once, and each stratum gives its share."""
    labelled = tables.read(folder / "results/cohort/labelled_images.tsv", tables.LABELLED_IMAGES)
    persons = dict(zip(labelled["patient_id"], labelled["group_id"], strict=True))
    of_test = tables.read(folder / "results/splits/test_patients.tsv", tables.TEST_PATIENTS)
    strata, is_test = defaultdict(set), {}
    for row in of_test.itertuples():
        person = persons[row.patient_id]
        strata[row.stratum].add(person)
        assert is_test.setdefault(person, row.held_out) == row.held_out
    strata.pop("", None)  # whoever has no image of a kept class
    for seed in seeds:
        manifest = tables.read(folder / f"results/splits/seed{seed}/manifest.tsv", tables.MANIFEST)
        assert Counter(manifest["image_id"]) == Counter(labelled["image_id"])
        subsets = defaultdict(set)
        for row in manifest[manifest["subset"] != "unused"].itertuples():
            subsets[persons[row.patient_id]].add(row.subset)
        assert all(len(own) == 1 for own in subsets.values())
        for own in strata.values():
            test = {person for person in own if is_test[person] == "test"}
            assert len(test) == wanted(len(own))
            # Downsampling may leave out all images of a patient, but never of the natural test set.
            assert {person for person in own if subsets[person] == {"test"}} == test
            drawn = {person for person in own if subsets[person] == {"validation"}}
            assert 1 <= len(drawn) <= wanted(len(own - test))


def wanted(count):
    """The share, halves rounded up, and at least one."""
    return max(1, (count * round(100 * SHARE) + 50) // 100)
