"""Measures against scikit-learn and statsmodels, the bootstrap against repeated rows, and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.inter_rater import cohens_kappa

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import measures, resampling, units
from mammoflow.evaluation.statistics import compare, evaluate

EXACT = 1e-12


def make_predictions(seed=0, *, n_patients=25, classes=("a", "b", "c"), skill=1.0, ties=False, draw=0):
    """A predictions table: exams of two sides and two views, one or two exams a patient, one label an exam."""
    cohort, method = np.random.default_rng(seed), np.random.default_rng(1000 + draw)
    rows = []
    for patient in range(n_patients):
        subset = "test" if patient % 2 else "train"
        for exam in range(1 + patient % 5 // 4):
            k = cohort.integers(len(classes))
            for side in "LR":
                for view in ("CC", "MLO"):
                    logits = method.normal(size=len(classes)) + skill * (np.arange(len(classes)) == k)
                    p = np.exp(logits) / np.exp(logits).sum()
                    p = np.round(p, 1) / np.round(p, 1).sum() if ties else p
                    name = f"p{patient:03}"
                    ids = [f"{name}-{exam}-{side}{view}", f"{name}-{exam}", name]
                    rows.append([*ids, side, view, subset, classes[k], *p])
    names = [*list(tables.PREDICTIONS.columns)[:-1], *tables.probability_columns(list(classes))]
    return pd.DataFrame(rows, columns=names)


def sklearn_values(truth, p):
    """What a person would write with scikit-learn, all classes present."""
    guess = p.argmax(axis=1)
    return {
        "accuracy": metrics.accuracy_score(truth, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess),
        "f1_macro": metrics.f1_score(truth, guess, average="macro"),
        "f1_weighted": metrics.f1_score(truth, guess, average="weighted"),
        "kappa_quadratic": metrics.cohen_kappa_score(truth, guess, weights="quadratic"),
        "kappa_linear": metrics.cohen_kappa_score(truth, guess, weights="linear"),
        "auroc_macro": metrics.roc_auc_score(truth, p, multi_class="ovr", average="macro"),
        "log_loss": metrics.log_loss(truth, p),
        "brier": metrics.brier_score_loss(truth, p, scale_by_half=False),
    }


@given(seed=st.integers(0, 10_000), k=st.integers(3, 6), n=st.integers(30, 80))
@settings(max_examples=30, deadline=None)
def test_rows_and_confusions_agree_with_scikit_learn(seed, k, n):
    rng = np.random.default_rng(seed)
    truth = np.r_[np.arange(k), rng.integers(0, k, n)]
    p = rng.dirichlet(np.ones(k), len(truth))
    expected = sklearn_values(truth, p)
    of_rows = measures.of_rows(truth, p)
    confusion = metrics.confusion_matrix(truth, p.argmax(axis=1), labels=range(k))
    of_confusion = measures.of_confusion(confusion[None])
    for name, value in expected.items():
        assert of_rows[name] == pytest.approx(value, abs=EXACT)
        if name in of_confusion:
            assert of_confusion[name][0] == pytest.approx(value, abs=EXACT)
    for name, of_each in measures.scores(truth, p).items():
        assert of_each.mean() == pytest.approx(expected[name], abs=EXACT)
    for name in ("precision", "recall", "f1"):
        np.testing.assert_allclose(of_confusion[name][0], of_rows[name], atol=EXACT)
    for name, weight in (("kappa_quadratic", "quadratic"), ("kappa_linear", "linear")):
        theirs = cohens_kappa(confusion, wt=weight).kappa
        assert of_confusion[name][0] == pytest.approx(theirs, abs=EXACT)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 5), ties=st.booleans())
@settings(max_examples=20, deadline=None)
def test_resampled_measures_equal_scikit_learn_on_the_repeated_rows(seed, k, ties):
    frame = make_predictions(seed, n_patients=12, classes="abcde"[:k], ties=ties, draw=seed)
    at_level = units.of_level(frame, "image")
    weights = resampling.patient_weights(at_level.n_patients, resamples=5, seed=seed)
    drawn = resampling.all_measures(at_level, weights)
    for r, row in enumerate(weights):
        repeated = np.repeat(np.arange(len(at_level)), row[at_level.patient])
        expected = measures.of_rows(at_level.truth[repeated], at_level.probabilities[repeated])
        for name, value in expected.items():
            np.testing.assert_allclose(drawn[name][r], value, atol=EXACT, err_msg=name)


def test_chunks_change_no_value(monkeypatch):
    at_level = units.of_level(make_predictions(3), "image")
    weights = resampling.patient_weights(at_level.n_patients, resamples=11, seed=0)
    whole = resampling.all_measures(at_level, weights)
    monkeypatch.setattr(resampling, "_CELLS", 3 * len(at_level))
    for name, values in resampling.all_measures(at_level, weights).items():
        np.testing.assert_array_equal(values, whole[name])


def test_patients_are_drawn_with_replacement():
    weights = resampling.patient_weights(7, resamples=4000, seed=1)
    assert (weights.sum(axis=1) == 7).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.08)
    np.testing.assert_allclose(weights.var(axis=0), 1 - 1 / 7, atol=0.12)
    assert len(resampling.patient_weights(1, resamples=10, seed=0)) == 0


def test_interval_is_that_of_a_loop_over_repeated_rows():
    frame = make_predictions(5)
    table = evaluate({1: frame}, subsets=["test"], resamples=300, bootstrap_seed=9)
    row = one(table, level="image", metric="f1_macro")
    test = frame[frame.subset == "test"]
    patients = sorted(test.patient_id.unique())
    draws = np.random.default_rng(9).multinomial(len(patients), [1 / len(patients)] * len(patients), size=300)
    values = []
    for draw in draws:
        chosen = pd.concat([test[test.patient_id == p] for p, n in zip(patients, draw, strict=True) for _ in range(n)])
        guess = chosen[["p_a", "p_b", "p_c"]].to_numpy().argmax(axis=1)
        values.append(metrics.f1_score(chosen.label, np.array(list("abc"))[guess], average="macro"))
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=EXACT)


def test_intervals_are_wider_than_those_of_independent_images():
    frame = make_predictions(2, n_patients=80, skill=2)
    # The four images of an exam are told the same way: there is no more to learn from four than from one.
    p = tables.probability_columns(list("abc"))
    frame[p] = frame.groupby("exam_id")[p].transform("first")
    alone = frame.assign(patient_id=frame.image_id)
    ends = [evaluate({1: f}, subsets=["test"], resamples=500, bootstrap_seed=0) for f in (frame, alone)]
    clustered, independent = (one(t, level="image", metric="accuracy") for t in ends)
    assert clustered.high - clustered.low > 1.5 * (independent.high - independent.low)


def one(table, *, seed=1, subset="test", level="image", metric="accuracy", key=""):
    place = (table.seed == seed) & (table.subset == subset) & (table.level == level)
    found = table[place & (table.metric == metric) & (table["class"] == key)]
    assert len(found) == 1
    return found.iloc[0]


def test_table_has_every_level_and_measure_and_passes_its_schema(tmp_path):
    frame = make_predictions()
    table = evaluate({1: frame, 2: frame}, subsets=["test", "all"], resamples=20, bootstrap_seed=0)
    assert len(table) == 2 * 2 * 3 * (len(measures.MEASURES) + 3 * len(measures.CLASS_MEASURES))
    tables.write(table, tmp_path / "m.tsv", tables.METRICS)
    read = tables.read(tmp_path / "m.tsv", tables.METRICS)
    row = one(read, level="exam", subset="all")
    assert (row.n_images, row.n_exams, row.n_patients) == (len(frame), frame.exam_id.nunique(), 25)
    assert (read.low <= read.high).sum() == read.low.notna().sum()
    first, second = (read[read.seed == s].drop(columns="seed").reset_index(drop=True) for s in (1, 2))
    pd.testing.assert_frame_equal(first, second)


def test_all_leaves_out_only_images_of_a_dropped_class():
    frame = make_predictions()
    dropped = frame.head(4).assign(label="z", subset="unused", image_id=[f"z{i}" for i in range(4)], exam_id="z")
    spared = frame.tail(4).assign(subset="unused")
    whole = pd.concat([frame.iloc[:-4], spared, dropped], ignore_index=True)
    assert len(units.of_subset(whole, "all")) == len(frame)
    assert set(units.of_subset(whole, "test").subset) == {"test"}


def test_levels_average_probabilities():
    frame = make_predictions()
    exam = units.of_level(frame, "exam")
    p = tables.probability_columns(list("abc"))
    np.testing.assert_allclose(exam.probabilities, frame.groupby("exam_id")[p].mean().to_numpy(), atol=EXACT)
    assert len(units.of_level(frame, "breast")) == 2 * len(exam)


def test_units_of_mixed_labels_and_unknown_sides_are_left_out():
    frame = make_predictions()
    first = frame.exam_id == frame.exam_id[0]
    frame.loc[first & (frame.laterality == "L"), "label"] = "a"
    frame.loc[first & (frame.laterality == "R"), "label"] = "b"
    exam = units.of_level(frame, "exam")
    assert (len(exam), exam.n_images) == (frame.exam_id.nunique() - 1, len(frame) - 4)
    assert len(units.of_level(frame, "breast")) == 2 * frame.exam_id.nunique()
    frame.loc[first, "laterality"] = ""
    assert len(units.of_level(frame, "breast")) == 2 * frame.exam_id.nunique() - 2


def test_constant_predictor():
    frame = make_predictions()
    frame[["p_a", "p_b", "p_c"]] = [0.0, 1.0, 0.0]
    table = evaluate({1: frame}, subsets=["test"], resamples=200, bootstrap_seed=0)
    assert one(table, metric="kappa_quadratic").value == 0
    assert one(table, metric="balanced_accuracy").value == pytest.approx(1 / 3)
    assert one(table, metric="auroc_macro").value == 0.5  # every pair is tied: this 0.5 is computed
    assert np.isnan(one(table, metric="precision", key="a").value)
    assert np.isnan(one(table, metric="precision", key="a").low)


def test_perfect_predictor():
    frame = make_predictions()
    frame[["p_a", "p_b", "p_c"]] = np.array([[k == label for k in "abc"] for label in frame.label], dtype=float)
    table = evaluate({1: frame}, subsets=["test"], resamples=200, bootstrap_seed=0)
    is_score = table["metric"].isin(measures.SCORES)
    assert (table[~is_score].value == 1).all()
    assert (table[~is_score].low.dropna() == 1).all()
    assert (table[is_score & (table["metric"] == "brier")].value == 0).all()
    assert table[is_score].value.max() < 1e-15


def test_scores_of_what_was_thought_impossible_are_those_of_scikit_learn():
    frame = make_predictions()
    p = np.eye(3)[np.random.default_rng(0).integers(0, 3, len(frame))]
    frame[["p_a", "p_b", "p_c"]] = p
    truth, own = arrays(frame)
    table = evaluate({1: frame}, subsets=["test"], resamples=50, bootstrap_seed=0)
    found = {name: one(table, metric=name) for name in measures.SCORES}
    assert found["log_loss"].value == pytest.approx(metrics.log_loss(truth, own), abs=EXACT)
    assert found["log_loss"].value == pytest.approx(-np.log(2.2e-16) * found["brier"].value / 2, rel=1e-3)
    assert found["log_loss"].low < found["log_loss"].value < found["log_loss"].high


def test_scores_of_two_classes_are_on_the_scale_of_many():
    truth, p = np.array([0, 1]), np.array([[0.8, 0.2], [0.4, 0.6]])
    assert measures.of_rows(truth, p)["brier"] == pytest.approx((2 * 0.2**2 + 2 * 0.4**2) / 2, abs=EXACT)


def test_absent_class_is_missing_never_half(caplog):
    frame = make_predictions(classes=("a", "b", "c"))
    frame = frame[frame.label != "c"]
    with caplog.at_level("INFO"):
        table = evaluate({1: frame}, subsets=["test"], resamples=50, bootstrap_seed=0)
    for metric, key in (("recall", "c"), ("auroc", "c"), ("auroc_macro", "")):
        row = one(table, metric=metric, key=key)
        assert np.isnan([row.value, row.low, row.high]).all()
    assert "auroc_macro: undefined on 50 of 50 resamples" in caplog.text
    assert one(table, metric="f1_macro").value == pytest.approx(
        metrics.f1_score(*letters(frame[frame.subset == "test"]), average="macro"), abs=EXACT
    )


def letters(frame):
    guess = frame[["p_a", "p_b", "p_c"]].to_numpy().argmax(axis=1)
    return frame.label, np.array(list("abc"))[guess]


def test_an_interval_needs_half_of_the_resamples():
    values = np.r_[np.full(60, np.nan), np.linspace(0, 1, 40)]
    assert np.isnan(resampling.interval(values, about="x")).all()
    assert resampling.interval(np.r_[values, np.linspace(0, 1, 40)], about="x")[0] > 0


def test_one_patient_gives_no_interval():
    frame = make_predictions(n_patients=2)
    row = one(evaluate({1: frame}, subsets=["test"], resamples=50, bootstrap_seed=0))
    assert row.n_patients == 1
    assert np.isnan(row.low)
    assert not np.isnan(row.value)


def test_nothing_to_measure_gives_no_rows():
    frame = make_predictions().assign(subset="train")
    assert evaluate({1: frame}, subsets=["test"], resamples=5, bootstrap_seed=0).empty


def test_ties_go_to_the_first_class():
    assert measures.predicted(np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])).tolist() == [0, 1]


def test_comparison_is_paired_and_signed():
    good, bad = make_predictions(skill=4, draw=1), make_predictions(skill=0, draw=2)
    table = compare({"good": {1: good}, "bad": {1: bad}}, resamples=200, bootstrap_seed=0)
    assert len(table) == 2 * 6
    row = table[(table.level == "image") & (table.metric == "accuracy")].iloc[0]
    values = [sklearn_values(*arrays(f)) for f in (good, bad)]
    assert row.difference == pytest.approx(values[0]["accuracy"] - values[1]["accuracy"], abs=EXACT)
    assert 0 < row.low < row.difference < row.high
    loss = table[(table.level == "image") & (table.metric == "log_loss")].iloc[0]
    assert loss.difference == pytest.approx(values[0]["log_loss"] - values[1]["log_loss"], abs=EXACT)
    assert loss.low < loss.difference < loss.high < 0
    same = compare({"one": {1: good}, "two": {1: good}}, resamples=50, bootstrap_seed=0)
    assert (same[["difference", "low", "high"]] == 0).all(axis=None)


def arrays(frame):
    test = frame[frame.subset == "test"]
    return test.label.map({"a": 0, "b": 1, "c": 2}).to_numpy(), test[["p_a", "p_b", "p_c"]].to_numpy()


def accuracy_of(frame, level):
    """Truth and guess of each test unit by its key, probabilities averaged."""
    test = frame[frame.subset == "test"]
    groups = test.groupby({"image": "image_id", "exam": "exam_id"}[level])
    guess = np.array(list("abc"))[groups[["p_a", "p_b", "p_c"]].mean().to_numpy().argmax(axis=1)]
    return (groups["label"].first() == guess).rename(None)


@pytest.mark.parametrize(("level", "shares"), [("image", False), ("exam", True)])
def test_experiments_of_other_views_are_compared_where_they_meet(level, shares):
    good, bad = make_predictions(skill=4, draw=1), make_predictions(skill=0, draw=2)
    only_cc, only_mlo = good[good.view == "CC"], bad[bad.view == "MLO"]
    only_mlo = only_mlo[only_mlo.patient_id != "p001"]
    experiments = {"all": {1: good}, "cc": {1: only_cc}, "mlo": {1: only_mlo}}
    table = compare(experiments, resamples=200, bootstrap_seed=0)
    own = table[(table.level == level) & (table.metric == "accuracy")].set_index(["experiment", "other"])
    # The views of an exam are never the same image, but they are the same exam.
    assert set(own.index) == {("all", "cc"), ("all", "mlo")} | ({("cc", "mlo")} if shares else set())
    n_patients = good[good.subset == "test"].patient_id.nunique()
    for first, second in own.index:
        left, right = (accuracy_of(experiments[name][1], level) for name in (first, second))
        shared = left.index.intersection(right.index)
        assert len(shared) < len(left) or "mlo" not in (first, second)
        expected = left[shared].mean() - right[shared].mean()
        assert own.loc[(first, second), "difference"] == pytest.approx(expected, abs=EXACT)
        assert own.loc[(first, second), "n_patients"] == n_patients - (second == "mlo")


def test_an_exam_of_another_class_by_its_other_images_is_not_compared():
    frame = make_predictions()
    first = frame.exam_id == "p001-0"
    frame.loc[first & (frame.view == "CC"), "label"] = "a"
    frame.loc[first & (frame.view == "MLO"), "label"] = "b"
    both = frame[frame.view == "CC"], frame[frame.view == "MLO"]
    table = compare({"cc": {1: both[0]}, "mlo": {1: both[1]}}, resamples=20, bootstrap_seed=0)
    assert set(table.level) == {"exam"}
    assert set(table.n_patients) == {frame[frame.subset == "test"].patient_id.nunique() - 1}


def test_no_shared_unit_gives_no_row():
    frame = make_predictions()
    halves = frame[frame.patient_id < "p012"], frame[frame.patient_id >= "p012"]
    assert compare({"one": {1: halves[0]}, "two": {1: halves[1]}}, resamples=5, bootstrap_seed=0).empty


@pytest.mark.parametrize(
    "other", [lambda f: f.assign(label="a"), lambda f: f[f.label != "c"].drop(columns="p_c")], ids=["label", "class"]
)
def test_comparison_of_other_labels_or_classes_is_refused(other):
    frame = make_predictions()
    with pytest.raises(UserError, match="classes or labels of the same test images differ"):
        compare({"one": {1: frame}, "two": {1: other(frame)}}, resamples=5, bootstrap_seed=0)


def test_published_confusion_matrix_gives_the_published_kappas():
    published = np.array([[70, 15, 0, 1], [14, 58, 10, 4], [3, 16, 50, 22], [0, 0, 25, 68]])
    values = measures.of_confusion(published[None])
    assert round(float(values["accuracy"][0]), 3) == 0.691
    assert round(float(values["kappa_linear"][0]), 3) == 0.734
    assert round(float(values["kappa_quadratic"][0]), 3) == 0.845


def test_always_answering_c_on_the_published_counts():
    counts = np.zeros((4, 4))
    counts[:, 2] = [440, 792, 1796, 788]
    values = {name: float(value[0]) for name, value in measures.of_confusion(counts[None]).items() if value.ndim == 1}
    assert round(values["accuracy"], 4) == 0.4706
    assert round(values["f1_weighted"], 4) == 0.3012
    assert round(values["f1_macro"], 3) == 0.160
