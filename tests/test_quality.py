"""What matching does to intensities: shares of bright tissue, and how well device and class are told."""

from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest
from skimage.filters import threshold_otsu
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mammoflow import drawing, matching, pictures, quality, tables
from mammoflow.evaluation import separability
from mammoflow.models import baselines
from mammoflow.pages import html
from mammoflow.pages import quality as pages
from mammoflow.pictures import Picture
from mammoflow.quality import Greys
from mammoflow.recipes import Recipe
from tests.test_plots import TASK

RECIPE = Recipe(tone="stored_range", matching="image", crop="none", longest_side=64)
SHARES = {"a": 0.1, "b": 0.35, "c": 0.6, "d": 0.85}  # of bright pixels


def make_images(*, n_patients=32, devices=2):
    """Two images each of patients of four classes, on devices that do not depend on the class."""
    rows = [
        {"image_id": f"i{patient:02}{view}", "patient_id": f"p{patient:02}", "device": f"m{patient // 4 % devices}"}
        | {"label": "abcd"[patient % 4]}
        for patient in range(n_patients)
        for view in "ab"
    ]
    return pd.DataFrame(rows)


def make_greys(images, *, seed=0):
    """Fat and tissue of each image by its class; the second device shows both brighter."""
    rng = np.random.default_rng(seed)
    found = []
    for image in images.itertuples():
        share = np.clip(rng.normal(SHARES[image.label], 0.05), 0.01, 0.99)
        bright = rng.random(4000) < share
        values = np.where(bright, rng.normal(160, 8, 4000), rng.normal(60, 8, 4000)) + 40 * (image.device == "m1")
        found.append(quality.grey_counts(np.clip(values, 1, 255).astype(np.uint8)))
    return np.array(found)


def told(frame, state, measure):
    return frame[(frame["state"] == state) & (frame["measure"] == measure)].iloc[0]


def as_arrays(images, column):
    return images[column].to_numpy(dtype=str), images["patient_id"].to_numpy(dtype=str)


# Separability


def test_balanced_accuracy_is_that_of_scikit_learn():
    images = make_images()
    features = quality.features(make_greys(images)) + np.random.default_rng(1).normal(0, 0.1, (len(images), 32))
    groups, patients = as_arrays(images, "label")
    found = separability.measure(features, groups, patients, resamples=200)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced"))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=separability.SEED)
    by_hand = balanced_accuracy_score(groups, cross_val_predict(model, features, groups, groups=patients, cv=folds))
    assert found.value == pytest.approx(by_hand)
    assert 0.25 < found.low < found.value < found.high < 1
    assert (found.chance, found.groups, found.n_images, found.n_patients) == (0.25, tuple("abcd"), 64, 32)


def test_no_patient_is_learned_and_tested_on():
    """Features that name the patient, and nothing else, tell no group."""
    images = make_images(n_patients=60)
    own = {patient: np.random.default_rng(at).normal(size=32) for at, patient in enumerate(set(images["patient_id"]))}
    features = np.array([own[patient] for patient in images["patient_id"]])
    found = separability.measure(features, *as_arrays(images, "label"), resamples=50)
    assert found.value < 0.4


def test_groups_of_too_few_patients_are_left_out_and_said():
    images = make_images()
    features = quality.features(make_greys(images))
    groups, patients = as_arrays(images, "label")
    rare = np.isin(groups, ["a"]) & ~np.isin(patients, ["p00", "p04"])
    kept = separability.measure(features[~rare], groups[~rare], patients[~rare], resamples=20)
    assert (kept.groups, kept.left_out, kept.chance) == (("b", "c", "d"), ("a",), 1 / 3)
    few = np.isin(patients, ["p00", "p01", "p02", "p03"])
    none = separability.measure(features[few], groups[few], patients[few], resamples=20)
    assert (none.reason, none.left_out) == ("too_few_patients", tuple("abcd"))
    assert np.isnan(none.value)


