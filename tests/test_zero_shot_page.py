"""The zero-shot page: its numbers are those of the tables, and what was found of descriptors is measured rightly."""

import re

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mammoflow import provenance, tables
from mammoflow.evaluation import descriptors as evaluated
from mammoflow.evaluation.statistics import COMPARED_MEASURES, between, compare, evaluate
from mammoflow.pages import descriptors, figures, html, sections, zero_shot
from tests.conftest import REPO
from tests.page_values import CAVEAT, read
from tests.test_calibration import calibrate
from tests.test_plots import CLASSES, FIGURES, TASK, WARNING, make_manifest, make_predicted, style

PAGE = REPO / "resources/report/zero_shot.html.j2"
SECTIONS = ["sets", "similarity", "calibration", "descriptors", "domain", "run"]
OF_SET = {"method": "zero_shot", "recipe": "paper", "encoder": "biomedclip"}
EXPERIMENTS = {
    "zero_shot": OF_SET | {"prompts": "paper", "evaluate_on": "all"},
    "zero_shot_descriptors": OF_SET | {"prompts": "descriptors"},
}
CALIBRATED = {
    "zero_shot_bias": {"method": "calibrate", "from": "zero_shot", "by": "bias"},
    "zero_shot_prior": {"method": "calibrate", "from": "zero_shot", "by": "prior"},
}
SIGNS = {"a": "dark all over", "b": "a few islands", "c": "more white than dark", "d": "a uniformly white breast"}


def make_sentences(kind):
    """Two sentences a class; of descriptors the one that says it, and the one that denies it."""
    poles = ("", "") if kind == "class" else ("positive", "negative")
    rows = [
        {"kind": kind, "label": label, "pole": pole, "descriptor": SIGNS[label] if pole else ""}
        | {"sentence": f"sentence {at} of {label}"}
        for label in CLASSES
        for at, pole in enumerate(poles)
    ]
    return tables.frame_of([row | {"position": at} for at, row in enumerate(rows)], tables.PROMPTS)


def make_explanations(manifest, *, seed=0):
    """The sign of c is likelier in images of c; the others say nothing."""
    rng = np.random.default_rng(seed)
    rows = [
        {"image_id": row.image_id, "label": label, "descriptor": sign}
        | {"probability": 0.4 * rng.random() + 0.5 * (label == row.label == "c")}
        for row in manifest.itertuples()
        for label, sign in SIGNS.items()
    ]
    return tables.frame_of(rows, tables.EXPLANATIONS)


