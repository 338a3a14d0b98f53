"""Calibration against scikit-learn, statsmodels and plain search; what is undefined; and that no test image is seen."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import calibration
from mammoflow.models.calibration import by_bias, by_prior, by_temperature
from tests.conftest import REPO
from tests.test_plots import CLASSES, make_manifest, make_predicted

WAYS = ("temperature", "bias", "prior")


def draw(seed, *, n=200, k=4, skill=1.0, sharpness=3.0):
    """Overconfident probabilities that lean to the last class, and the truth: every class occurs."""
    rng = np.random.default_rng(seed)
    truth = np.r_[np.arange(k), rng.integers(0, k, n - k)]
    logits = rng.normal(size=(n, k)) + skill * np.eye(k)[truth] + np.linspace(0, 1, k)
    return softmax(sharpness * logits, axis=1), truth


def moved(p, temperature=1.0, biases=0.0):
    """Another way to write what a calibration does."""
    raised = p ** (1 / temperature) * np.exp(biases)
    return raised / raised.sum(axis=1, keepdims=True)


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose features are its probabilities."""

    def fit(self, p, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, p):
        return p

    def predict(self, p):
        return self.classes_[p.argmax(axis=1)]


@pytest.mark.parametrize("sharpness", [0.2, 1.0, 4.0])
def test_temperature_is_that_of_scikit_learn_and_of_a_search(sharpness):
    p, truth = draw(1, sharpness=sharpness)
    found = by_temperature(p, truth)
    theirs = CalibratedClassifierCV(FrozenEstimator(Given().fit(p, truth)), method="temperature").fit(p, truth)
    beta = theirs.calibrated_classifiers_[0].calibrators[0].beta_
    # Theirs stops early, and adds the machine's precision to every probability.
    assert found.temperature == pytest.approx(1 / beta, rel=1e-3)
    searched = minimize_scalar(
        lambda t: log_loss(truth, moved(p, t)), bounds=(0.01, 100), method="bounded", options={"xatol": 1e-9}
    )
    assert found.temperature == pytest.approx(searched.x, rel=1e-5)
    np.testing.assert_allclose(found.applied(p), moved(p, found.temperature), atol=1e-12)
    assert (found.biases == 0).all()


def test_bias_is_the_minimum_of_the_balanced_log_loss():
    p, truth = draw(2)
    found = by_bias(p, truth)
    weights = 1 / np.bincount(truth)[truth]
    searched = minimize(
        lambda b: log_loss(truth, moved(p, 1, np.r_[b, 0]), sample_weight=weights), np.zeros(3), tol=1e-12
    )
    expected = np.r_[searched.x, 0] - searched.x.sum() / 4
    np.testing.assert_allclose(found.biases, expected, atol=1e-4)
    assert found.temperature == 1
    assert abs(found.biases.sum()) < 1e-12


def test_bias_of_two_classes_is_the_intercept_of_a_weighted_logistic_regression():
    p, truth = draw(3, k=2)
    found = by_bias(p, truth)
    offset = np.log(p[:, 1]) - np.log(p[:, 0])
    model = sm.GLM(
        truth, np.ones(len(truth)), offset=offset, family=sm.families.Binomial(),
        freq_weights=1 / np.bincount(truth)[truth],
    )  # fmt: skip
    assert found.biases[1] - found.biases[0] == pytest.approx(model.fit(tol=1e-12).params[0], abs=1e-6)
    # The larger of two probabilities after it is a threshold before it.
    threshold = 1 / (1 + np.exp(found.biases[1] - found.biases[0]))
    np.testing.assert_array_equal(found.applied(p).argmax(axis=1) == 1, p[:, 1] > threshold)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 6), sharpness=st.floats(0.01, 50))
def test_temperature_changes_no_order(seed, k, sharpness):
    p, truth = draw(seed, n=40, k=k, sharpness=sharpness)
    found = by_temperature(p, truth)
    assert calibration.LEAST_TEMPERATURE <= found.temperature <= calibration.MOST_TEMPERATURE
    after = found.applied(p)
    first = after.argmax(axis=1)
    # Where the two largest come to differ by less than a rounding, the first of them is taken.
    np.testing.assert_allclose(
        np.log(np.take_along_axis(p, first[:, None], axis=1)[:, 0]), np.log(p.max(axis=1)), atol=1e-12
    )


@given(seed=st.integers(0, 10_000), k=st.integers(2, 6), sharpness=st.floats(0, 400))
def test_the_mean_prediction_becomes_the_prior(seed, k, sharpness):
    p, _ = draw(seed, n=50, k=k, sharpness=sharpness)
    prior = np.random.default_rng(seed).dirichlet(np.ones(k)) * 0.99 + 0.01 / k
    found = by_prior(p, prior)
    np.testing.assert_allclose(found.applied(p).mean(axis=0), prior, atol=1e-8)
    assert abs(found.biases.mean()) < 1e-9


@given(seed=st.integers(0, 10_000), k=st.integers(2, 5))
def test_what_is_calibrated_stays(seed, k):
    p, truth = draw(seed, n=60, k=k, skill=0.5)
    prior = np.full(k, 1 / k)
    for again in (lambda q: by_temperature(q, truth), lambda q: by_bias(q, truth), lambda q: by_prior(q, prior)):
        once = again(p)
        if once.temperature in (calibration.LEAST_TEMPERATURE, calibration.MOST_TEMPERATURE):
            continue
        twice = again(once.applied(p))
        assert twice.temperature == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(twice.biases, 0, atol=1e-6)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 5))