@pytest.mark.parametrize("group", ["m0", ""])
def test_one_group_cannot_be_told(group):
    images = make_images(n_patients=8)
    groups = np.full(len(images), group)
    found = separability.measure(quality.features(make_greys(images)), groups, groups, resamples=20)
    assert found.reason == "one_group"


@pytest.mark.parametrize("n_patients", [12, 16, 21])
def test_small_cohorts_take_fewer_folds(n_patients):
    images = make_images(n_patients=n_patients)
    found = separability.measure(quality.features(make_greys(images)), *as_arrays(images, "label"), resamples=20)
    assert found.value > found.chance


# Grey values


def test_features_are_those_of_the_histogram_method():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
    ours = quality.features(quality.grey_counts(pixels)[None])[0]
    np.testing.assert_allclose(ours, baselines.intensity_features(pixels))


def test_threshold_is_otsu_over_images_of_equal_weight():
    greys = make_greys(make_images())
    shares = (greys / greys.sum(axis=1, keepdims=True)).mean(axis=0)
    assert quality.bright_threshold(greys) == threshold_otsu(hist=(shares, np.arange(256)))
    larger = greys * np.where(np.arange(len(greys)) % 3, 1, 50)[:, None]
    assert quality.bright_threshold(larger) == quality.bright_threshold(greys)


def test_bright_share_counts_the_foreground_above_the_threshold():
    counts = np.zeros((2, 256), dtype=np.int64)
    counts[0, [10, 100, 101]] = [1, 2, 5]
    counts[1, 50] = 7
    np.testing.assert_allclose(quality.bright_shares(counts, 100), [5 / 8, 0])


def test_blur_hides_what_rounding_leaves_and_nothing_more():
    images = make_images(n_patients=80)
    groups, patients = as_arrays(images, "label")
    offset = np.random.default_rng(2).normal(0, 1, (4, 32))[[list("abcd").index(one) for one in groups]]
    for size, exactly, blurred in [(0.0003, (0.95, 1), (0.1, 0.45)), (0.02, (0.95, 1), (0.9, 1))]:
        for seen, (low, high) in [(size * offset, exactly), (quality.blurred(size * offset), blurred)]:
            assert low <= separability.measure(seen, groups, patients, resamples=20).value <= high


def test_a_sample_is_of_whole_patients_and_the_same_for_any_order():
    images = make_images()
    some = quality.sample(images, most=21)
    assert len(some) == 20
    assert some.groupby("patient_id").size().eq(2).all()
    shuffled = quality.sample(images.sample(frac=1, random_state=1), most=21)
    assert set(some["image_id"]) == set(shuffled["image_id"])
    assert quality.sample(images) is images


# The numbers of a recipe


@pytest.fixture(scope="module")
def measured():
    """Devices that differ before, and not after; classes the same."""
    images = make_images()
    greys = Greys(make_greys(images), make_greys(images.assign(device="m0"), seed=1))
    return images, greys, quality.measures(images, greys, resamples=50)


def test_measures_tell_device_and_class_before_and_after(measured):
    _, _, frame = measured
    assert told(frame, "before", "device_told")["value"] > 0.95
    assert told(frame, "after", "device_told")["value"] < 0.7
    before, after = (told(frame, state, "class_told") for state in quality.STATES)
    assert before["chance"] == after["chance"] == 0.25
    assert 0.25 < before["value"] < after["value"] > 0.7


def test_measures_are_a_table_and_do_not_depend_on_the_order(measured, tmp_path):
    images, greys, frame = measured
    order = np.random.default_rng(3).permutation(len(images))
    turned = Greys(greys.before[order], greys.after[order])
    for at, found in enumerate([frame, quality.measures(images.iloc[order], turned, resamples=50)]):
        tables.write(found, tmp_path / f"{at}.tsv", tables.QUALITY)
    assert (tmp_path / "0.tsv").read_bytes() == (tmp_path / "1.tsv").read_bytes()


