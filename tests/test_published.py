"""Published figures: read, checked, and put to the test with exact numbers."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import table1
from mammoflow.pages import html, published
from mammoflow.published import (
    checks,
    class_values,
    constants,
    equal_classes,
    f_scores,
    findings,
    intervals,
    loading,
    matrices,
    presence,
    rates,
    rounding,
)
from tests.conftest import REPO
from tests.test_plots import SETTINGS, make_metrics

FOLDER = REPO / "resources/published"
SCHEMA = REPO / "workflow/schemas/published.schema.yaml"
PAPER, ROI = "molina_roman_2025", "yoshitsugu_2025"
LISTS = ("density_systems", "human_agreement")


def loaded(name):
    return loading.load(FOLDER / f"{name}.yaml", SCHEMA)


def found(*studies):
    return {one.key: one for one in checks.check(studies)}


FOUND = found(loaded(PAPER), loaded(ROI))


def make_published(metrics, settings):
    """The section of the report, for these experiments."""
    paper = loaded(PAPER)
    frame = findings.as_table(FOUND.values())
    made = table1.make(metrics, settings, paper)
    others = [loaded(name) for name in LISTS]
    return published.section(frame, made, metrics, study=paper, others=others, task="density")


def counts_as_rows(*counts):
    """Truth and answers, one each image, of (truth, answer, count)."""
    truth = np.concatenate([np.repeat(one, n) for one, _, n in counts])
    return truth, np.concatenate([np.repeat(answer, n) for _, answer, n in counts])


def changed(name, *path, value):
    """A file's content with one value put in another's place."""
    content = copy.deepcopy(yaml.safe_load((FOLDER / f"{name}.yaml").read_text()))
    *above, last = path
    place = content
    for key in above:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


# The files


@pytest.mark.parametrize("name", [PAPER, ROI, *LISTS])
def test_what_is_shipped_is_sound(name):
    content = loaded(name)
    assert content["read_in"]
    assert content["kind"] == ("study" if name in (PAPER, ROI) else {LISTS[0]: "systems", LISTS[1]: "people"}[name])
    assert content.get("key", name) == name


def test_every_file_is_among_the_shipped():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {PAPER, ROI, *LISTS}


def test_sets_are_those_of_the_tables():
    roi = loaded(ROI)
    for key, at in (("vindr", 0), ("cdd_cesm", 2)):
        of_test = {name: row[-1] for name, row in roi["counts"][at]["rows"].items()}
        assert roi["sets"][key]["counts"] == of_test
        assert roi["sets"][key]["n"] == sum(of_test.values())
    held_out = loaded(PAPER)["sets"]["test"]
    assert held_out["n"] == round(4 * held_out["each"] * held_out["share"])


def test_values_of_others_say_that_they_are_unchecked():
    assert all("unchecked" in loaded(name)["read_in"] for name in LISTS)


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (PAPER, ["kind"], "paper", "kind: 'paper' is not one of"),
        (PAPER, ["source"], None, "the file: 'source' is a required property"),
        (PAPER, ["author"], "x", "the file: Additional properties are not allowed"),
        (PAPER, ["results", 0, "accuracy"], 47, "results.0.accuracy: 47 is greater than the maximum of 1"),
        (PAPER, ["results", 0, "accuracy"], 0.471, "results.0: accuracy 0.471 has more than 2 decimals"),
        (PAPER, ["results", 1, "code", "f1"], 0.505, "results.1: f1 0.505 has more than 2 decimals"),
        (PAPER, ["results", 0, "subset"], "some", "results.0: 'some' is no set; allowed: all, test"),
        (PAPER, ["sets", "all", "counts"], {"a": 1, "b": 2}, "sets.all: has classes a, b; needed: a, b, c, d"),
        (PAPER, ["sentences", 0, "best"], ["e"], "sentences.0: 'e' is no class; allowed: a, b, c, d"),
        (PAPER, ["sentences", 0, "least"], 0.9, "sentences.0: least is more than greatest"),
        (PAPER, ["sentences", 0, "measured_on"], None, "sentences.0: 'measured_on' is a dependency of 'least'"),
        (PAPER, ["sentences", 0, "method"], "vit", "sentences.0: 'vit' is no method of a result; allowed: zero_shot, "),
        (PAPER, ["table"], None, "the file: 'table' is a dependency of "),
        (ROI, ["results", 0, "table"], None, "results.0: 'table' is a dependency of 'sensitivity'"),
        (PAPER, ["matrix", "rows", "a"], [1, 2], "matrix: every row needs 4 counts"),
        (ROI, ["counts", 1, "column_sums"], [1], "counts.Table 2: needs a sum of each column"),
        (ROI, ["results", 0, "f_score"], None, "results.0: 'f_score' is a dependency of 'sensitivity'"),
        (LISTS[0], ["read_in"], None, "the file: 'read_in' is a required property"),
        (LISTS[0], ["entries", 0, "values", 0, "measure"], "kapa", "entries.0.values.0.measure: 'kapa' is not one of"),
        (LISTS[0], ["entries", 0, "values", 1, "value"], 0.76, "entries.0: kappa_linear is not within 0.66 to 0.68"),
        (LISTS[1], ["entries", 1, "values", 0, "range"], [0.84, 0.65], "entries.1: kappa_weighted is not within 0.84 "),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(name, path, value, message, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(changed(name, *path, value=value)))
    with pytest.raises(UserError) as refused:
        loading.load(wrong, SCHEMA)
    assert str(refused.value).startswith(f"{wrong}, {message}")
    assert "\n" not in str(refused.value)


def test_what_is_no_yaml_is_refused_in_one_line(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("a: [1,\nb: 2")
    with pytest.raises(UserError, match="is no YAML") as refused:
        loading.load(wrong, SCHEMA)
    assert "\n" not in str(refused.value)


# The findings that this workflow was built on, with their numbers


def test_zero_shot_is_no_better_than_the_constant_answer():
    one = FOUND[f"{PAPER}.zero_shot.constant"]
    assert one.verdict == "trivial"
    assert one.published == {"accuracy": 0.47, "f1": 0.31}
    assert one.computed["accuracy"] == 1796 / 3816 == pytest.approx(0.471, abs=5e-4)
    assert one.computed["f1_weighted"] == pytest.approx(0.301, abs=5e-4)
    assert one.computed["f1_macro"] == pytest.approx(0.160, abs=5e-4)
    assert "1,796 / 3,816 = 0.471" in one.arithmetic
    # What the code prints is the same, so that it is no finding of its own.
    assert f"{PAPER}.zero_shot.code.constant" not in FOUND


def test_the_mean_f1_does_not_come_from_the_values_of_classes():
    one = FOUND[f"{PAPER}.fine_tune.mean_f1"]
    assert one.verdict == "contradicts"
    assert one.published == {"mean": 0.78, "least": 0.60, "greatest": 0.78}
    assert (one.computed["low"], one.computed["high"]) == pytest.approx(((3 * 0.60 + 0.78) / 4, (0.60 + 3 * 0.78) / 4))
    assert one.computed["most_weight"] == pytest.approx(0.01 / 0.18)
    assert one.condition.startswith("if both describe one set of images")
    assert "between 0.645 and 0.735" in one.statement
    of_accuracy = FOUND[f"{PAPER}.fine_tune.mean_accuracy"]
    assert (of_accuracy.verdict, of_accuracy.published["mean"]) == ("agrees", 0.73)


def test_results_and_discussion_name_different_best_classes():
    one = FOUND[f"{PAPER}.fine_tune.best_class"]
    assert one.verdict == "contradicts"
    assert one.place == "Results; Discussion"
    assert "best in extremely dense by accuracy" in one.statement
    assert "best in fatty predominance (Discussion" in one.statement
    assert one.arithmetic == "Results, accuracy: d; Results, F1: a and d; Discussion: a"
    assert one.condition == "if the Discussion does not mean F1, by which the two share a class"


@pytest.mark.parametrize(
    ("row", "value", "printed", "f1", "verdict"),
    [
        ("table5.swin.without_roi", 0.0, 0.0, 0.0, "agrees"),
        ("table5.swin.with_roi", 0.899, 0.90, 0.698, "contradicts"),
        ("table6.convnextv2.without_roi", 0.0, 0.0, 0.0, "agrees"),
        ("table6.convnextv2.with_roi", 0.880, 0.88, 0.669, "contradicts"),
        ("table7.swin.without_roi", 0.407, 0.41, 0.360, "contradicts"),
        ("table7.swin.with_roi", 0.650, 0.65, 0.650, "agrees"),
        ("table8.convnextv2.without_roi", 0.650, 0.65, 0.650, "agrees"),
        ("table8.convnextv2.with_roi", 0.669, 0.67, 0.695, "contradicts"),
    ],
)
def test_f_scores_are_harmonic_means_of_sensitivity_and_specificity(row, value, printed, f1, verdict):
    one = FOUND[f"{ROI}.{row}.f_score"]
    assert one.verdict == "agrees"
    assert one.published["f_score"] == printed
    assert one.computed["harmonic_mean"] == pytest.approx(value, abs=5e-4)
    assert one.computed["low"] <= one.computed["harmonic_mean"] <= one.computed["high"]
    of_f1 = FOUND[f"{ROI}.{row}.f1"]
    assert of_f1.verdict == verdict
    assert of_f1.computed["f1"] == pytest.approx(f1, abs=5e-4)


def test_presence_of_an_roi_alone_does_as_well_as_the_models():
    one = FOUND[f"{ROI}.vindr.presence"]
    assert one.verdict == "trivial"
    expected = {"sensitivity": 952 / 988, "specificity": 4790 / 5606, "accuracy": 5742 / 6594}
    assert {name: one.computed[name] for name in expected} == expected
    rounded = {"sensitivity": 0.964, "specificity": 0.854, "accuracy": 0.871, "f1": 0.691}
    assert {name: round(one.computed[name], 3) for name in rounded} == rounded
    assert "5,742 / 6,594 = 0.871" in one.arithmetic
    other = FOUND[f"{ROI}.cdd_cesm.presence"]
    assert (other.verdict, round(other.computed["accuracy"], 3)) == ("not_trivial", 0.506)


def test_the_authors_matrix_gives_their_accuracy_and_kappas_but_not_their_f1():
    of_code = FOUND[f"{PAPER}.fine_tune.matrix_and_code"]
    assert of_code.computed["accuracy"] == 246 / 356
    assert rounding.may_be(246 / 356, 246 / 356, of_code.published["accuracy"])
    assert of_code.verdict == "contradicts"
    assert of_code.published["f1"] == 0.66
    assert (round(of_code.computed["f1_macro"], 3), round(of_code.computed["f1_weighted"], 3)) == (0.691, 0.690)
    kappas = FOUND[f"{PAPER}.fine_tune.matrix_kappa"].computed
    assert (round(kappas["kappa_linear"], 3), round(kappas["kappa_quadratic"], 3)) == (0.734, 0.845)
    assert FOUND[f"{PAPER}.fine_tune.matrix_size"].verdict == "contradicts"
    assert FOUND[f"{PAPER}.matrix.sums"].verdict == "agrees"


def test_what_270_images_carry():
    one = FOUND[f"{PAPER}.fine_tune.interval"]
    assert one.verdict == "adds"
    assert one.computed["half_width"] == pytest.approx(0.053, abs=5e-4)
    assert (round(one.computed["low"], 3), round(one.computed["high"], 3)) == (0.674, 0.779)


def test_an_f1_above_the_accuracy_of_equal_classes():
    one = FOUND[f"{PAPER}.fine_tune.f1_beside_accuracy"]
    assert (one.verdict, round(one.computed["greatest_f1"], 3)) == ("contradicts", 0.771)
    for other in ("linear_probe", "linear_probe.code", "fine_tune.code"):
        assert FOUND[f"{PAPER}.{other}.f1_beside_accuracy"].verdict == "agrees"


def test_paper_and_code_text_and_table():
    verdicts = {name: FOUND[f"{PAPER}.{name}.code"].verdict for name in ("zero_shot", "linear_probe", "fine_tune")}
    assert verdicts == {"zero_shot": "agrees", "linear_probe": "contradicts", "fine_tune": "contradicts"}
    assert FOUND[f"{PAPER}.fine_tune.text"].published == {"text": 0.73, "table": 0.73}
    assert FOUND[f"{PAPER}.table.sets"].published == {"zero_shot": 3816, "linear_probe": 270, "fine_tune": 270}


def test_tables_sum():
    keys = ["table1.sums", "table2.sums", "table3.sums", "table1_table2.sums", "table3_table4.sums", "table3.ratio"]
    assert {FOUND[f"{ROI}.{key}"].verdict for key in keys} == {"agrees"}
    assert FOUND[f"{ROI}.table1.sums"].computed == {
        "malignant": 988,
        "benign": 5606,
        "train": 5276,
        "test": 1318,
        "all": 6594,
    }
    assert FOUND[f"{PAPER}.images.sums"].verdict == "agrees"


def test_models_without_separation_answer_benign_always():
    trivial = {key for key, one in FOUND.items() if one.verdict == "trivial" and key.startswith(ROI)}
    without = {f"{ROI}.table5.swin.without_roi.constant", f"{ROI}.table6.convnextv2.without_roi.constant"}
    assert trivial == {*without, f"{ROI}.vindr.presence"}
    for key in without:
        assert FOUND[key].computed == {"accuracy": 1120 / 1318}
    below = FOUND[f"{ROI}.table7.swin.without_roi.constant"]
    assert "lies 0.02 below the best of them" in below.statement


# A wrong number is found: every check can fail


@pytest.mark.parametrize(
    ("name", "path", "value", "key", "verdict"),
    [
        (PAPER, ["results", 0, "accuracy"], 0.49, "zero_shot.constant", "not_trivial"),
        (PAPER, ["results", 0, "f1"], 0.25, "zero_shot.constant", "not_trivial"),
        (PAPER, ["sets", "all", "counts", "c"], 1700, "zero_shot.constant", "not_trivial"),
        (PAPER, ["results", 2, "f1"], 0.70, "fine_tune.mean_f1", "agrees"),
        (PAPER, ["results", 2, "f1"], 0.63, "fine_tune.mean_f1", "contradicts"),
        (PAPER, ["results", 1, "f1"], 0.50, "linear_probe.mean_f1", "contradicts"),
        (PAPER, ["results", 2, "f1"], 0.77, "fine_tune.f1_beside_accuracy", "agrees"),
        (PAPER, ["sentences", 4, "best"], ["d"], "fine_tune.best_class", "agrees"),
        (PAPER, ["sentences", 2, "mean"], 0.74, "fine_tune.text", "contradicts"),
        (PAPER, ["results", 0, "code", "f1"], 0.30, "zero_shot.code", "contradicts"),
        (PAPER, ["results", 2, "code", "f1"], 0.69, "fine_tune.matrix_and_code", "agrees"),
        (PAPER, ["matrix", "n"], 357, "matrix.sums", "contradicts"),
        (PAPER, ["matrix", "n"], 270, "fine_tune.matrix_size", "agrees"),
        (PAPER, ["data", "exams"], 1161, "images.sums", "contradicts"),
        (PAPER, ["sets", "all", "counts", "a"], 441, "images.sums", "contradicts"),
        (ROI, ["counts", 0, "total"], 6595, "table1.sums", "contradicts"),
        (ROI, ["counts", 0, "row_sums", "benign"], 5600, "table1.sums", "contradicts"),
        (ROI, ["counts", 1, "column_sums"], [1768, 4800], "table2.sums", "contradicts"),
        (ROI, ["counts", 3, "rows", "benign"], [322, 10], "table3_table4.sums", "contradicts"),
        (ROI, ["counts", 2, "ratio"], [9, 1], "table3.ratio", "contradicts"),
        (ROI, ["results", 1, "f_score"], 0.88, "table5.swin.with_roi.f_score", "contradicts"),
        (ROI, ["results", 1, "f_score"], 0.70, "table5.swin.with_roi.f1", "agrees"),
        (ROI, ["results", 4, "accuracy"], 0.49, "table7.swin.without_roi.rates", "contradicts"),
        (ROI, ["results", 4, "sensitivity"], 0.30, "table7.swin.without_roi.rates", "contradicts"),
        (ROI, ["results", 1, "accuracy"], 0.88, "vindr.presence", "not_trivial"),
        (ROI, ["results", 0, "specificity"], 0.98, "table5.swin.without_roi.constant", "not_trivial"),
    ],
)
def test_a_doctored_value_turns_the_verdict(name, path, value, key, verdict):
    before, after = FOUND[f"{name}.{key}"], found(changed(name, *path, value=value))[f"{name}.{key}"]
    assert after.verdict == verdict
    if (path[-1], value) != ("f1", 0.63):  # it does not fit either way: no more above the range, but below it
        assert before.verdict != verdict
    else:
        assert "most_weight" not in after.computed


# The arithmetic, against libraries


@given(st.lists(st.integers(1, 3000), min_size=2, max_size=6), st.data())
def test_a_constant_answer_scores_what_scikit_learn_says(counts, data):
    answer = data.draw(st.integers(0, len(counts) - 1))
    truth, guess = counts_as_rows(*((at, answer, n) for at, n in enumerate(counts)))
    one = constants.constant({str(at): n for at, n in enumerate(counts)}, str(answer))
    assert one.accuracy == pytest.approx(sk.accuracy_score(truth, guess), abs=1e-12)
    assert one.f1_weighted == pytest.approx(sk.f1_score(truth, guess, average="weighted"), abs=1e-12)
    assert one.f1_macro == pytest.approx(sk.f1_score(truth, guess, average="macro"), abs=1e-12)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_intervals_are_those_of_statsmodels(n, share):
    share = round(share * n) / n
    for ours, method in ((intervals.normal, "normal"), (intervals.wilson, "wilson")):
        assert ours(share, n) == pytest.approx(proportion_confint(round(share * n), n, method=method), abs=1e-9)


@given(*[st.integers(1, 400)] * 4)
def test_f1_at_a_prevalence_is_that_of_scikit_learn(true, missed, alarms, right):
    truth, guess = counts_as_rows((1, 1, true), (1, 0, missed), (0, 1, alarms), (0, 0, right))
    positive, negative = true + missed, alarms + right
    sensitivity, specificity = true / positive, right / negative
    expected = sk.f1_score(truth, guess)
    assert f_scores.f1(sensitivity, specificity, positive / (positive + negative)) == pytest.approx(expected, abs=1e-12)
    one = presence.presence([true, missed], [alarms, right])
    assert one.f1 == pytest.approx(expected, abs=1e-12)
    assert one.accuracy == pytest.approx(sk.accuracy_score(truth, guess), abs=1e-12)
    assert one.sensitivity == pytest.approx(sk.recall_score(truth, guess), abs=1e-12)
    assert one.specificity == pytest.approx(sk.recall_score(truth, guess, pos_label=0), abs=1e-12)
    assert one.f_score == pytest.approx(2 / (1 / sensitivity + 1 / specificity), abs=1e-12)


def test_kappas_are_those_of_statsmodels():
    rows = list(loaded(PAPER)["matrix"]["rows"].values())
    ours = matrices.of_matrix(rows)
    for name, weights in (("kappa_linear", "linear"), ("kappa_quadratic", "quadratic")):
        assert ours[name] == pytest.approx(cohens_kappa(np.array(rows), wt=weights).kappa, abs=1e-12)
    hits, sizes, answers = np.diag(rows), np.sum(rows, axis=1), np.sum(rows, axis=0)
    f1 = 2 * hits / (sizes + answers)
    assert ours["f1_macro"] == pytest.approx(f1.mean(), abs=1e-12)
    assert ours["f1_weighted"] == pytest.approx((f1 * sizes).sum() / sizes.sum(), abs=1e-12)


@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_no_predictions_on_equal_classes_have_more_f1_than_the_bound(n_classes, seed):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(rng.uniform(0.05, 2, n_classes), size=n_classes)
    hits = np.diag(shares)
    mean_f1 = (2 * hits / (1 + shares.sum(axis=0))).mean()
    assert mean_f1 <= equal_classes.greatest_f1(hits.mean(), n_classes) + 1e-9


def test_the_bound_of_f1_is_near_what_can_be_had():
    # Nearly all mistakes are taken for one class.
    shares = np.array([[0.71, 0, 0.29, 0], [0, 0.68, 0.32, 0], [0, 0.16, 0.84, 0], [0, 0, 0.29, 0.71]])
    recall = np.diag(shares)
    reached = (2 * recall / (1 + shares.sum(axis=0))).mean()
    assert 0.02 > equal_classes.greatest_f1(recall.mean(), 4) - reached >= 0
    assert equal_classes.greatest_f1(1.0, 4) == pytest.approx(1)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_means_of_classes_lie_within_their_bounds(values):
    low, high = class_values.means(min(values), max(values), len(values))
    assert low - 1e-12 <= np.mean(values) <= high + 1e-12
    low, high = class_values.means(min(values), None, len(values))
    assert low - 1e-12 <= np.mean(values) <= high + 1e-12


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_rates_of_whole_images_are_found(positive, negative, data):
    true, right = data.draw(st.integers(0, positive)), data.draw(st.integers(0, negative))
    printed = [round(share, 2) for share in (true / positive, right / negative, (true + right) / (positive + negative))]
    assert (true, right) in rates.hits(*printed, positive=positive, negative=negative)


@pytest.mark.parametrize("printed", [0.0, 0.07, 0.29, 0.5, 1.0])
def test_a_printed_number_stands_for_what_is_rounded_to_it(printed):
    low, high = rounding.span(printed)
    assert max(0, printed - 0.005) == pytest.approx(low, abs=1e-12)
    assert min(1, printed + 0.005) == pytest.approx(high, abs=1e-12)
    assert rounding.may_be(low, low, printed)
    assert rounding.may_be(high, high, printed)
    assert not rounding.may_be(printed + 0.006, printed + 0.007, printed)
    assert not rounding.may_be(printed - 0.007, printed - 0.006, printed)


# The table


def test_findings_are_a_table(tmp_path):
    path = tmp_path / "findings.tsv"
    tables.write(findings.as_table(FOUND.values()), path, tables.FINDINGS)
    frame = tables.read(path, tables.FINDINGS)
    assert set(frame["finding"]) == set(FOUND)
    assert set(frame["question"]) == set(tables.QUESTIONS)
    assert set(frame["verdict"]) == set(tables.VERDICTS)
    row = frame.set_index("finding").loc[f"{PAPER}.zero_shot.constant"]
    assert row["published"] == "accuracy=0.47 f1=0.31"
    assert row["computed"].startswith("accuracy=0.47065 f1_weighted=0.301243 ")
    assert set(frame.loc[frame["condition"] != "", "condition"].str.partition(" ")[0]) == {"if"}


def test_findings_follow_from_nothing_but_the_files():
    again = found(loaded(PAPER), loaded(ROI))
    assert again == FOUND
    assert all(re.fullmatch(r"[a-z0-9_.]+", key) for key in again)


def test_every_finding_can_be_read():
    for one in FOUND.values():
        assert one.statement.endswith("."), one.key
        assert one.statement[0].isupper(), one.key
        assert not re.search(r"\bnan\b|None|  |\{", one.statement + one.arithmetic + one.condition), one.key


def test_notes_of_the_paper_hold_the_numbers_that_are_found():
    notes = " ".join(loaded(PAPER)["notes"])
    one = FOUND[f"{PAPER}.zero_shot.constant"].computed
    assert f"accuracy {one['accuracy']:.3f}, weighted F1 {one['f1_weighted']:.3f}" in notes
    assert f"macro F1 {one['f1_macro']:.3f}" in notes
    assert round(FOUND[f"{PAPER}.fine_tune.interval"].computed["half_width"], 2) == 0.05


def test_all_questions_are_explained():
    page = (REPO / "docs/published.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE)) == {*tables.QUESTIONS, *tables.VERDICTS}
    named = {key for key in re.findall(r"`((?:molina|yoshitsugu)[a-z0-9_.]+)`", page) if not key.endswith(".yaml")}
    assert len(named) > 5
    assert named <= set(FOUND)


# The report's section


@pytest.fixture(scope="module")
def section():
    return make_published(make_metrics(), SETTINGS)


def test_the_weightiest_findings_come_first(section):
    assert [one.source for one in section.studies] == ["Molina-Roman et al. 2025", "Yoshitsugu et al. 2025"]
    for one in section.studies:
        shown, folded = ([row["verdict"] for row in rows] for rows in (one.shown, one.folded))
        assert set(shown) == {"Does not fit", "A trivial answer does as well"}
        assert not set(shown) & set(folded)
        assert shown == sorted(shown, reverse=True)
        assert f"Does not fit: {shown.count('Does not fit')}; " in one.counted
    assert sum(len(one.shown) + len(one.folded) for one in section.studies) == len(FOUND)


def test_published_reproduced_and_trivial_stand_side_by_side(section):
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    on, printed, code, constant, ours, trivial = rows["BioMedCLIP zero-shot"]
    assert (on, printed, code, constant) == ("3,816 images (all)", "0.47 / 0.31", "0.47 / 0.31", "0.471 / 0.301")
    assert re.fullmatch(r"zero_shot: 0\.\d{3} / 0\.\d{3}", ours)
    assert trivial.startswith("majority: 0.")
    assert rows["BioMedCLIP linear probe"][4] == "not run"
    assert rows["ConvNeXt fine-tune"][:4] == ("about 270 images (test)", "0.73 / 0.78", "0.69 / 0.66", "0.250 / 0.100")
    assert rows["ConvNeXt fine-tune"][4].startswith("convnext: 0.")


def test_agreement_of_this_run_systems_and_people(section):
    table = section.tables[1]
    rows = {row[0]: row[1:] for row in table.rows}
    assert [row[0] for row in table.rows[:3]] == ["zero_shot", "convnext", "majority"]
    assert rows["convnext"][0].endswith(" exams")
    assert re.fullmatch(r"[01]\.\d{3}\n\[[01]\.\d{3}, [01]\.\d{3}\]", rows["convnext"][2])
    assert rows["Lehman 2019, Radiology"][:3] == (
        "8,677 test images",
        "0.77",
        "0.67 [0.66, 0.68] (against the original reader); 0.78 (against a consensus); "
        "0.85 (against readers in the clinic who saw what the model said)",
    )
    assert rows["Ooms 2007"][4] == "weighted kappa, weights not stated: 0.65–0.84 (pairs of readers)"
    assert rows["Spayne 2012"][4].endswith(": 0.70 (repeated reading)")
    assert rows["BiomedCLIP fine-tuned, arXiv 2511.17828"][4] == "AUROC: above 0.84 (each class)"
    others = [row[-1] for row in table.rows[3:]]
    assert len(others) == 6 + 5
    assert all("abstract" in read_in and "unchecked" in read_in for read_in in others)
    assert {row[-1] for row in table.rows[:3]} == {"this run"}


def test_nothing_published_stands_beside_a_run_of_another_task():
    frame = findings.as_table(FOUND.values())
    made = tables.empty(tables.TABLE1)
    other = published.section(frame, made, {}, study=loaded(PAPER), others=[loaded(LISTS[0])], task="dense")
    assert other.tables == []
    assert len(other.studies) == 2


def test_an_experiment_without_exams_has_no_agreement():
    frame = tables.empty(tables.METRICS)
    assert published.agreement({"mine": frame}, []).rows == [("mine", *["–"] * 5, "this run")]


def test_the_section_is_whole_html(section):
    page = html.render(Path(REPO / "resources/report/published.html.j2"), published=section, warning="WARNED")
    assert page.count("<li>") == page.count("</li>") >= len(FOUND)
    assert page.count("WARNED") == 2
    assert "This holds if both describe one set of images" in page
    assert "1,796 / 3,816 = 0.471" in page


@pytest.mark.workflow
def test_the_rule_writes_the_findings(snakemake_run, tmp_path):
    done = snakemake_run(tmp_path, "results/published/findings.tsv")
    assert done.returncode == 0, done.stdout
    frame = tables.read(tmp_path / "results/published/findings.tsv", tables.FINDINGS)
    assert set(frame["finding"]) == set(FOUND)
    assert re.search(r"^total\s+1$", done.stdout, re.MULTILINE)
