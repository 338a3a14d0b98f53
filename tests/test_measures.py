"""Measures against scikit-learn, statsmodels and scipy called directly; on repeated rows; and where undefined."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from statsmodels.stats.inter_rater import cohens_kappa

from mammoflow.evaluation import confusions, measures, ranks, resampling
from mammoflow.evaluation.units import Units

EXACT = 1e-12


def make_rows(seed, *, k, n, ties=False):
    """Rows of k classes, each in the truth and in the prediction at least once."""
    rng = np.random.default_rng(seed)
    truth = np.r_[np.arange(k), rng.integers(0, k, n)]
    p = rng.dirichlet(np.ones(k), len(truth)) + 0.3 * np.eye(k)[truth]
    p[:k] += 2 * np.eye(k)
    p = np.round(p, 1) if ties else p
    return truth, p / p.sum(axis=1, keepdims=True)


def expected(truth, p):
    """What a person would write with scikit-learn and scipy, all classes in the truth and the prediction."""
    guess, k = p.argmax(axis=1), p.shape[1]
    one_hot = np.eye(k, dtype=int)[truth]
    f1, precision, recall = (
        lambda average, score=score: score(truth, guess, average=average)
        for score in (metrics.f1_score, metrics.precision_score, metrics.recall_score)
    )
    confidence, right = p.max(axis=1), guess == truth
    # Bins hold their upper end; scipy's hold the lower one.
    edges = -np.arange(15, -1, -1) / 15
    size, in_bin = (stats.binned_statistic(-confidence, confidence, how, edges).statistic for how in ("count", "mean"))
    accuracy = stats.binned_statistic(-confidence, right, "mean", edges).statistic
    values = {
        "accuracy": metrics.accuracy_score(truth, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess),
        "f1_macro": f1("macro"),
        "f1_weighted": f1("weighted"),
        "precision_macro": precision("macro"),
        "precision_weighted": precision("weighted"),
        "kappa_quadratic": metrics.cohen_kappa_score(truth, guess, weights="quadratic"),
        "kappa_linear": metrics.cohen_kappa_score(truth, guess, weights="linear"),
        "auroc_macro": metrics.roc_auc_score(one_hot, p, average="macro"),
        "average_precision_macro": metrics.average_precision_score(one_hot, p, average="macro"),
        "log_loss": metrics.log_loss(truth, p),
        "brier": metrics.brier_score_loss(truth, p, labels=range(k), scale_by_half=False),
        "calibration_error": np.nansum(size * np.abs(accuracy - in_bin)) / len(truth),
        "precision": precision(None),
        "recall": recall(None),
        "f1": f1(None),
        "auroc": metrics.roc_auc_score(one_hot, p, average=None),
        "average_precision": metrics.average_precision_score(one_hot, p, average=None),
    }
    if k == 2:
        ends = {"sensitivity": metrics.recall_score(truth, guess), "specificity": recall(None)[0]}
        return values | ends | {"harmonic_mean": stats.hmean(list(ends.values()))}
    return values | {
        "within_one_class": metrics.accuracy_score(np.ones(len(truth)), np.abs(truth - guess) <= 1),
        "mean_absolute_error": metrics.mean_absolute_error(truth, guess),
        "dense_accuracy": metrics.accuracy_score(truth >= 2, guess >= 2),
        "dense_auroc": metrics.roc_auc_score(truth >= 2, p[:, 2:].sum(axis=1)),
    }


def halves(k):
    return tuple(place >= 2 for place in range(k)) if k > 2 else ()


@given(seed=st.integers(0, 10_000), k=st.integers(2, 6), n=st.integers(30, 80), ties=st.booleans())
@settings(max_examples=60, deadline=None)
def test_measures_are_those_of_the_libraries(seed, k, n, ties):
    truth, p = make_rows(seed, k=k, n=n, ties=ties)
    found, wanted = measures.of_rows(truth, p, dense=halves(k)), expected(truth, p)
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=EXACT, rtol=0, err_msg=name)
    confusion = metrics.confusion_matrix(truth, p.argmax(axis=1), labels=range(k))
    for name, value in confusions.measures_of(confusion[None], dense=halves(k)).items():
        np.testing.assert_allclose(value[0], wanted[name], atol=EXACT, rtol=0, err_msg=name)
    for name, weight in (("kappa_quadratic", "quadratic"), ("kappa_linear", "linear")):
        assert found[name] == pytest.approx(cohens_kappa(confusion, wt=weight).kappa, abs=EXACT)
    for name, of_each in measures.scores(truth, p).items():
        assert of_each.mean() == pytest.approx(wanted[name], abs=EXACT)


@given(seed=st.integers(0, 10_000), k=st.integers(3, 5))
@settings(max_examples=20, deadline=None)
def test_macro_and_weighted_recall_have_other_names(seed, k):
    truth, p = make_rows(seed, k=k, n=40)
    found = measures.of_rows(truth, p)
    recall = {name: metrics.recall_score(truth, p.argmax(axis=1), average=name) for name in ("macro", "weighted")}
    assert found["balanced_accuracy"] == pytest.approx(recall["macro"], abs=EXACT)
    assert found["accuracy"] == pytest.approx(recall["weighted"], abs=EXACT)


def make_units(seed, *, k, ties=False, n_patients=12, dense=()):
    """Units of patients with one to four units of one class, rarely of two."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n_patients), rng.integers(1, 5, n_patients))
    truth = rng.integers(0, k, n_patients)[patient]
    truth = np.where(rng.random(len(truth)) < 0.1, rng.integers(0, k, len(truth)), truth)
    p = rng.dirichlet(np.ones(k), len(truth)) + 0.5 * np.eye(k)[truth]
    p = np.round(p, 1) if ties else p
    keys = tuple((str(at),) for at in range(len(truth)))
    p /= p.sum(axis=1, keepdims=True)
    return Units(tuple("abcdef"[:k]), keys, truth, p, patient, len(truth), 0, n_patients, dense)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 5), ties=st.booleans())