def make_domain():
    """Three of four views are told rightly; nothing is taken for an MRI."""
    counts = {("view", "CC", "CC"): 30, ("view", "CC", "MLO"): 20, ("view", "MLO", "CC"): 5, ("view", "MLO", "MLO"): 45}
    counts |= {("modality", "mammogram", "mammogram"): 90, ("modality", "mammogram", "CT"): 10}
    counts |= {("modality", "mammogram", "MRI"): 0}
    rows = [
        {"question": question, "truth": truth, "answer": answer, "n_images": n, "n_patients": n // 2}
        for (question, truth, answer), n in counts.items()
    ]
    return tables.frame_of(rows, tables.DOMAIN)


def make_run():
    """Predictions, metrics and comparisons of zero-shot experiments and of what they were calibrated to."""
    manifest = make_manifest()
    predicted = {name: make_predicted(i, skill=0.5) for i, name in enumerate(EXPERIMENTS)}
    fitted = {}
    for name, own in CALIBRATED.items():
        fitted[name], predicted[name] = calibrate(
            predicted["zero_shot"], manifest, by=own["by"], fitted_on="development"
        )
    metrics = {
        name: evaluate(
            {1: frame},
            subsets=["test", "all"] if name == "zero_shot" else ["test"],
            resamples=50,
            bootstrap_seed=0,
        )
        for name, frame in predicted.items()
    }
    compared = {name: {1: frame} for name, frame in predicted.items() if name != "zero_shot_prior"}
    return predicted, metrics, compare(compared, resamples=50, bootstrap_seed=0), fitted


def make_values(folder):
    """Everything that the template names; the figure is drawn into `folder`."""
    manifest = make_manifest()
    predicted, metrics, comparisons, fitted = make_run()
    files = {ending: folder / f"biomedclip.{ending}" for ending in ("png", "pdf", "svg")}
    style.save(FIGURES["confusion"](), **files)
    prompts = {"zero_shot": make_sentences("class"), "zero_shot_descriptors": make_sentences("descriptors")}
    own = predicted["zero_shot_descriptors"]
    return {
        "task": TASK.name,
        "caveats": [CAVEAT],
        "warning": WARNING,
        "summary": zero_shot.summary(EXPERIMENTS, CALIBRATED, metrics, comparisons, warning=WARNING),
        "sets": zero_shot.sets(EXPERIMENTS, metrics, prompts, subset="test"),
        "all_images": zero_shot.sets(EXPERIMENTS, metrics, prompts, subset="all"),
        "sentences": [zero_shot.sentences(name, of_set, TASK) for name, of_set in prompts.items()],
        "similarity": [figures.similarity(folder / "biomedclip.png")],
        "before_and_after": zero_shot.before_and_after(CALIBRATED, metrics, comparisons),
        "fitted": zero_shot.fitted(fitted, TASK),
        "descriptors": [
            descriptors.described(
                "zero_shot_descriptors",
                make_explanations(manifest),
                descriptors.development(manifest, own),
                own,
                TASK,
                resamples=50,
                seed=0,
            )
        ],
        "domain": zero_shot.recognised(make_domain(), encoder="biomedclip", recipe="paper"),
        "commit": provenance.code_commit(REPO),
        "versions": sections.versions(provenance.versions()),
        "config": "task: density\nweights: random\n",
    }


def make_zero_shot_page(folder):
    return html.render(PAGE, **make_values(folder))


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    return make_values(tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def page(values):
    return html.render(PAGE, **values)


def test_the_page_is_whole_and_needs_no_network(values, page):
    reader = read(page)
    assert [attributes["id"] for tag, attributes in reader.tags if tag == "section"] == ["summary", *SECTIONS]
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert links == ["#main", "report.html", *(f"#{one}" for one in SECTIONS), "report.html#methods"]
    assert not {"link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not re.search(r"url\(|@import|https?://", page)
    assert CAVEAT in "".join(reader.text)
    captions = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    bare = [one for one in captions if WARNING not in one]
    assert bare == [
        *(table.caption for table in values["sentences"]),
        "Versions, in the environment that made this page",
    ]
    assert html.render(PAGE, **values) == page


def test_no_patient_is_named(page):
    assert not re.search(r"p\d{3}-", page)


def test_a_run_without_calibration_descriptors_and_all_images_has_its_page(values):
    bare = values | {"before_and_after": None, "descriptors": [], "all_images": None}
    text = "".join(read(html.render(PAGE, **bare)).text)
    assert "No experiment of this run is calibrated" in text
    assert "No prompt set of this run has pairs or descriptors." in text
    assert "The paper's protocol" not in text


def test_prompt_sets_stand_side_by_side_and_all_images_apart():
    _, metrics, *_ = make_run()
    prompts = {name: make_sentences("class") for name in EXPERIMENTS}
    test = zero_shot.sets(EXPERIMENTS, metrics, prompts, subset="test")
    assert [row[0] for row in test.rows] == list(EXPERIMENTS)
    own = metrics["zero_shot"]
    place = (own["subset"] == "test") & (own["level"] == "image") & (own["metric"] == "accuracy")
    (row,) = own[place].to_dict("records")
    assert test.rows[0][2:4] == ("paper\nclass", 2)
    assert test.rows[0][4] == f"{row['n_images']} images\n{row['n_patients']} patients"
    assert test.rows[0][5] == html.above_interval(row["value"], row["low"], row["high"], few=True)
    assert row["n_patients"] < 30
    everything = zero_shot.sets(EXPERIMENTS, metrics, prompts, subset="all")
    assert [row[0] for row in everything.rows] == ["zero_shot"]
    assert "Not comparable with test images" in everything.caption
    assert "paper's protocol" in everything.caption
    only = {"zero_shot_descriptors": EXPERIMENTS["zero_shot_descriptors"]}
    assert zero_shot.sets(only, metrics, prompts, subset="all") is None


def test_sentences_are_shown_with_what_they_are_for():
    table = zero_shot.sentences("paper", make_sentences("class"), TASK)
    assert table.columns == ("class", "sentence")
    assert table.rows[2] == ("scattered fibroglandular (b)", "sentence 0 of b")
    table = zero_shot.sentences("descriptors", make_sentences("descriptors"), TASK)
    assert table.columns == ("class", "descriptor", "pole", "sentence")
    assert table.rows[1] == ("almost entirely fatty (a)", "dark all over", "negative", "sentence 1 of a")


def value_of(cell):
    return float(cell.split("\n")[0].replace("−", "-"))


def test_before_after_and_their_difference():
    _, metrics, comparisons, _ = make_run()
    table = zero_shot.before_and_after(CALIBRATED, metrics, comparisons)
    assert [row[:2] for row in table.rows] == [
        ("zero_shot", "before"),
        ("zero_shot_bias", "after: bias"),
        ("zero_shot_bias less zero_shot", "difference"),
        ("zero_shot_prior", "after: prior"),
        ("zero_shot_prior less zero_shot", "difference"),
    ]
    names = {column: at for at, column in enumerate(table.columns)}
    for column in ("accuracy", "balanced accuracy", "macro F1", "quadratic kappa", "log loss (nats)", "Brier score"):
        before, after, difference = (value_of(row[names[column]]) for row in table.rows[:3])
        assert difference == pytest.approx(after - before, abs=0.0011)
    # The test images lack a class.
    assert {row[names["macro AUROC"]] for row in table.rows[:3]} == {html.MISSING}
    assert table.columns[-2:] == ("log loss (nats)", "Brier score")
    # `run` does not name both: nothing is compared.
    assert set(table.rows[4][2:]) == {html.MISSING}


def test_a_pair_is_read_in_either_order():
    _, _, comparisons, _ = make_run()
    one, other = (between(comparisons, *pair, level="image") for pair in
                  [("zero_shot", "zero_shot_bias"), ("zero_shot_bias", "zero_shot")])  # fmt: skip
    assert len(one) == len(other) == len(COMPARED_MEASURES)
    np.testing.assert_array_equal(one["difference"], -other["difference"])
    np.testing.assert_array_equal(one["low"], -other["high"])


def test_what_was_fitted_stands_by_class():
    *_, fitted = make_run()
    table = zero_shot.fitted(fitted, TASK)
    assert [row[0] for row in table.rows] == ["zero_shot_bias"] * 4 + ["zero_shot_prior"] * 4
    own = fitted["zero_shot_prior"]
    assert table.rows[4][1:5] == ("almost entirely fatty (a)", "development", own["n_images"][0], own["n_patients"][0])
    assert sum(row[7] for row in table.rows[4:]) == pytest.approx(1)
    assert html.cell(table.rows[0][7]) == html.MISSING
    assert sum(row[6] for row in table.rows[:4]) == pytest.approx(0)


def test_descriptors_are_measured_as_scikit_learn_would():
    manifest = make_manifest()
    images = manifest[manifest["held_out"] == "development"]
    explanations = make_explanations(manifest)
    found = evaluated.worth(explanations, images, list(CLASSES), resamples=200, seed=0)
    assert found[0].descriptor == SIGNS["c"]
    assert [one.auroc for one in found] == sorted((one.auroc for one in found), reverse=True)
    for one in found:
        own = (
            explanations[explanations["label"] == one.label]
            .set_index("image_id")
            .loc[images["image_id"], "probability"]
        )
        assert one.auroc == pytest.approx(roc_auc_score(images["label"] == one.label, own), abs=1e-12)
        assert one.low <= one.auroc <= one.high
        means = own.to_numpy()
        expected = [means[images["label"] == key].mean() for key in CLASSES]
        np.testing.assert_allclose(one.means, expected, atol=1e-12)
    assert descriptors.separating(found).startswith(
        f"Descriptors that tell their class, by an interval above 0.5: 1 of 4, best “{SIGNS['c']}” (1.000)."
    )


def test_a_descriptor_speaks_for_the_merged_class_of_its_part():
    manifest = make_manifest()
    merged = manifest.assign(label=manifest["label"].replace({"c": "c+d", "d": "c+d"}))
    explanations = make_explanations(manifest)
    found = {one.label: one for one in evaluated.worth(explanations, merged, ["a", "b", "c+d"], resamples=20, seed=0)}
    own = explanations[explanations["label"] == "c"].set_index("image_id").loc[merged["image_id"], "probability"]
    assert found["c"].auroc == pytest.approx(roc_auc_score(merged["label"] == "c+d", own), abs=1e-12)
    assert len(found["c"].means) == 3


def test_descriptors_of_no_image_and_of_an_absent_class_are_missing():
    manifest = make_manifest()
    explanations = make_explanations(manifest)
    without = manifest[manifest["label"] != "b"]
    found = {one.label: one for one in evaluated.worth(explanations, without, list(CLASSES), resamples=20, seed=0)}
    assert np.isnan([found["b"].auroc, found["b"].low, found["c"].means[1]]).all()
    none = evaluated.worth(explanations, manifest.head(0), list(CLASSES), resamples=20, seed=0)
    assert all(np.isnan(one.auroc) for one in none)
    assert descriptors.separating(none) == "None of 4 descriptors tells its class: no interval lies above 0.5."
    shaded = descriptors.descriptors("x", none, list(CLASSES), TASK, n="no image")
    assert {shade for _, values, _ in shaded.rows for _, shade in values} == {0.0}


def test_shades_run_from_the_least_to_the_greatest_of_a_row():
    worth = evaluated.Worth("c", "s", (0.5, 0.6, 0.7, float("nan")), 0.7, 0.6, 0.8)
    ((_, values, others),) = descriptors.descriptors("x", [worth], list(CLASSES), TASK, n="n").rows
    assert [shade for _, shade in values] == pytest.approx([0, 0.5, 1, 0])
    alike = evaluated.Worth("c", "s", (0.5, 0.50001), 0.7, 0.6, 0.8)
    ((_, values, _),) = descriptors.descriptors("x", [alike], ["a", "c"], TASK, n="n").rows
    assert [shade for _, shade in values] == [0, 0]
    assert others == ("0.700\n[0.600, 0.800]",)


def test_descriptors_that_say_the_contrary_are_counted():
    found = [evaluated.Worth("a", "s", (0.5,), 0.2, 0.1, 0.3), evaluated.Worth("b", "t", (0.5,), 0.5, 0.4, 0.6)]
    assert descriptors.separating(found).endswith(" Likelier in other classes than in their own: 1.")


def test_single_images_are_development_images_of_each_class():
    manifest, own = make_manifest(), make_predicted(1)
    images = descriptors.development(manifest, own)
    assert set(images["held_out"]) == {"development"}
    explanations = make_explanations(manifest)
    table = descriptors.examples(explanations, images, own, TASK)
    assert [row[0] for row in table.rows] == [TASK.of(key).title for key in CLASSES]
    first = images[images["label"] == "c"].sort_values("image_id").iloc[0]
    of_image = explanations[explanations["image_id"] == first["image_id"]]
    p = own.set_index("image_id").loc[first["image_id"], [f"p_{key}" for key in CLASSES]].astype(float)
    assert table.rows[2][2].endswith(html.cell(p.max()))
    top = of_image.sort_values("probability", ascending=False).iloc[0]
    assert table.rows[2][3].startswith(f"{top['probability']:.3f} {top['descriptor']} ({top['label']})")


def test_what_an_encoder_recognises_is_said_and_counted():
    modality, view = zero_shot.recognised(make_domain(), encoder="biomedclip", recipe="paper")
    assert view.said == (
        "Asked for the view, encoder biomedclip is right about 75 of 100 development images (75 %); guessing among the "
        "2 answers would be right about 50 %."
    )
    assert view.table.rows == [("CC", 30, 20), ("MLO", 5, 45)]
    assert modality.table.rows == [("mammogram", 10, 0, 90)]
    assert "90 of 100" in modality.said
    assert "33 %" in modality.said


def test_the_summary_orders_the_sets_and_names_the_change():
    _, metrics, comparisons, _ = make_run()
    (what, said), (_, changes) = zero_shot.summary(EXPERIMENTS, CALIBRATED, metrics, comparisons, warning="")
    values = {
        name: zero_shot.sets({name: own}, metrics, {name: make_sentences("class")}, subset="test").rows[0][6]
        for name, own in EXPERIMENTS.items()
    }
    best = max(values, key=lambda name: float(values[name].split("\n")[0]))
    assert what == "Prompt sets"
    assert said[0].startswith(f"Balanced accuracy on the test images, the best first: {best} {values[best][:5]}")
    assert changes[0].startswith("zero_shot_bias less zero_shot: macro F1 ")
    assert ", log loss (nats) " in changes[0]
    assert len(changes) == 1
    alone = zero_shot.summary(EXPERIMENTS, {}, metrics, comparisons, warning="untrained")
    assert alone[0][1][0] == "Untrained."
    assert alone[1][1] == ["No calibrated experiment is in this run with what it is from."]
