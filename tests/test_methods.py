"""The trivial baselines on hand-made examples, and what all methods share."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import baselines, predictions, views


def manifest(*rows):
    return tables.frame_of(
        [
            {"image_id": f"i{n}", "exam_id": f"e{n}", "patient_id": f"p{n}", "subset": subset, "label": label}
            | {"held_out": "test" if subset == "test" else "development"}
            for n, (subset, label) in enumerate(rows)
        ],
        tables.MANIFEST,
    )


def test_the_majority_is_that_of_development_not_of_test():
    rows = manifest(
        ("train", "a"), ("train", "b"), ("validation", "b"), ("unused", "b"), *[("test", "a")] * 9, ("unused", "c")
    )
    found = baselines.majority(rows, ["a", "b"])
    np.testing.assert_allclose(found, [[0.25, 0.75]] * len(rows))


def test_the_majority_is_not_that_of_what_downsampling_took_from_the_test_set():
    rows = manifest(("train", "a"), ("train", "a"), ("train", "b"), ("unused", "b"), ("test", "b"))
    rows.loc[3, "held_out"] = "test"
    np.testing.assert_allclose(baselines.majority(rows, ["a", "b"])[0], [2 / 3, 1 / 3])


def test_random_draws_the_development_shares():
    rows = manifest(*[("train", "a")] * 300, *[("train", "b")] * 900, *[("test", "a")] * 5000)
    found = baselines.random(rows, ["a", "b"], np.random.default_rng(0))
    assert set(found.ravel()) == {0.0, 1.0}
    assert found[:, 1].mean() == pytest.approx(0.75, abs=0.02)
    np.testing.assert_array_equal(found, baselines.random(rows, ["a", "b"], np.random.default_rng(0)))


def outlined(*groups):
    """A manifest, and whether a lesion is outlined, of groups (number, subset, label, roi)."""
    every = [(subset, label, roi) for n, subset, label, roi in groups for _ in range(n)]
    return manifest(*[row[:2] for row in every]), pd.Series([row[2] for row in every], dtype=str)


def presence(groups):
    rows, roi = outlined(*groups)
    return baselines.roi_presence(rows, roi, ["a", "b"], experiment="mine"), rows, roi


def test_presence_gives_the_second_class_where_a_lesion_is_outlined():
    """By hand: shares 3/4 and 1/4 of b, 1/10 and 9/10 of a, times 14 images / 2 classes, and one more each."""
    development = [(3, "train", "b", "yes"), (1, "validation", "b", "no"), (1, "train", "a", "yes")]
    groups = [*development, (9, "unused", "a", "no"), (1, "test", "a", "yes"), (1, "test", "b", "no")]
    found, _, roi = presence(groups)
    yes, no = 6.25 / (6.25 + 1.7), 2.75 / (2.75 + 7.3)
    np.testing.assert_allclose(found[:, 1], np.where(roi == "yes", yes, no))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    # Of outlined images fewer are b than a where a is common: that alone is not to turn the answer.
    rare = [(2, "train", "b", "yes"), (8, "train", "b", "no")]
    found, _, roi = presence([*rare, (10, "train", "a", "yes"), (90, "train", "a", "no")])
    assert ((found[:, 1] > 0.5) == (roi == "yes")).all()


def test_presence_looks_at_no_label_of_the_test_set():
    groups = [(5, "train", "b", "yes"), (5, "train", "a", "no"), (7, "test", "a", "yes"), (7, "test", "b", "no")]
    found, rows, roi = presence(groups)
    turned = rows.assign(label=rows["label"].where(rows["subset"] != "test", rows["label"].map({"a": "b", "b": "a"})))
    np.testing.assert_array_equal(found, baselines.roi_presence(turned, roi, ["a", "b"], experiment="mine"))


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(any))
def test_presence_answers_as_the_shares_of_outlines_say(counts):
    """Whatever the counts: presence where b is outlined more often, the other way round where less; never 0 or 1."""
    cells = [(label, roi) for label in "ab" for roi in ("yes", "no")]
    groups = [(n, "train", *cell) for n, cell in zip(counts, cells, strict=True)]
    found, _, _ = presence([*groups, (1, "test", "a", "yes"), (1, "test", "a", "no"), (1, "test", "a", "")])
    assert ((found > 0) & (found < 1)).all()
    assert found[-1].tolist() == [0.5, 0.5]
    a_yes, a_no, b_yes, b_no = counts
    if (a_yes + a_no) and (b_yes + b_no):
        more = np.sign(b_yes * (a_yes + a_no) - a_yes * (b_yes + b_no))
        answer = np.sign(np.round(found[-3:-1, 1] - 0.5, 12))
        assert answer.tolist() == [more, -more]


def test_presence_that_is_never_told_is_refused():
    groups = [(5, "train", "a", ""), (5, "train", "b", ""), (1, "test", "a", "yes")]
    with pytest.raises(UserError, match=r"config: experiments.mine.method is 'roi_presence', but of no develo"):
        presence(groups)


def test_intensity_features_are_shares_of_the_breast():
    pixels = np.zeros((10, 10), np.uint8)
    pixels[:5, :4], pixels[:5, 4:8] = 4, 255
    features = baselines.intensity_features(pixels)
    assert (features[0], features[-1], features.sum()) == (0.5, 0.5, 1.0)
    assert baselines.intensity_features(np.zeros((4, 4), np.uint8)).sum() == 0


def test_the_histogram_baseline_is_fitted_on_train_only():
    rng = np.random.default_rng(0)
    rows = manifest(*[("train", "ba"[n % 2]) for n in range(40)], *[("test", "ba"[n % 2]) for n in range(40)])
    features = np.zeros((80, 32))
    features[:, 0] = (rows["label"] == "b") + rng.normal(0, 0.1, 80)
    found = baselines.histogram(features, rows, ["a", "b"], weighted=False)
    assert ((found[:, 1] > 0.5) == (rows["label"] == "b")).all()
    poisoned = rows.assign(label=rows["label"].where(rows["subset"] == "train", "a"))
    np.testing.assert_array_equal(found, baselines.histogram(features, poisoned, ["a", "b"], weighted=False))


def test_predictions_stand_beside_their_images(tmp_path):
    rows = manifest(("train", "a"), ("unused", "b"))
    table = predictions.as_table(rows, np.array([[0.25, 0.75], [1 + 1e-9, 0]]), ["a", "b"])
    tables.write(table, tmp_path / "p.tsv", tables.PREDICTIONS)
    read = tables.read(tmp_path / "p.tsv", tables.PREDICTIONS)
    assert tables.predicted_classes(read) == ["a", "b"]
    assert read[["p_a", "p_b"]].to_numpy().tolist() == [[0.25, 0.75], [1.0, 0.0]]


def test_the_weighted_histogram_is_that_of_repeated_images():
    """An image of a class that is three times as rare counts as three."""
    rng = np.random.default_rng(0)
    rows = manifest(*[("train", "a")] * 10, *[("train", "b")] * 30, *[("test", "a")] * 20)
    features = rng.normal(size=(60, 32)) + 0.4 * (rows["label"] == "b").to_numpy()[:, None]
    found = baselines.histogram(features, rows, ["a", "b"], weighted=True)
    plain = baselines.histogram(features, rows, ["a", "b"], weighted=False)
    assert found[:, 0].mean() > plain[:, 0].mean()
    own = StandardScaler().fit(features[:40])
    # Weights 2 and 2/3: the mean over training images is 1.
    model = LogisticRegression(max_iter=2000).fit(
        own.transform(features[:40]), rows["label"][:40], sample_weight=[2.0] * 10 + [2 / 3] * 30
    )
    np.testing.assert_allclose(found, model.predict_proba(own.transform(features)), atol=1e-6)


def of_views():
    """An image of each subset, class and view."""
    rows = manifest(*[(subset, label) for subset in ("train", "validation", "test") for label in "aabb"])
    return rows.assign(view=["CC", "MLO"] * 6)


def test_an_experiment_of_a_view_sees_nothing_else():
    rows = of_views()
    own = views.restricted(rows, ["CC"], ["a", "b"], experiment="cc")
    assert own["image_id"].tolist() == [f"i{n}" for n in range(0, 12, 2)]
    assert own.index.tolist() == list(range(6))
    pd.testing.assert_frame_equal(views.restricted(rows, ["CC", "MLO"], ["a", "b"], experiment="both"), rows)


def test_an_experiment_without_views_sees_the_manifest_as_it_is():
    rows = of_views()
    assert views.restricted(rows, [], ["a", "b", "never there"], experiment="all") is rows


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ({"subset": "train", "label": "b"}, "no training image of class b; allowed: views that every class has"),
        ({"subset": "validation"}, "no validation image; allowed"),
        ({}, "no training image of class a and no training image of class b and no validation image; allowed"),
    ],
)
def test_views_without_an_image_to_learn_from_are_refused(gone, said):
    rows = of_views()
    there = (rows["view"] == "CC") & (rows[list(gone)] == pd.Series(gone, dtype=str)).all(axis=1)
    with pytest.raises(UserError, match=rf"config: experiments.mine.views is \['CC'\], of which there is {said}"):
        views.restricted(rows[~there], ["CC"], ["a", "b"], experiment="mine")


def member(rows, p_a):
    return predictions.as_table(rows, np.column_stack([p_a, 1 - np.asarray(p_a)]), ["a", "b"])


def test_a_merge_is_the_mean_over_those_who_predict_an_image(tmp_path):
    rows = of_views()
    cc = member(views.restricted(rows, ["CC"], ["a", "b"], experiment="cc"), np.linspace(0, 1, 6))
    mlo = member(views.restricted(rows, ["MLO"], ["a", "b"], experiment="mlo"), np.linspace(1, 0, 6))
    whole = member(rows, np.full(12, 0.25))
    # One model for each view: every image has the one prediction that there is.
    apart = predictions.merged({"cc": cc, "mlo": mlo})
    tables.write(apart, tmp_path / "m.tsv", tables.PREDICTIONS)
    expected = pd.concat([cc, mlo]).sort_values("image_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(apart, expected)
    # An ensemble: the mean, where two predict.
    ensemble = predictions.merged({"cc": cc, "whole": whole}).set_index("image_id")
    np.testing.assert_allclose(ensemble.loc[cc["image_id"], "p_a"], (np.linspace(0, 1, 6) + 0.25) / 2)
    assert (ensemble.loc[mlo["image_id"], "p_a"] == 0.25).all()
    np.testing.assert_allclose(ensemble[["p_a", "p_b"]].sum(axis=1), 1)


@pytest.mark.parametrize(
    "other",
    [
        lambda t: t.assign(label="a"),
        lambda t: t.assign(subset="train"),
        lambda t: t.rename(columns={"p_b": "p_c"}),
        lambda t: t.drop(columns="p_b"),
    ],
    ids=["label", "subset", "class", "fewer classes"],
)
def test_members_that_contradict_each_other_are_not_merged(other):
    table = member(of_views(), np.full(12, 0.5))
    with pytest.raises(UserError, match="predictions of one, two: classes, or labels or subsets"):
        predictions.merged({"one": table, "two": other(table)})
