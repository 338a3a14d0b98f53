"""Units and their aggregation, the bootstrap over patients, comparisons, subgroups, and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from benchmarks import coverage
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from statsmodels.stats.multitest import multipletests

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import measures, resampling, significance, subgroups, units
from mammoflow.evaluation.statistics import COMPARED_MEASURES, compare, evaluate

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


def test_patients_are_drawn_with_replacement_from_their_stratum():
    strata = np.array([0, 1, 0, 1, 1, 2, 0, 0, 1, 1])
    weights = resampling.patient_weights(strata, resamples=4000, seed=1)
    for stratum, n in ((0, 4), (1, 5), (2, 1)):
        own = weights[:, strata == stratum]
        assert (own.sum(axis=1) == n).all()
        np.testing.assert_allclose(own.mean(axis=0), 1, atol=0.08)
        np.testing.assert_allclose(own.var(axis=0), 1 - 1 / n, atol=0.12)
    np.testing.assert_array_equal(weights, resampling.patient_weights(strata, resamples=4000, seed=1))
    assert (weights != resampling.patient_weights(strata, resamples=4000, seed=2)).any()


@pytest.mark.parametrize("strata", [[0], [0, 1, 2], []])
def test_nobody_is_drawn_who_could_not_be_exchanged(strata):
    assert resampling.patient_weights(np.array(strata, dtype=int), resamples=10, seed=0).shape == (0, len(strata))


def test_a_patient_is_of_the_rarest_class_among_the_own_units():
    truth = np.array([0, 0, 0, 1, 1, 2, 2, 0, 1])
    patient = np.array([0, 1, 2, 2, 3, 3, 4, 4, 5])
    # Classes 0, 1 and 2 have 4, 3 and 2 units.
    strata = resampling.strata(truth, patient)
    rarest = ["0", "0", "1", "2", "2", "1"]
    assert [{0: "2", 1: "1", 2: "0"}[one] for one in strata.tolist()] == rarest
    # Of two equally rare classes the first in order.
    assert resampling.strata(np.array([0, 1]), np.array([0, 0])).tolist() == [0]


def test_every_resample_has_the_class_counts_of_the_patients():
    frame = make_predictions(5)
    at_level = units.of_level(frame, "exam")
    own = resampling.strata(at_level.truth, at_level.patient)
    weights = resampling.weights_of(at_level, resamples=50, seed=0)
    for stratum in np.unique(own):
        assert (weights[:, own == stratum].sum(axis=1) == (own == stratum).sum()).all()


def test_interval_is_that_of_a_loop_over_repeated_rows():
    frame = make_predictions(5)
    table = evaluate({1: frame}, subsets=["test"], resamples=300, bootstrap_seed=9)
    row = one(table, level="image", metric="f1_macro")
    test = frame[frame.subset == "test"]
    images, patients = test.label.value_counts(), sorted(test.patient_id.unique())
    rarest = test.assign(images=test.label.map(images)).sort_values(["images", "label"])
    stratum = rarest.groupby("patient_id").label.first()
    rng = np.random.default_rng(9)
    # The draws of each stratum, the rarest first; all draws of one before those of the next.
    drawn = {}
    for label in sorted(stratum.unique(), key=lambda key: (images[key], key)):
        own = [p for p in patients if stratum[p] == label]
        drawn[label] = np.array(own)[rng.integers(len(own), size=(300, len(own)))]
    values = []
    for chosen in np.hstack(list(drawn.values())):
        again = pd.concat([test[test.patient_id == p] for p in chosen])
        guess = again[["p_a", "p_b", "p_c"]].to_numpy().argmax(axis=1)
        values.append(metrics.f1_score(again.label, np.array(list("abc"))[guess], average="macro"))
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
    assert len(table) == 2 * 2 * 3 * (len(measures.names(3)) + 3 * len(measures.CLASS_MEASURES))
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
    share = (frame[frame.subset == "test"].label == "b").mean()
    assert one(table, metric="average_precision", key="b").value == pytest.approx(share)
    assert one(table, metric="calibration_error").value == pytest.approx(1 - share)
    assert np.isnan(one(table, metric="precision_macro").value)
    assert np.isnan(one(table, metric="precision", key="a").value)
    assert np.isnan(one(table, metric="precision", key="a").low)


def test_perfect_predictor():
    frame = make_predictions()
    frame[["p_a", "p_b", "p_c"]] = np.array([[k == label for k in "abc"] for label in frame.label], dtype=float)
    table = evaluate({1: frame}, subsets=["test"], resamples=200, bootstrap_seed=0)
    is_error = table["metric"].isin([*measures.SCORES, "calibration_error", "mean_absolute_error"])
    assert (table[~is_error].value == 1).all()
    assert (table[~is_error].low == 1).all()
    assert table[is_error].value.max() < 1e-15
    assert table[is_error].high.max() < 1e-15


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


def test_absent_class_is_missing_never_half():
    frame = make_predictions(classes=("a", "b", "c"))
    frame = frame[frame.label != "c"]
    table = evaluate({1: frame}, subsets=["test"], resamples=50, bootstrap_seed=0)
    missing = [("recall", "c"), ("auroc", "c"), ("average_precision", "c"), ("auroc_macro", "")]
    for metric, key in missing:
        row = one(table, metric=metric, key=key)
        assert np.isnan([row.value, row.low, row.high]).all()
        assert row.n_undefined == 50
    assert one(table, metric="accuracy").n_undefined == 0
    assert one(table, metric="f1_macro").value == pytest.approx(
        metrics.f1_score(*letters(frame[frame.subset == "test"]), average="macro"), abs=EXACT
    )


def test_resamples_that_lack_a_class_are_counted():
    """All images of b are of one of the three patients of the rarest class, c; three resamples in ten leave it out."""
    labels, patients = "aaaaacbbbbcc", [0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 6, 7]
    frame = pd.DataFrame({"image_id": [f"i{at:02}" for at in range(12)], "exam_id": [f"e{at:02}" for at in range(12)]})
    frame = frame.assign(patient_id=patients, laterality="L", view="CC", subset="test", label=list(labels))
    frame[["p_a", "p_b", "p_c"]] = 0.1 + 0.7 * np.eye(3)[["abc".index(label) for label in labels]]
    table = evaluate({1: frame}, subsets=["test"], resamples=1000, bootstrap_seed=0)
    lacking = (resampling.weights_of(units.of_level(frame, "image"), resamples=1000, seed=0)[:, 5] == 0).sum()
    assert lacking == pytest.approx(1000 * (2 / 3) ** 3, abs=50)
    for metric, key in (("recall", "b"), ("auroc", "b"), ("auroc_macro", ""), ("precision", "b")):
        row = one(table, metric=metric, key=key)
        assert (row.n_undefined, row.low, row.high) == (lacking, 1, 1)
    assert one(table, metric="recall", key="c").n_undefined == one(table, metric="accuracy").n_undefined == 0


def letters(frame):
    guess = frame[["p_a", "p_b", "p_c"]].to_numpy().argmax(axis=1)
    return frame.label, np.array(list("abc"))[guess]


def test_an_interval_needs_half_of_the_resamples():
    values = np.r_[np.full(60, np.nan), np.linspace(0, 1, 40)]
    few, enough = resampling.interval(values), resampling.interval(np.r_[values, np.linspace(0, 1, 40)])
    assert np.isnan([few.low, few.high]).all()
    assert 0 < enough.low < enough.high < 1
    assert few.n_undefined == enough.n_undefined == 60


def test_intervals_of_few_patients_are_marked():
    frame = make_predictions(n_patients=90)
    table = evaluate({1: frame}, subsets=["test", "all"], resamples=10, bootstrap_seed=0)
    assert one(table).n_patients == 45
    assert not one(table).few_patients
    for subset, own in (("test", frame[frame.subset == "test"]), ("all", frame)):
        of_class = own.groupby("label").patient_id.nunique()
        for key in "abc":
            assert one(table, subset=subset, metric="recall", key=key).few_patients == (of_class[key] < 30)
            assert one(table, subset=subset, metric="auroc", key=key).few_patients == (of_class[key] < 30)
    assert set(table[table["class"] != ""].few_patients) == {False, True}
    assert one(
        evaluate({1: make_predictions()}, subsets=["all"], resamples=5, bootstrap_seed=0), subset="all"
    ).few_patients


def test_one_patient_gives_no_interval():
    frame = make_predictions(n_patients=2)
    row = one(evaluate({1: frame}, subsets=["test"], resamples=50, bootstrap_seed=0))
    assert row.n_patients == 1
    assert np.isnan(row.low)
    assert not np.isnan(row.value)


def test_nothing_to_measure_gives_no_rows():
    frame = make_predictions().assign(subset="train")
    assert evaluate({1: frame}, subsets=["test"], resamples=5, bootstrap_seed=0).empty


def test_comparison_is_paired_and_signed():
    good, bad = make_predictions(skill=4, draw=1), make_predictions(skill=0, draw=2)
    table = compare({"good": {1: good}, "bad": {1: bad}}, resamples=200, bootstrap_seed=0)
    assert len(table) == 2 * len(COMPARED_MEASURES)
    row = table[(table.level == "image") & (table.metric == "accuracy")].iloc[0]
    (truth, p), (_, other) = arrays(good), arrays(bad)
    accuracies = [metrics.accuracy_score(truth, own.argmax(axis=1)) for own in (p, other)]
    assert row.difference == pytest.approx(accuracies[0] - accuracies[1], abs=EXACT)
    assert 0 < row.low < row.difference < row.high
    loss = table[(table.level == "image") & (table.metric == "log_loss")].iloc[0]
    assert loss.difference == pytest.approx(metrics.log_loss(truth, p) - metrics.log_loss(truth, other), abs=EXACT)
    area = table[(table.level == "image") & (table.metric == "auroc_macro")].iloc[0]
    areas = [metrics.roc_auc_score(truth, own, multi_class="ovr") for own in (p, other)]
    assert area.difference == pytest.approx(areas[0] - areas[1], abs=EXACT)
    assert 0 < area.low < area.difference < area.high
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


def test_geometric_aggregation_is_the_normalised_product_of_roots():
    frame = make_predictions()
    p = tables.probability_columns(list("abc"))
    frame.loc[0, p] = [0.0, 0.4, 0.6]
    exam = units.of_level(frame, "exam", aggregation="geometric")
    clipped = frame[p].clip(lower=np.finfo(float).eps)
    means = clipped.groupby(frame.exam_id).agg(stats.gmean)
    np.testing.assert_allclose(exam.probabilities, means.div(means.sum(axis=1), axis=0).to_numpy(), atol=EXACT)
    image = units.of_level(frame, "image", aggregation="geometric")
    np.testing.assert_allclose(image.probabilities, units.of_level(frame, "image").probabilities, atol=1e-15)
    table = {
        how: evaluate({1: frame}, subsets=["test"], resamples=5, bootstrap_seed=0, aggregation=how)
        for how in units.AGGREGATIONS
    }
    at_image, at_exam = ({how: one(own, level=level, metric="log_loss").value for how, own in table.items()}
                         for level in ("image", "exam"))  # fmt: skip
    assert at_image["mean"] == pytest.approx(at_image["geometric"], abs=EXACT)
    assert at_exam["mean"] != pytest.approx(at_exam["geometric"], abs=1e-3)


@pytest.mark.parametrize(
    ("classes", "dense", "halves"),
    [
        (("a", "b", "c+d"), ("c", "d"), (False, False, True)),
        (("a+b", "c", "d"), ("c", "d"), (False, True, True)),
        (("a", "b+c", "d"), ("c", "d"), (False, None, True)),
        (("a", "b", "c"), ("c", "d"), (False, False, True)),
        (("a", "b", "c"), (), ()),
    ],
)
def test_merged_classes_are_of_a_half_or_of_none(classes, dense, halves):
    frame = make_predictions(classes=classes)
    assert units.of_level(frame, "exam", dense=dense).dense == halves
    table = evaluate({1: frame}, subsets=["test"], resamples=5, bootstrap_seed=0, dense=dense)
    assert set(table.metric) >= set(measures.ORDINAL_MEASURES)
    own = table[table.metric.isin(measures.DENSE_MEASURES)]
    assert len(own) == (6 if dense else 0)
    assert own.value.isna().all() == (None in halves or not dense)


def test_two_classes_have_sensitivity_and_specificity_in_place_of_distances():
    frame = make_predictions(classes=("benign", "malignant"))
    table = evaluate({1: frame}, subsets=["test"], resamples=20, bootstrap_seed=0)
    values = {name: one(table, metric=name).value for name in measures.BINARY_MEASURES}
    assert values["sensitivity"] == one(table, metric="recall", key="malignant").value
    assert values["specificity"] == one(table, metric="recall", key="benign").value
    assert values["harmonic_mean"] == pytest.approx(
        stats.hmean([values["sensitivity"], values["specificity"]]), abs=EXACT
    )
    assert not set(table.metric) & set(measures.ORDINAL_MEASURES)


def test_external_images_are_measured_where_they_have_labels():
    frame = make_predictions().assign(subset="external")
    frame.loc[frame.exam_id == frame.exam_id[0], "label"] = ""
    table = evaluate({1: frame}, subsets=["external"], resamples=5, bootstrap_seed=0)
    assert one(table, subset="external").n_images == len(frame) - 4


def test_who_is_one_person_is_resampled_as_one():
    frame = make_predictions()
    groups = pd.DataFrame({"patient_id": ["p001", "p003"], "group_id": "p001", "joined_by": "same_pixels"})
    joined = units.of_persons(frame, groups)
    assert set(frame.patient_id) - set(joined.patient_id) == {"p003"}
    apart, together = (
        one(evaluate({1: own}, subsets=["test"], resamples=100, bootstrap_seed=0), metric="brier")
        for own in (frame, joined)
    )
    assert (apart.n_patients, together.n_patients) == (12, 11)
    assert (apart.value, apart.n_images) == (together.value, together.n_images)
    assert (apart.low, apart.high) != (together.low, together.high)


@pytest.mark.parametrize("value", [np.nan, 0.2, 0.9])
def test_probabilities_that_are_missing_or_do_not_sum_to_1_are_refused(tmp_path, value):
    frame = make_predictions()
    frame.loc[7, ["p_a", "p_b", "p_c"]] = [value, 0.25, 0.25]
    path = tmp_path / "seed1.tsv"
    frame.to_csv(path, sep="\t", index=False)
    with pytest.raises(UserError, match=r"no table of predictions: .* at row 7 fails") as caught:
        tables.read(path, tables.PREDICTIONS)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    # What single precision rounds is taken.
    frame.loc[7, "p_a"] = np.float64(np.float32(0.5) + np.float32(6e-8))
    frame.to_csv(path, sep="\t", index=False)
    assert len(tables.read(path, tables.PREDICTIONS)) == len(frame)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_mcnemar_is_the_binomial_test_of_the_pairs_that_differ(seed, n):
    right, other = np.random.default_rng(seed).random((2, n)) < 0.6
    first, differ = int((right & ~other).sum()), int((right != other).sum())
    theirs = stats.binomtest(first, differ).pvalue if differ else 1.0
    assert significance.mcnemar_p(right, other) == pytest.approx(theirs, abs=EXACT)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None)
def test_holm_is_that_of_statsmodels(p):
    corrected = multipletests(p, method="holm")[1]
    np.testing.assert_allclose(significance.holm(np.array(p)), corrected, atol=EXACT)
    # A pair without a p value is none of the family.
    found = significance.holm(np.array([np.nan, *p, np.nan]))
    np.testing.assert_allclose(found[1:-1], corrected, atol=EXACT)
    assert np.isnan(found[[0, -1]]).all()


def test_a_p_value_of_the_bootstrap_by_hand():
    assert significance.bootstrap_p(np.array([0.1] * 97 + [-0.1] * 2)) == 2 * 3 / 100
    assert significance.bootstrap_p(np.array([0.1] * 97 + [0.0] * 2 + [np.nan])) == 2 * 3 / 100
    assert significance.bootstrap_p(-np.ones(99)) == 2 / 100
    assert significance.bootstrap_p(np.zeros(99)) == 1
    assert np.isnan(significance.bootstrap_p(np.array([np.nan])))


def test_p_values_go_with_the_intervals_and_are_corrected_within_a_family():
    experiments = {f"e{i}": {1: make_predictions(n_patients=60, skill=i, draw=i)} for i in range(4)}
    table = compare(experiments, resamples=1999, bootstrap_seed=0)
    outside = (table.low > 0) | (table.high < 0)
    assert (table[outside].p <= 0.051).all()
    assert (table[~outside].p >= 0.049).all()
    for _, family in table.groupby(["level", "metric"]):
        assert len(family) == 6
        np.testing.assert_allclose(family.p_holm, significance.holm(family.p.to_numpy()), atol=EXACT)
    has_mcnemar = (table.level == "exam") & (table.metric == "accuracy")
    assert table[has_mcnemar].p_mcnemar.notna().all()
    assert table[~has_mcnemar][["p_mcnemar", "p_mcnemar_holm"]].isna().all(axis=None)
    row = table[has_mcnemar & (table.experiment == "e0") & (table.other == "e3")].iloc[0]
    right, other = (accuracy_of(experiments[name][1], "exam") for name in ("e0", "e3"))
    assert row.p_mcnemar == pytest.approx(significance.mcnemar_p(right.to_numpy(), other.to_numpy()), abs=EXACT)
    assert row.p_mcnemar <= row.p_mcnemar_holm


def test_one_patient_cannot_be_compared():
    frames = {name: {1: make_predictions(n_patients=2, draw=draw)} for draw, name in enumerate("ab")}
    table = compare(frames, resamples=50, bootstrap_seed=0)
    assert table[["low", "high", "p", "p_holm"]].isna().all(axis=None)
    assert table[table.metric == "accuracy"].difference.notna().all()


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.09, 0.02, 0.16), "ConvNeXt is better than the probe by 9.0 points of accuracy, 95 % interval 2.0 to 16.0."),
        ((-0.09, -0.16, -0.02), "the probe is better than ConvNeXt by 9.0 points of accuracy, "
         "95 % interval 2.0 to 16.0."),
        ((0.012, -0.03, 0.0504), "These patients do not show which is better: ConvNeXt less the probe is 1.2 points of "
         "accuracy, 95 % interval −3.0 to 5.0."),
        ((-0.012, -0.05, 0.03), "These patients do not show which is better: the probe less ConvNeXt is 1.2 points of "
         "accuracy, 95 % interval −3.0 to 5.0."),
        ((0.0, 0.0, 0.0), "These patients do not show which is better: ConvNeXt less the probe is 0.0 points of "
         "accuracy, 95 % interval 0.0 to 0.0."),
        ((0.1, np.nan, np.nan), "ConvNeXt and the probe cannot be compared by accuracy: their difference has no "
         "interval."),
    ],
)  # fmt: skip
def test_a_pair_in_plain_words(numbers, said):
    difference, low, high = numbers
    told = significance.sentence("ConvNeXt", "the probe", "accuracy", difference=difference, low=low, high=high)
    assert told == said


def make_known(frame):
    """Images and exams of these predictions: two devices, two years, an exam whose age is not known."""
    images = frame.assign(
        status="accepted", device=np.where(frame.view == "CC", "ge", "hologic"), transfer_syntax="1.2.840.10008.1.2.1"
    )
    images = images.assign(year="1999", age_band="")[["image_id", "exam_id", "laterality", "view", "device",
                                                      "transfer_syntax", "year", "age_band", "status"]]  # fmt: skip
    refused = images.head(1).assign(status="excluded", device="other")
    exams = frame[["exam_id"]].drop_duplicates(ignore_index=True)
    exams = exams.assign(age_band="50-59", year=[str(2015 + i % 2) for i in exams.index])
    exams.loc[exams.exam_id == "p001-0", "age_band"] = ""
    return pd.concat([images, refused]), exams


def test_subgroups_are_the_measures_of_their_parts(tmp_path):
    frame = make_predictions(n_patients=40)
    known = subgroups.attributes(*make_known(frame))
    table = subgroups.evaluate(frame, known, seed=1, resamples=100, bootstrap_seed=0)
    tables.write(table, tmp_path / "ours.tsv", tables.METRICS)
    n = {name: own.n_images.iloc[0] for name, own in table.groupby("subgroup")}
    test = frame[frame.subset == "test"]
    assert n == {
        **{f"{name}={value}": len(test) // 2 for name, value in
           [("device", "ge"), ("device", "hologic"), ("view", "CC"), ("view", "MLO"), ("side", "L"), ("side", "R")]},
        "image_syntax=1.2.840.10008.1.2.1": len(test),
        "age_band=50-59": len(test) - 4,
        "age_band=unknown": 4,
        "year=2015": n["year=2015"],
        "year=2016": len(test) - n["year=2015"],
    }  # fmt: skip
    assert set(table.metric) == set(subgroups.MEASURES)
    assert {name: set(own) for name, own in table.groupby("subgroup")["level"]}["year=2015"] == {"exam"}
    part = evaluate({1: frame[frame.view == "CC"]}, subsets=["test"], resamples=100, bootstrap_seed=0)
    own = table[table.subgroup == "device=ge"].set_index("metric")
    for metric in subgroups.MEASURES:
        row = one(part, metric=metric)
        assert own.loc[metric, ["value", "low", "high", "n_patients"]].tolist() == pytest.approx(
            row[["value", "low", "high", "n_patients"]].tolist(), abs=EXACT
        )
    assert table.few_patients.all()
    alone = table[table.subgroup == "age_band=unknown"].set_index("metric")
    assert np.isnan(alone.low).all()
    assert np.isnan(alone.loc["auroc_macro", "value"])


def test_intervals_hold_the_true_value_as_often_as_they_say():
    """The full figures, and those of few patients, are in benchmarks/README.md."""
    truth = coverage.true_values()
    shares, naive = (
        coverage.coverage(truth, n_patients=150, clustered=clustered, trials=200, resamples=300)
        for clustered in (True, False)
    )
    for name in coverage.MEASURES:
        assert 0.90 <= shares[name] <= 0.985, name
        assert naive[name] < min(0.9, shares[name] - 0.05), name
