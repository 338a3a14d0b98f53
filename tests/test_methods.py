"""Zero-shot and the trivial baselines on hand-made examples."""

import numpy as np
import pandas as pd
import pytest

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import baselines, embeddings, predictions, prompts


def manifest(*rows):
    return tables.frame_of(
        [
            {"image_id": f"i{n}", "exam_id": f"e{n}", "patient_id": f"p{n}", "subset": subset, "label": label}
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
    ("classes", "message"),
    [
        ("{a: [one, two], b: [three]}", "same number"),
        ("{a: [one], b: [one]}", "stands twice"),
        ("{a: [], b: []}", "at least one"),
    ],
)
def test_a_prompt_set_is_checked(tmp_path, classes, message):
    path = tmp_path / "set.yaml"
    path.write_text(f"classes: {classes}\n")
    with pytest.raises(UserError, match=message):
        prompts.load(path)


def test_the_majority_is_that_of_development_not_of_test():
    rows = manifest(
        ("train", "a"), ("train", "b"), ("validation", "b"), ("unused", "b"), *[("test", "a")] * 9, ("unused", "c")
    )
    found = baselines.majority(rows, ["a", "b"])
    np.testing.assert_allclose(found, [[0.25, 0.75]] * len(rows))


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
    found = baselines.histogram(features, rows, ["a", "b"])
    assert ((found[:, 1] > 0.5) == (rows["label"] == "b")).all()
    poisoned = rows.assign(label=rows["label"].where(rows["subset"] == "train", "a"))
    np.testing.assert_array_equal(found, baselines.histogram(features, poisoned, ["a", "b"]))


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