@settings(max_examples=40, deadline=None)
def test_resampled_measures_are_those_of_the_repeated_rows(seed, k, ties):
    at_level = make_units(seed, k=k, ties=ties, dense=halves(k))
    weights = resampling.weights_of(at_level, resamples=5, seed=seed)
    drawn = resampling.all_measures(at_level, weights)
    assert set(drawn) == {*measures.names(k, halves(k)), *measures.CLASS_MEASURES}
    for r, row in enumerate(weights):
        repeated = np.repeat(np.arange(len(at_level)), row[at_level.patient])
        truth, p = at_level.truth[repeated], at_level.probabilities[repeated]
        for name, value in measures.of_rows(truth, p, dense=at_level.dense).items():
            np.testing.assert_allclose(drawn[name][r], value, atol=EXACT, rtol=0, err_msg=name)


@pytest.mark.parametrize("k", [2, 4])
def test_fifty_resamples_are_those_of_the_libraries(k):
    """The libraries are called directly, on resamples that hold and predict every class."""
    at_level = make_units(3, k=k, n_patients=60, dense=halves(k))
    weights = resampling.weights_of(at_level, resamples=50, seed=0)
    drawn = resampling.all_measures(at_level, weights)
    for r, row in enumerate(weights):
        repeated = np.repeat(np.arange(len(at_level)), row[at_level.patient])
        for name, value in expected(at_level.truth[repeated], at_level.probabilities[repeated]).items():
            np.testing.assert_allclose(drawn[name][r], value, atol=EXACT, rtol=0, err_msg=name)


def test_chunks_change_no_value(monkeypatch):
    at_level = make_units(3, k=4, n_patients=30, ties=True)
    weights = resampling.weights_of(at_level, resamples=11, seed=0)
    whole = resampling.rank_measures(at_level, weights)
    monkeypatch.setattr(ranks, "_CELLS", 3 * len(at_level))
    for name, values in resampling.rank_measures(at_level, weights).items():
        np.testing.assert_array_equal(values, whole[name])


def test_blocks_of_resamples_change_no_draw_and_no_value(monkeypatch):
    at_level = make_units(3, k=4, n_patients=30, ties=True)
    weights = resampling.weights_of(at_level, resamples=11, seed=0)
    whole = resampling.all_measures(at_level, weights)
    monkeypatch.setattr(resampling, "_CELLS", 3 * 30)
    np.testing.assert_array_equal(resampling.weights_of(at_level, resamples=11, seed=0), weights)
    for name, values in resampling.all_measures(at_level, weights).items():
        np.testing.assert_allclose(values, whole[name], atol=EXACT, rtol=0, err_msg=name)


def test_only_what_is_asked_for_is_measured():
    truth, p = make_rows(0, k=3, n=20)
    assert list(measures.of_rows(truth, p, only=("brier", "recall"))) == ["brier", "recall"]


