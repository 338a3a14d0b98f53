"""The pages hold every section, carry their caveats, and reach for nothing outside of themselves."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mammoflow import accounts, provenance, tables
from mammoflow.evaluation import table1
from mammoflow.evaluation.statistics import compare
from mammoflow.figures import style
from mammoflow.pages import figures, html, sections
from tests.test_plots import (
    FIGURES,
    PUBLISHED,
    ROOT,
    SETTINGS,
    TASK,
    WARNING,
    make_classes,
    make_exams,
    make_images,
    make_manifest,
    make_metrics,
    make_predicted,
)

CAVEAT = "Untrained weights: these numbers mean nothing & more <b>"
SECTIONS = ["run", "cohort", "labels", "split", "images", "table1", "levels"]
SECTIONS += ["comparisons", "confusion", "training", "methods"]


class Reader(HTMLParser):
    """What is in a page: tags with attributes, and whether they are closed in order."""

    VOID = frozenset({"meta", "img", "link", "br", "input"})

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    assert not reader.open
    return reader


def make_labels(exams):
    rows = [
        {"exam_id": row.exam_id, "status": row.label_status, "level": "exam"}
        | ({"label": "c", "density": "c", "rule": "type_word", "evidence": "SECRET WORDS"} if row.included else {})
        | {"reason": "" if row.included else "two_classes", "side": "", "image_id": ""}
        for row in exams[exams["label_status"] != "missing"].itertuples()
    ]
    text = dict.fromkeys(tables.LABELS.columns, "")
    return tables.frame_of([text | row for row in rows], tables.LABELS)


def make_audit():
    rows = [{"exam_id": f"e{i}", "stated": "c", "found": "c" if i else "none", "agree": i > 0} for i in range(20)]
    return tables.frame_of(rows, tables.AUDIT)


def make_matching():
    row = {"device": "Maker 1", "bits_stored": 12, "tensor": "t", "sha256": "ab" * 32, "n_images": 7}
    return tables.frame_of([row | {"status": "matched", "reason": ""}], tables.MATCHING)


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """Everything that the report's template names."""
    folder = tmp_path_factory.mktemp("figures")
    for name, draw in FIGURES.items():
        style.save(draw(), png=folder / f"{name}.png", pdf=folder / f"{name}.pdf")
    manifest, metrics = make_manifest(), make_metrics()
    exams = make_exams(manifest)
    experiments = {name: {1: make_predicted(i)} for i, name in enumerate(SETTINGS)}
    leaking, leak = sections.leak_check({1: manifest, 2: manifest})
    notes = table1.notes(SETTINGS, PUBLISHED)
    return {
        "task": TASK.name,
        "caveats": [CAVEAT],
        "warning": WARNING,
        "missing": html.MISSING,
        "resamples": "50",
        "commit": provenance.code_commit(ROOT),
        "versions": sections.versions(provenance.versions()),
        "config": "task: density\nweights: random\n",
        "experiments": sections.experiments(SETTINGS),
        "flow": figures.flow(folder / "flow.png"),
        "cohort": sections.cohort(make_images(manifest), exams),
        "labels": sections.labels(make_labels(exams), exams, TASK),
        "audit": sections.audit(make_audit()),
        "leaking": leaking,
        "leak": leak,
        "classes": sections.classes(make_classes(manifest), TASK),
        "classes_figure": figures.classes(folder / "classes.png"),
        "subsets": [sections.subsets(manifest, seed=seed, task=TASK) for seed in (1, 2)],
        "matching": sections.matching(
            {"device": make_matching(), "plain": tables.empty(tables.MATCHING)}, {"device": "device", "plain": "none"}
        ),
        "matching_figures": [figures.matching(folder / "matching.png")],
        "table1": sections.main_table(table1.make(metrics, SETTINGS, PUBLISHED), notes),
        "forest": figures.forest(folder / "experiments.png"),
        "levels": sections.levels(metrics),
        "by_class": sections.by_class(metrics, manifest, TASK),
        "comparisons": sections.comparisons(compare(experiments, resamples=20, bootstrap_seed=0), list(SETTINGS)),
        "confusion": [figures.confusion(folder / "confusion.png")],
        "training": [figures.training(folder / "training.png")],
    }


@pytest.fixture(scope="module")
def page(values):
    return html.render(ROOT / "resources/report/report.html.j2", **values)


def test_report_has_every_section_and_its_contents_list_reaches_them(page):
    reader = read(page)
    ids = [attributes["id"] for tag, attributes in reader.tags if tag == "section"]
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert ids == SECTIONS
    assert links == ["#main", *[f"#{one}" for one in SECTIONS]]