def test_mean_shares_are_those_of_the_images(measured):
    images, greys, frame = measured
    tissue = quality.bright_tissue(images, greys)
    assert tissue["image_id"].tolist() == sorted(images["image_id"])
    shares = frame[(frame["state"] == "after") & (frame["measure"] == "bright_share")].set_index(["device", "label"])
    of_class = tissue[tissue["label"] == "c"]
    assert shares.loc[("", "c"), "value"] == pytest.approx(of_class["after"].mean())
    own = of_class[of_class["device"] == "m1"]
    assert shares.loc[("m1", "c"), "value"] == pytest.approx(own["after"].mean())
    assert shares.loc[("m1", "c"), "n_images"] == len(own)
    assert shares.loc[("", "c"), "value"] == pytest.approx(SHARES["c"], abs=0.04)


def test_matching_by_image_gives_every_breast_the_same_share(tmp_path):
    """From pictures and PNGs: what the trap is."""
    rng = np.random.default_rng(0)
    rows = []
    for label, share in SHARES.items():
        pixels = np.zeros((64, 48), np.uint16)
        inside = (slice(8, 56), slice(4, 44))
        bright = rng.random((48, 40)) < share
        pixels[inside] = np.where(bright, rng.integers(2500, 3500, bright.shape), rng.integers(500, 1500, bright.shape))
        histogram = np.bincount(pixels[pixels > 0], minlength=4096)
        pictures.save(Picture(pixels, histogram), tmp_path / f"{label}.safetensors", {})
        rows.append({"image_id": label, "device": "m", "label": label, "picture": f"{label}.safetensors"})
    images = pd.DataFrame(rows).assign(file=[str(tmp_path / f"{label}.png") for label in SHARES])
    fitted = matching.fit(
        RECIPE,
        images,
        lambda one: matching.read_toned(tmp_path / f"{one}.safetensors", tone=RECIPE.tone),
        progress=iter,
    )
    for row in images.itertuples():
        rendered = drawing.render(pictures.load(tmp_path / row.picture), fitted, "m")
        cv2.imwrite(row.file, drawing.to_eight_bits(rendered))
    greys = quality.read_greys(images, RECIPE, work=tmp_path, progress=iter)
    tissue = quality.bright_tissue(images, greys)
    np.testing.assert_allclose(tissue["before"], list(SHARES.values()), atol=0.03)
    assert np.ptp(tissue["after"]) < 0.01
    unmatched = quality.read_greys(images, replace(RECIPE, matching="none"), work=tmp_path, progress=iter)
    np.testing.assert_array_equal(unmatched.before, greys.before)


# On the page


def test_told_says_numbers_with_chance_or_why_there_are_none(measured):
    frame = measured[2]
    table = pages.told({"paper": frame}, {"paper": "image"})
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["measured"] == "before"
    value = told(frame, "before", "device_told")
    shown = html.with_interval(value["value"], value["low"], value["high"])
    assert row["device told"] == f"{shown}\nchance 0.50"
    assert (row["images (n)"], row["patients (n)"]) == (64, 32)
    images = make_images(n_patients=8, devices=1)
    greys = make_greys(images)
    small = quality.measures(images, Greys(greys, greys), resamples=20)
    table = pages.told({"paper": small}, {"paper": "image"})
    assert table.rows[0][3:7] == ("one group", "too few patients") * 2
    assert table.notes == ("Not told, because they have fewer than three patients: 4 of the classes.",)


def test_shares_stand_by_class_in_the_order_of_the_task(measured):
    frame = measured[2]
    table = pages.shares({"paper": frame}, {"paper": "image"}, TASK)
    assert table.columns[4:] == ("class a", "class b", "class c", "class d")
    before, after = table.rows
    assert (before[2], after[2]) == ("before", "after")
    assert list(after[4:]) == sorted(after[4:])


def test_class_mix_counts_images_of_each_device():
    rows = [("m1", 12, "a", 3), ("m1", 12, "b", 0), ("", 14, "a", 2)]
    frame = pd.DataFrame(rows, columns=list(tables.DEVICES.columns)).astype(
        {"bits_stored": "Int64", "n_images": "Int64"}
    )
    table = pages.class_mix(frame, TASK)
    assert table.rows == [("device unknown", "14", 2, 0, 2), ("m1", "12", 3, 0, 3)]