def test_ties_go_to_the_first_class():
    assert measures.predicted(np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])).tolist() == [0, 1]


def test_bins_of_confidence_hold_their_upper_end():
    top = np.array([1 / 15, 3 / 15, 0.2001, 0.5, 1.0])
    bins, gaps = measures.calibration_gaps(np.zeros(5, dtype=int), np.c_[top, np.zeros(5)])
    assert bins.tolist() == [0, 2, 3, 7, 14]
    np.testing.assert_allclose(gaps, 1 - top, atol=EXACT)


def test_calibration_error_by_hand():
    # Two bins: three rows near 0.9, of which two are right; two near 0.6, of which one is.
    top = np.array([0.90, 0.91, 0.92, 0.61, 0.65])
    truth = np.array([0, 0, 1, 0, 1])
    value = measures.of_rows(truth, np.c_[top, 1 - top])["calibration_error"]
    assert value == pytest.approx(3 / 5 * abs(2 / 3 - 0.91) + 2 / 5 * abs(1 / 2 - 0.63), abs=EXACT)


def test_scores_of_two_classes_are_on_the_scale_of_many():
    truth, p = np.array([0, 1]), np.array([[0.8, 0.2], [0.4, 0.6]])
    assert measures.of_rows(truth, p)["brier"] == pytest.approx((2 * 0.2**2 + 2 * 0.4**2) / 2, abs=EXACT)


def test_halves_follow_the_likeliest_class_and_the_sum_of_probabilities():
    # The likeliest class is b, though the dense classes c and d are likelier together.
    p = np.array([[0.05, 0.40, 0.30, 0.25], [0.1, 0.6, 0.2, 0.1]])
    found = measures.of_rows(np.array([2, 1]), p, dense=(False, False, True, True))
    assert found["dense_accuracy"] == 0.5
    assert found["dense_auroc"] == 1


@pytest.mark.parametrize("dense", [(False, None, True), (True, True, True), (False, False, False)])
def test_classes_that_have_no_halves_have_no_value_of_them(dense):
    at_level = make_units(0, k=3, n_patients=20, dense=dense)
    found = measures.of_rows(at_level.truth, at_level.probabilities, dense=dense)
    drawn = resampling.all_measures(at_level, resampling.weights_of(at_level, resamples=4, seed=0))
    for name in measures.DENSE_MEASURES:
        assert np.isnan(found[name])
        assert np.isnan(drawn[name]).all()
        assert len(drawn[name]) == 4


def test_a_class_that_is_never_predicted_has_no_precision_and_leaves_none_to_the_whole():
    truth = np.array([0, 0, 1, 2])
    p = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]], dtype=float)
    found = measures.of_rows(truth, p)
    assert found["precision"][:2].tolist() == [1, 1 / 3]
    for name in ("precision_macro", "precision_weighted"):
        assert np.isnan(found[name])
    # A class that is neither in the truth nor predicted is not missed.
    assert measures.of_rows(truth[:3], p[:3])["precision_macro"] == pytest.approx(0.75, abs=EXACT)


def test_a_wrong_half_of_a_binary_task_has_harmonic_mean_0():
    truth, p = np.array([0, 1, 1]), np.array([[1.0, 0], [1, 0], [1, 0]])
    found = measures.of_rows(truth, p)
    assert (found["sensitivity"], found["specificity"], found["harmonic_mean"]) == (0, 1, 0)
    assert confusions.measures_of(np.array([[[0, 1], [2, 0]]]))["harmonic_mean"] == 0


def test_published_confusion_matrix_gives_the_published_kappas():
    published = np.array([[70, 15, 0, 1], [14, 58, 10, 4], [3, 16, 50, 22], [0, 0, 25, 68]])
    values = confusions.measures_of(published[None])
    assert round(float(values["accuracy"][0]), 3) == 0.691
    assert round(float(values["kappa_linear"][0]), 3) == 0.734
    assert round(float(values["kappa_quadratic"][0]), 3) == 0.845


def test_always_answering_c_on_the_published_counts():
    counts = np.zeros((4, 4))
    counts[:, 2] = [440, 792, 1796, 788]
    values = {name: float(value[0]) for name, value in confusions.measures_of(counts[None]).items() if value.ndim == 1}
    assert round(values["accuracy"], 4) == 0.4706
    assert round(values["f1_weighted"], 4) == 0.3012
    assert round(values["f1_macro"], 3) == 0.160
