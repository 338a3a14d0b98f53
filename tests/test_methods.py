"""Zero-shot and the trivial baselines on hand-made examples."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mammoflow import tables, tasks
from mammoflow.errors import UserError
from mammoflow.models import baselines, embeddings, predictions, prompts, views
from tests.conftest import REPO


def manifest(*rows):
    return tables.frame_of(
        [
            {"image_id": f"i{n}", "exam_id": f"e{n}", "patient_id": f"p{n}", "subset": subset, "label": label}
            | {"held_out": "test" if subset == "test" else "development"}
            for n, (subset, label) in enumerate(rows)
        ],
        tables.MANIFEST,
    )


def test_zero_shot_is_the_softmax_of_cosines():
    images = np.array([[2.0, 0.0], [0.0, 3.0]], dtype=np.float32)
    classes = np.array([[1.0, 0.0], [1.0, 1.0]], dtype=np.float32)
    found = prompts.probabilities(images, classes, temperature=10.0)
    cosines = np.array([[1, 0.5**0.5], [0, 0.5**0.5]])
    expected = np.exp(10 * cosines) / np.exp(10 * cosines).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_merged_class_is_the_mean_of_its_parts():
    embedded = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])}
    np.testing.assert_array_equal(prompts.of_class(embedded, "a+b"), [0.5, 0.5])
    with pytest.raises(UserError, match="no sentence for class 'c'"):
        prompts.of_class(embedded, "c")


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("{}", "has no sentences for task halves, only for ; add them"),
        ("{density: {a: [one], b: [two]}}", "has no sentences for task halves, only for density; add them to it"),
        ("{halves: {a: [one]}}", "task halves has sentences for a; needed: a, b"),
        ("{halves: {a: [one], b: [two], c: [three]}}", "has sentences for a, b, c; needed: a, b"),
        ("{halves: {a: [one, two], b: [three]}}", "same number"),
        ("{halves: {a: [one], b: [one]}}", "stands twice"),
        ("{halves: {a: [], b: []}}", "at least one"),
    ],
)
def test_a_prompt_set_is_checked(tmp_path, sentences, message):
    path = tmp_path / "set.yaml"
    path.write_text(f"tasks: {sentences}\n")
    halves = tasks.Task("halves", "Halves", "density", tuple(tasks.Class(key, key, "#000000") for key in "ab"))
    with pytest.raises(UserError, match=message):
        prompts.load(path, halves)


@pytest.mark.parametrize("path", sorted((REPO / "resources/tasks").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_prompt_set_has_sentences_for_every_task(path):
    task = tasks.load(path)
    for prompt_set in (REPO / "resources/prompts").glob("*.yaml"):
        assert list(prompts.load(prompt_set, task).sentences) == task.keys


def test_the_prompts_of_the_paper_are_its_own():
    density = tasks.load(REPO / "resources/tasks/density.yaml")
    assert prompts.load(REPO / "resources/prompts/paper.yaml", density).sentences == {
        "a": ["a mammogram in which the breasts are almost entirely fatty"],
        "b": ["a mammogram with scattered areas of fibroglandular density"],
        "c": ["a mammogram in which the breasts are heterogeneously dense, which may obscure small masses"],
        "d": ["a mammogram in which the breasts are extremely dense, which lowers the sensitivity of mammography"],
    }


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


def test_embeddings_are_found_by_image_across_files(tmp_path):
    from safetensors.numpy import save_file

    vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    indexes = []
    for shard, own in enumerate((vectors[:1], vectors[1:])):
        folder = tmp_path / str(shard)
        folder.mkdir()
        save_file({embeddings.VECTORS: own}, folder / embeddings.FILE)
        ids = [f"i{shard}{n}" for n in range(len(own))]
        indexes.append(embeddings.index(pd.DataFrame({"image_id": ids, "sha256": "x"}), folder))
    index = pd.concat(indexes)
    found = embeddings.lookup(index, pd.Series(["i12", "i00", "i10"]))
    np.testing.assert_array_equal(found, vectors[[3, 0, 1]])
    with pytest.raises(UserError, match="image i99 has no embedding"):
        embeddings.lookup(index, pd.Series(["i99"]))
    (tmp_path / "1" / embeddings.FILE).unlink()
    with pytest.raises(UserError, match="is gone"):
        embeddings.lookup(index, pd.Series(["i00"]))


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