def test_report_needs_no_network_and_no_script(page):
    reader = read(page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            if name in attributes:
                assert attributes[name].startswith(("data:image/png;base64,", "#"))
    assert not re.search(r"url\(|@import|https?://", page)


def test_report_has_words_for_every_picture_and_table(page):
    tags = read(page).tags
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    names = [tag for tag, _ in tags]
    assert names.count("figure") == names.count("figcaption") == names.count("img") == 6
    assert names.count("table") == names.count("caption") > 12


def test_caveat_stands_on_top_and_every_caption_of_numbers_carries_the_warning(page):
    text = page.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    assert CAVEAT in text
    assert "more <b>" not in page
    assert page.index("Untrained weights") < page.index("Contents")
    captions = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    bare = [caption for caption in captions if WARNING not in caption]
    assert bare == ["Experiments", "Versions, in the environment that made this page"]


def test_report_shows_no_evidence_and_no_patient(page):
    assert "SECRET" not in page
    assert not re.search(r"p\d{3}-", page)


def test_same_values_give_the_same_page(values, page):
    assert html.render(ROOT / "resources/report/report.html.j2", **values) == page


def test_a_value_that_is_not_given_is_an_error(values):
    with pytest.raises(Exception, match="leak"):
        html.render(ROOT / "resources/report/report.html.j2", **{k: v for k, v in values.items() if k != "leak"})


def test_page_without_audit_training_and_warning(values):
    bare = values | {"audit": None, "training": [], "confusion": [], "warning": "", "caveats": []}
    reader = read(html.render(ROOT / "resources/report/report.html.j2", **bare))
    assert "⚠" not in "".join(reader.text)
    assert "No method in this run was trained by gradient descent." in "".join(reader.text)


def test_table1_page(values):
    page = html.render(ROOT / "resources/report/table1.html.j2", table=values["table1"], warning=WARNING)
    reader = read(page)
    text = "".join(reader.text)
    assert WARNING in text
    for sentence in ("seed 1 alone", "random (draws from the training shares)", "how F1 is averaged", "0.73 / 0.78"):
        assert sentence in text
    assert "Mean over seeds, with the least and the greatest value" in text


def test_table1_holds_means_spread_and_first_interval(tmp_path):
    metrics = make_metrics()
    frame = table1.make(metrics, SETTINGS, PUBLISHED)
    tables.write(frame, tmp_path / "t.tsv", tables.TABLE1)
    read_again = tables.read(tmp_path / "t.tsv", tables.TABLE1)
    assert read_again["experiment"].tolist() == ["zero_shot", "zero_shot", "convnext", "majority"]
    assert read_again["subset"].tolist() == ["test", "all", "test", "test"]
    assert read_again["published_accuracy"].fillna(-1).tolist() == [-1, 0.47, 0.73, -1]
    row = read_again.iloc[2]
    of_seeds = table1.by_image(metrics["convnext"], "test", "f1_weighted")
    assert row["f1_weighted_mean"] == pytest.approx(of_seeds["value"].mean())
    assert (row["f1_weighted_min"], row["f1_weighted_max"]) == (of_seeds["value"].min(), of_seeds["value"].max())
    first = of_seeds[of_seeds["seed"] == 1].iloc[0]
    assert (row["f1_weighted_low"], row["f1_weighted_high"]) == (first["low"], first["high"])


def test_missing_baselines_are_named():
    everything = {name: {"method": name} for name in table1.METHODS}
    assert "All trivial baselines are in the table." in table1.notes(everything, PUBLISHED)
    missing = [note for note in table1.notes(SETTINGS, PUBLISHED) if note.startswith("Trivial baselines missing")]
    assert "histogram" in missing[0]
    assert "majority" not in missing[0]


def test_leak_check_counts_patients():
    manifest = make_manifest()
    leaking, sentence = sections.leak_check({1: manifest, 2: manifest})
    assert not leaking
    assert sentence.startswith("Patients in more than one of train, validation and test: seed 1: 0, seed 2: 0.")
    moved = manifest.copy()
    moved.loc[moved["patient_id"] == "p002", "subset"] = ["train", "test", "test", "test"]
    assert accounts.patients_in_several_subsets(moved) == 1
    leaking, sentence = sections.leak_check({1: manifest, 2: moved})
    assert leaking
    assert "seed 2: 1. The seeds have different test images." in sentence


def test_dropped_and_merged_classes_are_said():
    classes = make_classes(make_manifest())
    assert sections.classes(classes, TASK).notes == ("No class was dropped.",)
    classes.loc[0, ["kept_as", "status"]] = ["", "dropped"]
    classes.loc[[1, 2], "kept_as"] = "b+c"
    classes.loc[[1, 2], "status"] = "merged"
    table = sections.classes(classes, TASK)
    assert "almost entirely fatty" in table.notes[0]
    assert table.rows[1][1] == "merged into b+c"


def test_audit_counts_agreement():
    assert "19 of 20 reports (95.0 %)" in sections.audit(make_audit())["sentence"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1234, "1,234"),
        (np.int64(5), "5"),
        (0.12345, "0.123"),
        (-0.5, "−0.500"),
        (-1e-9, "0.000"),
        (float("nan"), "–"),
        (None, "–"),
        (pd.NA, "–"),
        ("", ""),
        ("a<b", "a<b"),
    ],
)
def test_cells(value, said):
    assert html.cell(value) == said


def test_intervals_in_words():
    assert html.with_interval(0.5, 0.4, 0.6) == "0.500 [0.400, 0.600]"
    assert html.with_interval(0.5, float("nan"), float("nan")) == "0.500 [–]"
    assert html.with_interval(float("nan"), 0.4, 0.6) == "–"


def test_commit_of_a_folder_without_git_is_said_plainly(tmp_path, monkeypatch):
    assert provenance.code_commit(tmp_path) == provenance.UNKNOWN
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.code_commit(ROOT) == provenance.UNKNOWN


def test_versions_say_what_is_missing():
    found = provenance.versions(("numpy", "no-such-package-at-all"))
    assert found["numpy"] == np.__version__
    assert found["no-such-package-at-all"].startswith("not in the environment")


def test_captions_are_there_for_every_figure_of_the_workflow():
    for rules in Path(ROOT / "rules").glob("*.smk"):
        for caption in re.findall(r'caption="\.\./(.*?)"', rules.read_text(encoding="utf-8")):
            assert (ROOT / caption).read_text(encoding="utf-8").strip()
