"""Probes, logistic regression and nearest neighbours against loops and libraries used by hand."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import choices, few_shot, heads, kept_probes, logistic_regression, nearest_neighbours, probes
from mammoflow.models.heads import Head
from mammoflow.models.probes import Settings
from mammoflow.models.subsets import Rows, rows_of

WEIGHTS = np.array([0.5, 1, 3], np.float32)


def quiet(loop):
    return loop


@pytest.fixture
def problem():
    """Three classes that a linear layer can nearly tell apart: 160 rows train, 40 validate, 40 do neither."""
    return make_problem()


def make_problem(seed=0, width=16, n=240, noise=1):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, n)
    vectors = np.eye(3)[targets] @ rng.normal(size=(3, width)) * 2 + noise * rng.normal(size=(n, width))
    return vectors.astype(np.float32), Rows(np.arange(n - 80), np.arange(n - 80, n - 40), targets)


def trained(vectors, rows, seed=7, **own):
    return probes.train(vectors, rows, Settings(**own), n_classes=3, seed=seed, progress=quiet)


def plain_loop(vectors, rows, *, epochs, seed=7, learning_rate=1e-4, weight_decay=1e-3, batch=64):
    """The probe as anyone would write it: the layer and both losses after each epoch."""
    layer = torch.nn.Linear(vectors.shape[1], 3)
    torch.nn.init.xavier_uniform_(layer.weight, generator=torch.Generator().manual_seed(seed))
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=learning_rate, weight_decay=weight_decay)
    of_classes = None if rows.weights is None else torch.tensor(rows.weights)
    criterion = torch.nn.CrossEntropyLoss(weight=of_classes)
    data, targets = torch.tensor(vectors), torch.tensor(rows.targets)
    for epoch in range(1, epochs + 1):
        order, total, count = np.random.default_rng([seed, epoch]).permutation(rows.train), 0.0, 0.0
        for start in range(0, len(order), batch):
            own = order[start : start + batch]
            loss = criterion(layer(data[own]), targets[own])
            share = len(own) if of_classes is None else of_classes[targets[own]].sum().item()
            total, count = total + loss.item() * share, count + share
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            after = criterion(layer(data[rows.validation]), targets[rows.validation]).item()
        yield layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy(), total / count, after


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_probe_is_the_published_loop(problem, weights):
    vectors, rows = problem
    rows = replace(rows, weights=weights)
    found = trained(vectors, rows, max_epochs=15)
    *_, (weight, bias, _, _) = by_epoch = list(plain_loop(vectors, rows, epochs=15))
    # The loss still falls at epoch 15, so the last weights are the best.
    assert found.epochs.tolist() == [15]
    np.testing.assert_allclose(found.weights[0], weight, atol=1e-6)
    np.testing.assert_allclose(found.biases[0], bias, atol=1e-6)
    losses = [[before, after] for _, _, before, after in by_epoch]
    np.testing.assert_allclose(found.curves[0, :, :2], losses, atol=1e-6)
    expected = torch.softmax(torch.tensor(vectors) @ torch.tensor(weight).T + torch.tensor(bias), dim=1).numpy()
    head = kept_probes.head_of(found)
    np.testing.assert_allclose(head.probabilities(vectors), expected, atol=1e-6)
    guess = expected[rows.validation].argmax(axis=1)
    assert found.curves[0, -1, 2] == pytest.approx((guess == rows.targets[rows.validation]).mean())


def test_the_published_settings_are_the_defaults():
    assert Settings() == Settings(learning_rate=(1e-4,), weight_decay=(1e-3,), batch=64, max_epochs=200, patience=10)


def test_early_stopping_keeps_the_epoch_with_the_best_validation_loss():
    """With so large steps on so few rows the validation loss falls, and then rises."""
    vectors, rows = make_problem(seed=1, n=110, noise=4)
    large = {"learning_rate": 0.03, "weight_decay": 0.0, "batch": 8}
    by_epoch = list(plain_loop(vectors, rows, epochs=60, **large))
    losses = np.array([after for *_, after in by_epoch])
    # By the definition: the first epoch after which five in a row bring nothing better.
    running = np.minimum.accumulate(losses)
    last = next(epoch for epoch in range(5, 60) if running[epoch] == running[epoch - 5])
    best = int(losses[: last + 1].argmin())
    assert 0 < best < last < 59
    found = trained(vectors, rows, **as_grid(large), max_epochs=60, patience=5)
    assert found.epochs.tolist() == [best + 1]
    assert found.curves.shape == (1, last + 1, 3)
    np.testing.assert_allclose(found.weights[0], by_epoch[best][0], atol=1e-5)
    curve = kept_probes.curve_of(found)
    assert curve["epoch"].tolist() == list(range(1, last + 2))
    assert curve.loc[curve["best"], "epoch"].tolist() == [best + 1]


def as_grid(own):
    return {name: (value,) if name in ("learning_rate", "weight_decay") else value for name, value in own.items()}


def test_weights_move_the_probe_towards_the_rare_class(problem):
    vectors, rows = problem
    heavy = replace(rows, weights=np.array([1, 1, 50], np.float32))
    means = [
        kept_probes.head_of(trained(vectors, own, max_epochs=20)).probabilities(vectors)[:, 2].mean()
        for own in (rows, heavy)
    ]
    assert means[1] > means[0]


@settings(max_examples=15)
@given(
    rates=st.lists(st.sampled_from([0.0, 1e-4, 1e-3, 1e-2, 3e-2]), min_size=1, max_size=3, unique=True),
    decays=st.lists(st.sampled_from([0.0, 1e-3, 0.1]), min_size=1, max_size=3, unique=True),
    seed=st.integers(0, 5),
    weights=st.sampled_from([None, WEIGHTS]),
)
def test_a_head_of_a_grid_is_the_head_trained_alone(rates, decays, seed, weights):
    vectors, rows = make_problem(seed=seed, width=5, n=120)
    rows = replace(rows, weights=weights)
    common = {"batch": 16, "max_epochs": 12, "patience": 2, "seed": seed}
    together = trained(vectors, rows, learning_rate=tuple(rates), weight_decay=tuple(decays), **common)
    for position, (rate, decay) in enumerate(Settings(tuple(rates), tuple(decays)).grid):
        alone = trained(vectors, rows, learning_rate=(rate,), weight_decay=(decay,), **common)
        assert together.epochs[position] == alone.epochs[0]
        np.testing.assert_allclose(together.weights[position], alone.weights[0], atol=1e-6)
        np.testing.assert_allclose(together.biases[position], alone.biases[0], atol=1e-6)
        epochs = alone.curves.shape[1]
        np.testing.assert_allclose(together.curves[position, :epochs], alone.curves[0], atol=1e-6)
        assert np.isnan(together.curves[position, epochs:]).all()
    assert together.losses[together.chosen] == together.losses.min()


def test_of_heads_that_do_equally_well_the_first_is_chosen(problem):
    vectors, rows = problem
    # Nothing is learnt at a rate of 0, whatever the decay.
    found = trained(vectors, rows, learning_rate=(0.0,), weight_decay=(0.5, 0.0, 0.1), max_epochs=2)
    assert len(set(found.losses)) == 1
    assert found.chosen == 0


def test_a_diverged_training_is_an_error(problem):
    vectors, rows = problem
    with pytest.raises(UserError, match=r"a linear probe diverged: .*; lower its learning_rate"):
        trained(vectors * np.nan, rows, max_epochs=2)


def test_a_diverged_head_is_told_and_not_chosen(problem, tmp_path):
    vectors, rows = problem
    both = Settings(learning_rate=(1e30, 1e-3), max_epochs=3)
    found = probes.train(vectors, rows, both, n_classes=3, seed=1, progress=quiet)
    assert found.epochs.tolist() == [0, 3]
    assert found.chosen == 1
    table = choices_table(kept_probes.tried_of(found, both), found.chosen, tmp_path)
    assert table["setting"].tolist() == [
        "learning_rate=1e+30 weight_decay=0.001", "learning_rate=0.001 weight_decay=0.001",
    ]  # fmt: skip
    assert table["chosen"].tolist() == [False, True]
    assert table["epoch"].isna().tolist() == [True, False]
    assert table["validation_loss"].isna().tolist() == [True, False]


def choices_table(tried, chosen, folder):
    """The table as it is written and read."""
    frame = tables.frame_of(choices.rows_of(tried, chosen, seed=1), tables.CHOICES)
    tables.write(frame, folder / "choices.tsv", tables.CHOICES)
    return tables.read(folder / "choices.tsv", tables.CHOICES)


def kept(folder, vectors, rows, own=None, seed=1):
    own = own or Settings(learning_rate=(1e-2, 1e-3), max_epochs=20, patience=2)
    options = {"n_classes": 3, "seed": seed, "made_by": {"code": "x"}, "folder": folder, "progress": quiet}
    return kept_probes.train(vectors, rows, own, **options)


def test_the_same_probes_are_trained_once(problem, tmp_path):
    vectors, rows = problem
    first, epochs = kept(tmp_path, vectors, rows)
    again, none = kept(tmp_path, vectors, rows)
    assert (epochs, none) == (first.curves.shape[1], 0)
    for name in ("weights", "biases", "curves"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    tables.write(kept_probes.curve_of(again), tmp_path / "curve.tsv", tables.CURVE)
    changed = vectors.copy()
    changed[rows.validation[0], 0] += 1
    for own in (
        (changed, rows),
        (vectors, replace(rows, weights=WEIGHTS)),
        (vectors, rows, Settings(max_epochs=2)),
        (vectors, rows, None, 2),
    ):
        assert kept(tmp_path, *own)[1] > 0


def test_what_is_not_learnt_from_makes_no_new_training(problem, tmp_path):
    vectors, rows = problem
    kept(tmp_path, vectors, rows)
    more = np.concatenate([vectors, vectors[:5]])
    more[200:] = 0
    assert kept(tmp_path, more, replace(rows, targets=np.append(rows.targets, [0] * 5)))[1] == 0


def test_a_head_file_has_the_same_bytes_and_says_what_it_is(tmp_path):
    head = Head(np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0.5, -0.5], np.float32))
    about = {"classes": ["a", "b+c"], "warning": "untrained", "seed": 1, "settings": {"batch": 64}, "encoder": "e"}
    for name in "123456789":
        heads.write(head, tmp_path / name, dict(reversed(about.items())) if name == "2" else about)
    assert len({(tmp_path / name).read_bytes() for name in "123456789"}) == 1
    with safe_open(tmp_path / "1", "np") as file:
        np.testing.assert_array_equal(file.get_tensor("weight"), head.weight)
        np.testing.assert_array_equal(file.get_tensor("bias"), head.bias)
        told = file.metadata()
    assert json.loads(told["classes"]) == ["a", "b+c"]
    assert (told["warning"], told["seed"], told["encoder"]) == ("untrained", "1", "e")
    again, metadata = heads.read(tmp_path / "1")
    np.testing.assert_array_equal(again.weight, head.weight)
    assert metadata == told


def test_a_head_gives_finite_logarithms_of_any_vector():
    head = Head(np.array([[1e4], [-1e4]]), np.zeros(2))
    logs = head.log_probabilities(np.array([[1e3]], np.float32))
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(head.probabilities(np.array([[1e3]], np.float32)), [[1, 0]])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_regression_is_scikit_learns(weighted, n_classes):
    vectors, rows = make_problem(seed=2, n=140, noise=4)
    rows = of_manifest(np.minimum(rows.targets, n_classes - 1), weighted=weighted)
    train, validation, targets = rows.train, rows.validation, rows.targets
    head, tried, chosen = logistic_regression.fit(vectors, rows)
    scaler = StandardScaler().fit(vectors[train].astype(np.float64))
    balance = "balanced" if weighted else None
    losses, models = [], []
    counts = rows.weights[targets[validation]] if weighted else np.ones(len(validation))
    for exponent in np.arange(-10, 9) / 2:
        model = LogisticRegression(C=10**exponent, max_iter=2000, class_weight=balance)
        models.append(model.fit(scaler.transform(vectors[train].astype(np.float64)), targets[train]))
        scores = model.decision_function(scaler.transform(vectors[validation].astype(np.float64)))
        if n_classes == 2:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        # Not by sklearn.metrics.log_loss, which cuts off losses above 36.
        own = np.log(np.exp(scores - scores.max(axis=1, keepdims=True)).sum(axis=1)) + scores.max(axis=1)
        own -= scores[np.arange(len(scores)), targets[validation]]
        losses.append((own * counts).sum() / counts.sum())
    np.testing.assert_allclose([one.loss for one in tried], losses, atol=1e-9)
    assert chosen == int(np.argmin(losses))
    assert 0 < chosen < len(losses) - 1
    expected = models[chosen].predict_proba(scaler.transform(vectors.astype(np.float64)))
    np.testing.assert_allclose(head.probabilities(vectors), expected, atol=1e-9)
    if n_classes > 2:
        np.testing.assert_allclose(head.weight * scaler.scale_, models[chosen].coef_, atol=1e-9)
    guess = expected[validation].argmax(axis=1)
    assert tried[chosen].accuracy == pytest.approx((guess == targets[validation]).mean())
    assert tried[2].setting == "C=0.0001"


def of_manifest(targets, *, weighted):
    """All but the last 80 rows train, and of these the first 40 validate."""
    n = len(targets)
    subsets = ["train"] * (n - 80) + ["validation"] * 40 + ["test"] * 40
    manifest = pd.DataFrame({"subset": subsets, "label": [f"c{target}" for target in targets]})
    return rows_of(manifest, [f"c{target}" for target in range(max(targets) + 1)], weighted=weighted)


def test_of_equal_strengths_the_smallest_is_chosen():
    rows = Rows(np.arange(4), np.arange(4, 6), np.array([0, 1, 0, 1, 0, 1]))
    # Nothing to be learnt: every C gives one half.
    head, tried, chosen = logistic_regression.fit(np.ones((6, 2), np.float32), rows)
    assert len({round(one.loss, 12) for one in tried}) == 1
    assert chosen == 0
    np.testing.assert_allclose(head.probabilities(np.ones((1, 2), np.float32)), 0.5)


def test_nearest_neighbours_are_scikit_learns():
    vectors, rows = make_problem(seed=4, width=4)
    found, tried, chosen = nearest_neighbours.predict(vectors, rows, n_classes=3)
    targets, scores = rows.targets[rows.validation], []
    assert [one.setting for one in tried] == [f"k={number}" for number in (100, 50, 20, 10, 5, 3, 1)]
    for number, one in zip((100, 50, 20, 10, 5, 3, 1), tried, strict=True):
        model = KNeighborsClassifier(number, metric="cosine").fit(vectors[rows.train], rows.targets[rows.train])
        guess = model.predict(vectors[rows.validation])
        scores.append(balanced_accuracy_score(targets, guess))
        assert one.accuracy == pytest.approx((guess == targets).mean())
        if one is tried[chosen]:
            np.testing.assert_allclose(found, model.predict_proba(vectors), atol=1e-12)
    # The first of the best, and so the largest number of neighbours.
    assert chosen == int(np.argmax(scores))


def test_weighted_neighbours_vote_with_the_weights_of_their_classes():
    vectors, rows = make_problem(seed=4, width=4)
    rows = replace(rows, weights=WEIGHTS)
    found, tried, chosen = nearest_neighbours.predict(vectors, rows, n_classes=3)
    number = int(tried[chosen].setting.removeprefix("k="))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for row in (0, 170, 230):
        nearest = np.argsort(-(unit[rows.train] @ unit[row]))[:number]
        votes = np.bincount(rows.targets[nearest], weights=WEIGHTS[rows.targets[nearest]], minlength=3)
        np.testing.assert_allclose(found[row], votes / votes.sum(), atol=1e-6)


def test_no_more_neighbours_are_asked_for_than_there_are():
    rows = Rows(np.arange(4), np.arange(4, 6), np.array([0, 1, 0, 1, 0, 1]))
    vectors = np.eye(2, dtype=np.float32)[rows.targets]
    found, tried, chosen = nearest_neighbours.predict(vectors, rows, n_classes=2)
    assert [one.setting for one in tried] == ["k=3", "k=1"]
    # Both are right everywhere; the larger is taken, which sees a third of the other class.
    assert chosen == 0
    np.testing.assert_allclose(found[0], [2 / 3, 1 / 3])


def learn(method, vectors, rows):
    """Probabilities of all images, what was tried and what was chosen, and the arrays of the head."""
    if method == "nearest_neighbours":
        probabilities, tried, chosen = nearest_neighbours.predict(vectors, rows, n_classes=3)
        return [probabilities, np.array([one.accuracy for one in tried]), np.array(chosen)]
    if method == "logistic_regression":
        head, tried, chosen = logistic_regression.fit(vectors, rows)
    else:
        training = trained(vectors, rows, learning_rate=(1e-2, 1e-3), max_epochs=5)
        head, chosen = kept_probes.head_of(training), training.chosen
        tried = kept_probes.tried_of(training, Settings(learning_rate=(1e-2, 1e-3)))
    losses = np.array([one.loss for one in tried])
    return [head.probabilities(vectors), losses, np.array(chosen), head.weight, head.bias]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shots", ["4", "all"])
@pytest.mark.parametrize("method", ["linear_probe", "logistic_regression", "nearest_neighbours"])
def test_labels_of_the_test_set_and_of_what_is_unused_change_nothing(method, shots, weighted):
    """Poisoned labels: whoever had read them would predict otherwise, to the last bit."""
    vectors, rows = make_problem(n=180)
    subsets = np.array(["train"] * 80 + ["validation"] * 40 + ["test"] * 40 + ["unused"] * 20)
    classes = ["a", "b", "c"]
    clean = pd.DataFrame(
        {
            "image_id": [f"i{row:03}" for row in range(180)],
            "patient_id": [f"p{row // 2:03}" for row in range(180)],
            "subset": subsets,
            "label": np.array(classes)[rows.targets],
        }
    )
    read = np.isin(subsets, ["train", "validation"])
    poisoned = clean.assign(label=clean["label"].where(read, clean["label"].map({"a": "c", "b": "a", "c": "b"})))
    assert (poisoned["label"] != clean["label"]).sum() == 60
    found = []
    for manifest in (clean, poisoned):
        whole = rows_of(manifest, classes, weighted=weighted)
        own = few_shot.subset(whole, manifest, shots=shots, n_classes=3, seed=1)
        found.append(learn(method, vectors, own))
    for first, second in zip(*found, strict=True):
        np.testing.assert_array_equal(first, second)
    # The same poison in the training images would have been noticed.
    whole = rows_of(clean.assign(label=clean["label"].map({"a": "c", "b": "a", "c": "b"})), classes, weighted=weighted)
    own = few_shot.subset(whole, clean, shots=shots, n_classes=3, seed=1)
    assert (learn(method, vectors, own)[0] != found[0][0]).any()
