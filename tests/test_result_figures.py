"""What the result figures show is what libraries compute, and no more than predictions hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from mammoflow import tables
from mammoflow.evaluation import units
from mammoflow.figures import embeddings_map, examples, mistakes, reliability, roc, subgroups
from mammoflow.pages import html, latex, metrics
from mammoflow.pages import mistakes as private
from mammoflow.pages.html import HtmlTable
from tests.conftest import REPO
from tests.figures import drawn
from tests.page_values import make_own_labels, make_records, read
from tests.test_statistics import make_predictions


def at_level(level, **about):
    return units.of_level(units.of_subset(make_predictions(**about), "test"), level)


@given(seed=st.integers(0, 1000), level=st.sampled_from(tables.LEVELS))
def test_areas_are_those_of_scikit_learn(seed, level):
    own = at_level(level, seed=seed, draw=seed)
    for k in range(len(own.classes)):
        x, y, area = roc.curve(own, k)
        positive = own.truth == k
        if positive.all() or not positive.any():
            assert np.isnan(area)
            assert not len(x)
        else:
            assert area == pytest.approx(roc_auc_score(positive, own.probabilities[:, k]), abs=1e-12)
            assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)


def test_a_class_that_is_absent_has_no_curve():
    frame = make_predictions()
    figure = roc.draw({"probe": frame[frame["label"] != "a"]}, level="exam", aggregation="mean", seed=1)
    said = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert said[0] == "a  not defined (n = 0)"
    assert not len(figure.axes[0].lines[0].get_xdata())


@given(seed=st.integers(0, 1000), skill=st.floats(0, 4))
def test_reliability_is_that_of_scikit_learn(seed, skill):
    own = at_level("image", seed=seed, draw=seed, skill=skill)
    bins = reliability.binned(own)
    sure, right = own.probabilities.max(axis=1), own.probabilities.argmax(axis=1) == own.truth
    theirs_right, theirs_sure = calibration_curve(right, sure, n_bins=reliability.BINS)
    filled = bins.counts > 0
    np.testing.assert_allclose(bins.right[filled], theirs_right)
    np.testing.assert_allclose(bins.sure[filled], theirs_sure)
    assert bins.counts.sum() == len(own)
    assert np.isnan(bins.right[~filled]).all()


def test_certainty_belongs_to_the_last_part():
    frame = make_predictions().assign(p_a=1.0, p_b=0.0, p_c=0.0)
    bins = reliability.binned(units.of_level(units.of_subset(frame, "test"), "image"))
    assert bins.counts[-1] == bins.counts.sum()


@given(seed=st.integers(0, 1000), n=st.integers(1, 30))
def test_mistakes_are_the_surest_and_of_different_patients_where_there_are_as_many(seed, n):
    frame = make_predictions(seed, draw=seed)
    chosen, answered = mistakes.choose(frame, n=n), examples.answers(frame)
    wrong = answered[~answered["right"]]
    assert len(chosen) == min(n, len(wrong))
    assert chosen["patient_id"].nunique() == min(n, wrong["patient_id"].nunique())
    assert not chosen["right"].any()
    assert chosen["probability"].is_monotonic_decreasing
    if len(wrong):
        assert chosen["probability"].iloc[0] == wrong["probability"].max()


def test_an_experiment_without_a_mistake_says_so():
    frame = drawn.predictions("convnext")
    sure = {column: (frame["label"] == column[2:]).astype(float) for column in frame if column.startswith("p_")}
    figure = mistakes.draw(mistakes.load(frame.assign(**sure), pd.DataFrame(columns=["image_id", "file"])),
                           frame.assign(**sure), experiment="convnext", seed=1)  # fmt: skip
    assert "no test image was told wrongly" in [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_map_is_the_same_whatever_the_order_and_the_sign_of_vectors():
    vectors, _ = drawn.mapped()
    places, shares = embeddings_map.projected(vectors)
    order = np.random.default_rng(0).permutation(len(vectors))
    again, _ = embeddings_map.projected(vectors[order])
    np.testing.assert_allclose(again, places[order], atol=1e-6)
    assert shares[0] >= shares[1]
    centred = vectors - vectors.mean(axis=0)
    singular = np.linalg.svd(centred.astype(np.float64), compute_uv=False)
    np.testing.assert_allclose(shares, (singular**2 / (singular**2).sum())[:2], rtol=1e-5)
    np.testing.assert_allclose(np.abs(places).sum(), np.abs(embeddings_map.projected(-vectors)[0]).sum(), rtol=1e-5)


def test_a_map_of_some_images_says_of_how_many():
    texts = {}
    for n_images in (90, 4_000):
        figure = embeddings_map.draw(
            *drawn.mapped(), n_images=n_images, encoder="e", recipe="r", features="trunk", task=drawn.TASK
        )
        texts[n_images] = " ".join(text.get_text() for text in figure.texts)
    assert "n = 90 development images" in texts[90]
    assert "n = 90 of 4,000 development images" in texts[4_000]


def test_parts_of_few_patients_are_open():
    figure = drawn.FIGURES["subgroups"]()
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    few = drawn.parts().query("metric == 'accuracy'")["few_patients"].tolist()
    assert [line.get_markerfacecolor() == "white" for line in dots] == few
    assert set(few) == {True, False}


def test_parts_stand_beside_the_whole_at_their_own_level():
    whole = drawn.metrics()["convnext"]
    exams = whole["level"] == "exam"
    figure = subgroups.draw(
        drawn.parts(), whole.assign(value=whole["value"].mask(exams, 0.123)), experiment="convnext", seed=1
    )
    lines = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert lines[-1] == 0.123  # the last block is of age bands, at exam level
    assert 0.123 not in lines[:-1]


def test_the_forest_holds_systems_and_people_in_the_panel_of_their_measure():
    figure = drawn.FIGURES["experiments"]()
    squares = {
        axes.get_title(loc="left"): [line for line in axes.lines if line.get_marker() == "s"] for axes in figure.axes
    }
    of_panel = {title: [list(line.get_xdata()) for line in lines] for title, lines in squares.items()}
    assert of_panel == {
        "Accuracy": [[0.77]], "Macro F1": [], "Linear kappa": [[0.67], [0.65, 0.84]], "Quadratic kappa": [[0.7]],
    }  # fmt: skip
    assert [line.get_markerfacecolor() == "white" for line in squares["Linear kappa"]] == [False, True]


def test_every_measure_is_in_the_table_once():
    of_each = drawn.metrics()
    whole = metrics.whole(of_each)
    assert len(whole) == sum(map(len, of_each.values()))
    assert list(whole.columns) == list(tables.ALL_METRICS.columns)
    shown = metrics.by_level(of_each)
    assert set(shown) == {"image", "exam"}
    one = shown["image"]
    assert one.columns == ("measure", *of_each)
    accuracy = next(row for row in one.rows if row[0] == "accuracy")
    first = of_each["convnext"].query("seed == 1 and level == 'image' and metric == 'accuracy'").iloc[0]
    assert accuracy[-1] == f"{first['value']:.3f}\n[{first['low']:.3f}, {first['high']:.3f}]*"


def test_latex_prints_what_stands_in_the_table():
    given = HtmlTable("100 % of A_1 & B", ("name", "n"), [("a_b\n~ [0.1, –]", 12), ("c", 3456)], notes=("x < y",))
    text = latex.table(given, label="one", warning="50 % only")
    assert r"\caption{100 \% of A\_1 \& B}" in text
    assert r"\label{tab:one}" in text
    assert r"\begin{tabular}{lr}" in text
    assert r"\begin{tabular}[t]{@{}l@{}}a\_b \\ \textasciitilde{} {[}0.1, --]\end{tabular} & 12 \\" in text
    assert r"c & 3,456 \\" in text
    assert r"\textbf{50 \% only}" in text
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]


@given(st.text(alphabet=st.characters(max_codepoint=127, min_codepoint=32)))
def test_latex_leaves_no_sign_that_means_something_to_it(text):
    plain = latex.escaped(text)
    for made in set(latex._SPECIAL.values()):
        plain = plain.replace(made, "")
    assert not set(plain) & set("\\{}~^&%$#_<>[")


def test_a_mistake_stands_beside_the_sentences_behind_its_label(tmp_path):
    frame = drawn.predictions("zero_shot")
    surest = mistakes.choose(frame)["image_id"].iloc[0]
    exam_id = frame.set_index("image_id").loc[surest, "exam_id"]
    frame = frame.assign(exam_id=frame["exam_id"].replace(exam_id, "e1"))
    rows = private.rows(frame, make_own_labels(), make_records())
    assert (rows[0].exam_id, rows[0].label != rows[0].said) == ("e1", True)
    sentences = ["".join(piece.text for piece in one) for label in rows[0].labels for one in label.sentences]
    assert sentences
    assert all(sentence in make_records()["e1"].text for sentence in sentences)
    assert {row.labels for row in rows if row.exam_id != "e1"} == {()}

    drawn.FIGURES["mistakes"]().savefig(tmp_path / "zero_shot.png")
    figures = {"zero_shot": private.sheet(tmp_path / "zero_shot.png", "zero_shot")}
    page = html.render(
        REPO / "resources/report/mistakes.html.j2", caveats=["Private."], figures=figures, told={"zero_shot": rows}
    )
    text = "".join(read(page).text)
    assert sentences[0].split()[0] in text
    assert "Mistakes of zero_shot: 8 rows" in text
