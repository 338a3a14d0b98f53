"""Few images a class: how they are drawn, measured and shown."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from mammoflow import tables
from mammoflow.evaluation import shots as measured
from mammoflow.figures import few_shot as figures
from mammoflow.figures import style
from mammoflow.models import embeddings, few_shot, heads
from mammoflow.models.subsets import rows_of

CLASSES = ["a", "b", "c"]


@st.composite
def manifests(draw):
    """Images of patients of up to six images each; every class trains and validates."""
    patients = draw(st.lists(st.tuples(st.sampled_from(CLASSES), st.integers(1, 6)), min_size=1, max_size=25))
    subsets = [draw(st.sampled_from(["train", "train", "validation", "test", "unused"])) for _ in patients]
    of_each = [(label, 2, subset) for label in CLASSES for subset in ("train", "validation")]
    patients = [(*patient, subset) for patient, subset in zip(patients, subsets, strict=True)] + of_each
    rows = [
        {"image_id": f"i{number}-{image}", "patient_id": f"p{number}", "label": label, "subset": subset}
        for number, (label, images, subset) in enumerate(patients)
        for image in range(images)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=draw(st.integers(0, 9)), ignore_index=True)


def drawn(manifest, shots, seed=1, weighted=False):
    whole = rows_of(manifest, CLASSES, weighted=weighted)
    return few_shot.subset(whole, manifest, shots=str(shots), n_classes=len(CLASSES), seed=seed)


@settings(max_examples=30)
@given(manifest=manifests(), seed=st.integers(0, 3))
def test_draws_are_nested_balanced_and_of_as_many_patients_as_can_be(manifest, seed):
    train = manifest[manifest["subset"] == "train"]
    largest = train["label"].value_counts().max()
    smaller = set()
    for shots in range(1, largest):
        rows = drawn(manifest, shots, seed)
        own = manifest.iloc[rows.train]
        assert set(own["subset"]) == {"train"}
        assert smaller <= set(own["image_id"])
        assert (np.diff(rows.train) > 0).all()
        smaller = set(own["image_id"])
        for label in CLASSES:
            there, found = train[train["label"] == label], own[own["label"] == label]
            assert len(found) == min(shots, len(there))
            assert found["patient_id"].nunique() == min(shots, there["patient_id"].nunique())
            # No patient gives a further image before all others that have one have given it.
            most = found["patient_id"].value_counts().max()
            left = there[~there["image_id"].isin(found["image_id"])]["patient_id"]
            counts = found["patient_id"].value_counts().reindex(left.unique(), fill_value=0)
            assert (counts >= most - 1).all()


@settings(max_examples=30)
@given(manifest=manifests(), shots=st.integers(1, 8))
def test_at_most_four_of_a_class_validate(manifest, shots):
    train = manifest[manifest["subset"] == "train"]
    rows = drawn(manifest, shots)
    own, there = manifest.iloc[rows.validation], manifest[manifest["subset"] == "validation"]
    assert set(own["subset"]) == {"validation"}
    if shots < train["label"].value_counts().max():
        for label in CLASSES:
            assert (own["label"] == label).sum() == min(shots, 4, (there["label"] == label).sum())
    else:
        assert len(own) == len(there)


@settings(max_examples=30)
@given(manifest=manifests())
def test_the_draw_does_not_depend_on_the_order_of_rows_nor_on_other_subsets(manifest):
    found = set(manifest["image_id"].iloc[drawn(manifest, 2).train])
    other = manifest[manifest["subset"] != "test"].sort_values("image_id", ignore_index=True)
    assert set(other["image_id"].iloc[drawn(other, 2).train]) == found


def make_manifest():
    """Twelve images of six patients train for each class, and as many of two patients validate."""
    rows = [
        {"image_id": f"{label}{subset[0]}{image}", "patient_id": f"{label}{subset[0]}{image // 2}", "label": label}
        | {"subset": subset}
        for label in CLASSES
        for subset, n in (("train", 12), ("validation", 12), ("test", 8))
        for image in range(n)
    ]
    return pd.DataFrame(rows)


def test_seeds_draw_other_images():
    manifest = make_manifest()
    found = {tuple(drawn(manifest, 3, seed).train) for seed in range(5)}
    assert len(found) == 5


@pytest.mark.parametrize("shots", ["all", "12", "500"])
def test_where_nothing_is_left_out_it_is_the_experiment_itself(shots):
    manifest = make_manifest()
    whole = rows_of(manifest, CLASSES, weighted=True)
    assert few_shot.subset(whole, manifest, shots=shots, n_classes=3, seed=1) is whole


def test_weights_are_those_of_the_drawn_images():
    manifest = make_manifest()
    scarce = manifest[
        (manifest["label"] != "c") | (manifest["image_id"].isin(["ct0", "ct4"])) | ~manifest["subset"].eq("train")
    ]
    rows = drawn(scarce.reset_index(drop=True), 4, weighted=True)
    assert np.bincount(rows.targets[rows.train]).tolist() == [4, 4, 2]
    np.testing.assert_allclose(rows.weights, [10 / 12, 10 / 12, 10 / 6], rtol=1e-6)


def make_predictions(n=60):
    rng = np.random.default_rng(0)
    manifest = pd.DataFrame(
        {
            "image_id": [f"i{row:02}" for row in range(n)],
            "exam_id": [f"e{row // 4:02}" for row in range(n)],
            "patient_id": [f"p{row // 4:02}" for row in range(n)],
            "laterality": "L",
            "view": "CC",
            "subset": ["train"] * 12 + ["test"] * (n - 12),
            "label": rng.choice(CLASSES, n),
        }
    )
    probabilities = pd.DataFrame(rng.dirichlet(np.ones(3), n), columns=tables.probability_columns(CLASSES))
    return pd.concat([manifest, probabilities], axis=1)


def test_measures_are_those_of_scikit_learn_on_the_test_images():
    predictions = make_predictions()
    found = pd.DataFrame(measured.evaluate(predictions, resamples=200, bootstrap_seed=0, about="x")).set_index("metric")
    test = predictions[predictions["subset"] == "test"]
    probabilities = test[["p_a", "p_b", "p_c"]].to_numpy()
    guess = np.array(CLASSES)[probabilities.argmax(axis=1)]
    expected = {
        "accuracy": sklearn.metrics.accuracy_score(test["label"], guess),
        "balanced_accuracy": sklearn.metrics.balanced_accuracy_score(test["label"], guess),
        "f1_macro": sklearn.metrics.f1_score(test["label"], guess, average="macro"),
        "kappa_quadratic": sklearn.metrics.cohen_kappa_score(test["label"], guess, weights="quadratic"),
        "auroc_macro": sklearn.metrics.roc_auc_score(test["label"], probabilities, multi_class="ovr"),
    }
    assert found["value"].to_dict() == pytest.approx(expected)
    assert ((found["low"] < found["value"]) & (found["value"] < found["high"])).all()
    assert set(found["n_images"]) == {48}
    assert set(found["n_patients"]) == {12}


def make_shots():
    rng = np.random.default_rng(0)
    about = {"n_train_patients": 9, "n_images": 48, "n_patients": 12, "low": 0.1, "high": 0.9}
    rows = [
        {"shots": shots, "seed": seed, "metric": metric, "value": rng.uniform(0.2, 0.9)}
        | about
        | {"n_train_images": 60 if shots == "all" else 3 * int(shots)}
        for shots in ("1", "4", "16", "all")
        for seed in (1, 2)
        for metric in measured.MEASURES
    ]
    return tables.frame_of(rows, tables.SHOTS)


def make_zero_shot(value):
    rows = [
        {
            "seed": seed,
            "subset": subset,
            "level": "image",
            "metric": metric,
            "value": value if subset == "test" else 0.99,
        }
        | {"n_images": 48, "n_exams": 12, "n_patients": 12}
        for seed in (1, 2)
        for subset in ("test", "all")
        for metric in figures.PANELS
    ]
    return tables.frame_of(rows, tables.METRICS)


def test_the_figure_has_the_same_bytes_twice(tmp_path):
    for i in (0, 1):
        figure = figures.draw({"one": make_shots(), "other": make_shots()}, {}, n_classes=3)
        style.save(figure, **{ending: tmp_path / f"{i}.{ending}" for ending in ("png", "pdf", "svg")})
    for ending in ("png", "pdf", "svg"):
        assert (tmp_path / f"0.{ending}").read_bytes() == (tmp_path / f"1.{ending}").read_bytes()


def test_the_figure_shows_means_seeds_zero_shot_and_chance():
    table = make_shots()
    figure = figures.draw(
        {"linear_probe": table}, {"zero_shot": make_zero_shot(0.4)}, n_classes=3, warning="these numbers mean nothing"
    )
    accuracy, auroc = (axes for axes in figure.subfigs[0].axes)
    assert [label.get_text() for label in accuracy.get_xticklabels()] == ["1", "4", "16", "all"]
    lines = {line.get_label(): line for line in accuracy.lines}
    own = table[table["metric"] == "balanced_accuracy"]
    mean = own.groupby("shots")["value"].mean()
    (name,) = [label for label in lines if label.startswith("linear_probe")]
    assert name == "linear_probe, n = 48 test images of 12 patients; all: 20 a class"
    np.testing.assert_allclose(lines[name].get_ydata(), mean[["1", "4", "16"]])
    np.testing.assert_allclose(lines[name].get_xdata(), [0, 2, 4])
    assert any(np.allclose(line.get_ydata(), mean["all"]) for line in accuracy.lines)
    assert any(
        np.allclose(np.sort(line.get_ydata()), np.sort(own["value"]))
        for line in accuracy.lines
        if len(line.get_ydata()) == 8
    )
    assert lines["zero_shot"].get_ydata()[0] == pytest.approx(0.4)
    assert lines["chance"].get_ydata()[0] == pytest.approx(1 / 3)
    assert [line.get_ydata()[0] for line in auroc.lines if line.get_label() == "chance"] == [0.5]
    words = " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))
    assert "these numbers mean nothing" in words
    assert "mean over 2 seeds" in words


SETTINGS = {
    "demo": {"exams": 24, "class_mix": "equal", "max_epochs": 3},
    "shards": 2,
    "split": {"seeds": [1, 2], "min_patients_per_class": 3},
    "evaluation": {"resamples": 100},
    "experiments": {"linear_probe": {"learning_rate": [0.01, 0.001], "batch": 8, "max_epochs": 40}},
    "run": ["zero_shot", "linear_probe", "logistic_regression", "nearest_neighbours", "resnet18"],
    "few_shot": {"experiments": ["linear_probe", "logistic_regression", "resnet18"], "shots": [1, 2, 500]},
}


@pytest.mark.long
@pytest.mark.workflow
def test_the_demo_learns_from_all_and_from_few(snakemake_run, tmp_path):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SETTINGS))
    targets = ["results/figures/few_shot.png", "results/training/nearest_neighbours/choices.tsv"]
    done = snakemake_run(tmp_path, *targets, "--configfile", tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    log = (tmp_path / "results/logs/linear_probe/linear_probe.log").read_text()
    # Three epochs for each of two seeds: the demo's bound is below the experiment's.
    assert "trained 6 epochs" in log
    for name, tried in (("linear_probe", 2), ("logistic_regression", 19), ("nearest_neighbours", None)):
        choices = tables.read(tmp_path / f"results/training/{name}/choices.tsv", tables.CHOICES)
        assert choices.groupby("seed")["chosen"].sum().to_dict() == {1: 1, 2: 1}
        assert tried in (None, len(choices) / 2)
    for name in SETTINGS["few_shot"]["experiments"]:
        check_shots(tmp_path, name)
    for name in ("linear_probe", "logistic_regression"):
        check_heads(tmp_path, name)
    check_tuned_on_the_same_draws(tmp_path)


def check_shots(folder, name):
    """All images, and more than there are, give what the experiment gives."""
    for seed in (1, 2):
        own = folder / f"results/predictions/{name}/seed{seed}.tsv"
        for shots in ("500", "all"):
            assert (folder / f"results/shots/{name}/k{shots}/seed{seed}.tsv").read_bytes() == own.read_bytes()
        few = tables.read(folder / f"results/shots/{name}/k1/seed{seed}.tsv", tables.PREDICTIONS)
        whole = tables.read(own, tables.PREDICTIONS)
        assert few["subset"].equals(whole["subset"])
        assert not few.equals(whole)
    measures = tables.read(folder / f"results/metrics/shots/{name}.tsv", tables.SHOTS)
    assert set(measures["metric"]) == set(measured.MEASURES)
    one = measures[measures["shots"] == "1"]
    assert set(one["n_train_images"]) == set(one["n_train_patients"]) == {4}
    assert set(measures["shots"]) == {"1", "2", "500", "all"}
    # Each experiment is measured on its own predictions.
    test = tables.read(folder / f"results/shots/{name}/k1/seed1.tsv", tables.PREDICTIONS).query("subset == 'test'")
    probabilities = test[tables.probability_columns(tables.predicted_classes(test))].to_numpy()
    guess = np.array(tables.predicted_classes(test))[probabilities.argmax(axis=1)]
    accuracy = one[(one["metric"] == "accuracy") & (one["seed"] == 1)]["value"].item()
    assert accuracy == pytest.approx((guess == test["label"]).mean())


def check_heads(folder, name):
    """Predictions are what the experiment's head says of the vectors."""
    index = tables.read_all(sorted(folder.glob("results/embeddings/*/*/*.tsv")), tables.EMBEDDINGS)
    index["file"] = [str(folder / file) for file in index["file"]]
    for seed in (1, 2):
        whole = tables.read(folder / f"results/predictions/{name}/seed{seed}.tsv", tables.PREDICTIONS)
        head, about = heads.read(folder / f"results/training/{name}/seed{seed}.safetensors")
        assert json.loads(about["classes"]) == tables.predicted_classes(whole)
        assert "these numbers mean nothing" in about["warning"]
        vectors = embeddings.lookup(index, whole["image_id"], about["features"])
        probabilities = whole[tables.probability_columns(tables.predicted_classes(whole))]
        np.testing.assert_allclose(probabilities, head.probabilities(vectors), atol=1e-12)


def check_tuned_on_the_same_draws(folder):
    """What the network was trained on is what probes are: the one draw of each seed and number of images."""
    found = [load_file(path) for path in folder.glob("results/work/fine_tuning/*/rows.safetensors")]
    trained_on = {(tuple(rows["train"]), tuple(rows["validation"])) for rows in found}
    expected = set()
    for seed in (1, 2):
        manifest = tables.read(folder / f"results/splits/seed{seed}/manifest.tsv", tables.MANIFEST)
        whole = rows_of(manifest, list("abcd"), weighted=False)
        for shots in ("1", "2", "all"):
            rows = few_shot.subset(whole, manifest, shots=shots, n_classes=4, seed=seed)
            expected.add((tuple(rows.train), tuple(rows.validation)))
    assert len(expected) == len(found) == 6
    assert trained_on == expected
    weights = list(folder.glob("results/work/fine_tuning/*/model.safetensors"))
    # Nobody asks for those of few images.
    assert len(weights) == 2