def test_probabilities_of_exactly_0_and_1_are_calibrated(seed, k):
    rng = np.random.default_rng(seed)
    truth = np.r_[np.arange(k), rng.integers(0, k, 30)]
    p = np.eye(k)[rng.integers(0, k, len(truth))]
    for found in (by_temperature(p, truth), by_bias(p, truth), by_prior(p, np.full(k, 1 / k))):
        assert np.isfinite(found.applied(p)).all()
    np.testing.assert_allclose(found.applied(p).mean(axis=0), 1 / k, atol=1e-8)


def test_a_temperature_without_a_minimum_is_the_end_of_its_range():
    truth = np.array([0, 1, 2, 0])
    right = moved(np.eye(3)[truth] + 0.1)
    assert by_temperature(right, truth).temperature == calibration.LEAST_TEMPERATURE
    assert by_temperature(right, (truth + 1) % 3).temperature == calibration.MOST_TEMPERATURE


def test_no_temperature_is_learned_from_even_probabilities():
    even = np.full((6, 3), 1 / 3)
    assert by_temperature(even, np.array([0, 1, 2, 0, 0, 0])).temperature == 1


def test_a_constant_answer_becomes_the_shares():
    truth = np.array([0, 0, 0, 1])
    constant = np.tile([0.2, 0.8], (4, 1))
    np.testing.assert_allclose(by_bias(constant, truth).applied(constant)[0], [0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(by_prior(constant, np.array([0.9, 0.1])).applied(constant)[0], [0.9, 0.1], atol=1e-9)
    # 0.75 to 0.25 would be best, but no temperature turns the order round.
    assert by_temperature(constant, truth).temperature == calibration.MOST_TEMPERATURE


def test_a_class_without_an_image_is_left_out():
    p, truth = draw(4, k=3)
    some = truth != 1
    found = by_bias(p[some], truth[some])
    pair = p[some][:, [0, 2]]
    alone = by_bias(pair / pair.sum(axis=1, keepdims=True), truth[some] // 2)
    np.testing.assert_allclose(found.biases, [alone.biases[0], 0, alone.biases[1]], atol=1e-9)
    assert by_prior(p, np.array([0.5, 0.0, 0.5])).biases[1] == 0


def calibrate(predictions, manifest, *, by, fitted_on):
    """What the script does for one seed: the table, and the predictions."""
    development = calibration.fitting_images(predictions, manifest, "development")
    prior = calibration.prior_of(development, list(CLASSES), {}, experiment="x")
    own = calibration.fitting_images(predictions, manifest, fitted_on)
    found = calibration.fit(own, by=by, prior=prior)
    rows = calibration.as_rows(found, own, seed=1, fitted_on=fitted_on)
    return tables.frame_of(rows, tables.CALIBRATION), calibration.calibrated(predictions, found)


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("fitted_on", ["development", "validation"])
def test_test_images_change_no_byte(by, fitted_on, tmp_path):
    manifest, predictions = make_manifest(), make_predicted(1)
    test = manifest["held_out"] == "test"
    poisoned = predictions.assign(label=predictions["label"].mask(test, "a"))
    poisoned.loc[test, ["p_a", "p_b", "p_c", "p_d"]] = [0.97, 0.01, 0.01, 0.01]
    written = []
    for name, own, labels in (
        ("clean", predictions, manifest),
        ("poisoned", poisoned, manifest.assign(label=poisoned["label"])),
    ):
        table, _ = calibrate(own, labels, by=by, fitted_on=fitted_on)
        tables.write(table, tmp_path / name, tables.CALIBRATION)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_images_left_out_by_balancing_calibrate_what_is_untrained():
    manifest, predictions = make_manifest(), make_predicted(1)
    assert (manifest["subset"] == "unused").any()
    development = calibration.fitting_images(predictions, manifest, "development")
    assert set(development["subset"]) == {"train", "validation", "unused"}
    assert set(calibration.fitting_images(predictions, manifest, "validation")["subset"]) == {"validation"}
    table, after = calibrate(predictions, manifest, by="prior", fitted_on="development")
    shares = development["label"].value_counts(normalize=True).reindex(list(CLASSES))
    np.testing.assert_allclose(table["prior"], shares, atol=1e-12)
    assert table["n_images"].sum() == len(development)
    mean = after[after["image_id"].isin(development["image_id"])][["p_a", "p_b", "p_c", "p_d"]].mean()
    np.testing.assert_allclose(mean, shares, atol=1e-8)
    about = [name for name in predictions if not name.startswith("p_")]
    pd.testing.assert_frame_equal(after[about], predictions[about])


def test_images_of_a_dropped_class_calibrate_nothing():
    manifest = make_manifest()
    predictions = make_predicted(1).drop(columns="p_d")
    assert set(calibration.fitting_images(predictions, manifest, "development")["label"]) == {"a", "b", "c"}


def test_no_image_to_calibrate_on_is_an_error():
    manifest, predictions = make_manifest(), make_predicted(1)
    with pytest.raises(UserError, match="no validation image to calibrate on"):
        calibration.fitting_images(predictions[predictions["subset"] != "validation"], manifest, "validation")


def test_a_prior_names_the_classes_kept():
    own = make_predicted(1)
    found = calibration.prior_of(own, ["a", "b+c"], {"b+c": 0.75, "a": 0.25}, experiment="x")
    np.testing.assert_array_equal(found, [0.25, 0.75])
    with pytest.raises(UserError, match=r"experiments\.x\.prior has a, b; needed: the classes kept, a, b, c, d"):
        calibration.prior_of(own, list(CLASSES), {"a": 0.5, "b": 0.5}, experiment="x")


def test_the_page_says_what_the_code_does():
    page = (REPO / "docs/calibration.md").read_text()
    for number in ("0.01", "100", "2e-308"):
        assert number in page
