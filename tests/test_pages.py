"""The pages hold every section, carry their caveats, and reach for nothing outside of themselves."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mammoflow import accounts, machine, provenance, tables, tasks
from mammoflow.evaluation import table1
from mammoflow.evaluation.statistics import compare, evaluate
from mammoflow.figures import experiments, style
from mammoflow.pages import (
    audits,
    checklist,
    evidence,
    figures,
    html,
    labels,
    languages,
    limitations,
    manuscript,
    quality,
    sections,
    siblings,
    summary,
)
from mammoflow.pages import provenance as origins
from mammoflow.reports import auditing, records
from tests.test_manuscript import make_study
from tests.test_plots import (
    ENDINGS,
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
    make_quality,
)
from tests.test_published import make_published

REPORT = ROOT / "resources/report/report.html.j2"
CAVEAT = "Untrained weights: these numbers mean nothing & more <b>"
SECTIONS = ["run", "cohort", "labels", "split", "images", "table1", "levels", "curves", "subgroups", "few"]
SECTIONS += ["comparisons", "confusion", "mistakes", "training", "explanations", "published", "methods"]
SECTIONS += ["manuscript", "limitations", "checklist", "provenance"]


class Reader(HTMLParser):
    """What is in a page: tags with attributes, and whether they are closed in order."""

    VOID = frozenset({"meta", "img", "link", "br", "input", "wbr"})

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


def make_reports(exams):
    rows = [
        {"exam_id": row.exam_id, "texts": 2, "language": "es", "status": "parsed", "sections": "findings"}
        for row in exams[exams["label_status"] != "missing"].itertuples()
    ]
    return tables.frame_of(rows, tables.REPORTS)


def make_languages():
    """Two exams, of which one gets another label from its translation."""
    compared = [
        {"exam_id": "e1", "original": "b", "translation": "b", "agree": True},
        {"exam_id": "e2", "original": "c", "translation": "ambiguous", "agree": False, "reason": "translation_check"},
    ]
    became = [
        {"exam_id": "e1", "status": "translated", "sentences": 4, "failed": 0},
        {"exam_id": "e2", "status": "translated", "sentences": 4, "failed": 1, "changed": "codes"},
    ]
    return languages.of_run(
        tables.frame_of(compared, tables.LANGUAGES),
        tables.frame_of(became, tables.TRANSLATION),
        task=TASK,
        language="original",
    )


def make_audit():
    rows = [{"exam_id": f"e{i}", "stated": "bc"[i % 2], "found": "bc"[i % 2] if i else "none"} for i in range(18)]
    rows += [{"exam_id": "e18", "stated": "none", "found": "d"}, {"exam_id": "e19", "stated": "b", "found": "c"}]
    rows += [{"exam_id": "e20", "stated": "c", "found": "missing"}]
    return tables.frame_of([row | {"agree": row["stated"] == row["found"]} for row in rows], tables.AUDIT)


def make_matching():
    row = {"device": "Maker 1", "bits_stored": 12, "tensor": "t", "sha256": "ab" * 32, "n_images": 7}
    return tables.frame_of([row | {"status": "matched", "reason": ""}], tables.MATCHING)


def make_devices():
    row = {"device": "Maker 1", "bits_stored": 12}
    return tables.frame_of([row | {"label": key, "n_images": 5 + i} for i, key in enumerate("abcd")], tables.DEVICES)


def make_siblings(seeds=(1, 2)):
    """A split by image leaks, one by patient does not."""
    rows = [
        {"unit": unit, "seed": seed, "label": label, "n_images": n, "n_with_sibling": of_unit * n // 10}
        for unit, of_unit in (("image", 9), ("exam", 1), ("patient", 0))
        for seed in seeds
        for label, n in (("a", 20), ("b", 30), ("c", 40), ("d", 50), ("", 140))
    ]
    return tables.frame_of(rows, tables.SIBLINGS)


def make_choices():
    row = {"epoch": 7, "validation_accuracy": 0.5}
    rows = [
        row | {"seed": seed, "position": at, "setting": f"learning_rate=0.{at + 1}", "validation_loss": 1.2 - at / 10}
        for seed in (1, 2)
        for at in (0, 1)
    ]
    return tables.frame_of([own | {"chosen": own["position"] == own["seed"] % 2} for own in rows], tables.CHOICES)


ALL_VIEWS = {name: [] for name in SETTINGS}


def make_origins(folder):
    """What a manuscript may say of the run, and where its numbers come from."""
    study = make_study()
    (folder / "fine_tune.tsv").write_text("s\tmax_rss\n12.5\t300\n")
    return {
        "not_for_print": manuscript.warning(study),
        "manuscript": manuscript.methods(study, commit="0123abc", versions=provenance.versions()),
        "limitations": limitations.sentences(study, [CAVEAT]),
        "checklist": checklist.table(study, commit="0123abc", limitations=7),
        "inputs": origins.inputs(study.images, {}, ""),
        "machine": origins.machine(machine.about()),
        "times": origins.times(folder, ["fine_tune"]),
    }


def make_values(folder):
    """Everything that the report's template names; figures are drawn into `folder`."""
    for name, draw in FIGURES.items():
        style.save(draw(), **{ending: folder / f"{name}.{ending}" for ending in ENDINGS})
    manifest, metrics = make_manifest(), make_metrics()
    exams = make_exams(manifest)
    predicted = {name: {1: make_predicted(i)} for i, name in enumerate(SETTINGS)}
    leaking, leak = sections.leak_check({1: manifest, 2: manifest})
    notes = table1.notes(SETTINGS, PUBLISHED)
    comparisons = compare(predicted, resamples=20, bootstrap_seed=0)
    images, n = make_images(manifest), summary.test_size(manifest)
    return {
        "task": TASK.name,
        "attribute": TASK.attribute,
        "caveats": [CAVEAT],
        "summary": [
            *summary.cohort(images, exams, manifest),
            summary.result(metrics, comparisons, SETTINGS, warning=WARNING),
        ],
        "warning": WARNING,
        "missing": html.MISSING,
        "resamples": "50",
        **make_origins(folder),
        "commit": provenance.code_commit(ROOT),
        "versions": sections.versions(provenance.versions()),
        "config": "task: density\nweights: random\n",
        "experiments": sections.experiments(SETTINGS, ALL_VIEWS),
        "flow": figures.flow(folder / "flow.png"),
        "cohort": sections.cohort(images, exams),
        "labels": labels.labels(make_labels(exams), TASK, reports=make_reports(exams), exams=exams),
        "audit": audits.of_run(make_audit(), TASK, dataset="demo", corrected=False, most=1),
        "languages": make_languages(),
        "evidence": evidence.reports(make_own_labels(), make_records(), ["e1", "e2"]),
        "private": True,
        "leaking": leaking,
        "leak": leak,
        "siblings_said": siblings.sentence(make_siblings(), TASK, unit="patient"),
        "siblings": siblings.table(make_siblings(), TASK, unit="patient"),
        "classes": sections.classes(make_classes(manifest), TASK),
        "classes_figure": figures.classes(folder / "classes.png"),
        "subsets": [sections.subsets(manifest, seed=seed, task=TASK) for seed in (1, 2)],
        "matching": sections.matching(
            {"device": make_matching(), "plain": tables.empty(tables.MATCHING)}, {"device": "device", "plain": "none"}
        ),
        "class_mix": [quality.class_mix(make_devices(), TASK)],
        "told": quality.told({"device": make_quality()}, {"device": "device"}),
        "shares": quality.shares({"device": make_quality()}, {"device": "device"}, TASK),
        "brightness_figures": [figures.brightness(folder / "brightness.png")],
        "matching_figures": [figures.matching(folder / "matching.png")],
        "table1": sections.main_table(table1.make(metrics, SETTINGS, PUBLISHED), notes),
        "forest": figures.forest(folder / "experiments.png", n=n, published=True),
        "levels": sections.levels(metrics),
        "by_class": sections.by_class(metrics, manifest, TASK, ALL_VIEWS),
        "few_shot": figures.few_shot(folder / "training.png"),
        "comparisons": sections.comparisons(comparisons, list(SETTINGS), {"image": [], "exam": []}),
        "confusion": [figures.confusion(folder / "confusion.png", n=n)],
        "training": [figures.training(folder / "training.png")],
        "explanations": [figures.explanations(folder / "explanations.png")],
        "outline": figures.outline(folder / "flow.png"),
        "embedding_figures": [figures.embeddings(folder / "matching.png")],
        "curves": [figures.roc(folder / "training.png", n=n), figures.reliability(folder / "training.png", n=n)],
        "subgroup_figures": [figures.subgroups(folder / "experiments.png", n=n)],
        "mistakes": [figures.mistakes(folder / "matching.png", n=n)],
        "choices": sections.choices({"probe": make_choices()}),
        "has_zero_shot": True,
        "published": make_published(metrics, SETTINGS),
    }


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    return make_values(tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def page(values):
    return html.render(REPORT, **values)


def test_report_has_every_section_and_its_contents_list_reaches_them(page):
    reader = read(page)
    ids = [attributes["id"] for tag, attributes in reader.tags if tag == "section"]
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert ids == ["summary", *SECTIONS]
    assert links == ["#main", *[f"#{one}" for one in SECTIONS], "zero_shot.html"]


def test_report_needs_no_network_and_no_script_of_others(page):
    reader = read(page)
    assert [attributes for tag, attributes in reader.tags if tag == "script"] == [{}]
    assert not {"link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            if name in attributes:
                assert attributes[name].startswith(("data:image/png;base64,", "#", "zero_shot.html"))
    assert not re.search(r"url\(|@import|https?://", page)


def test_report_has_words_for_every_picture_and_table(page):
    tags = read(page).tags
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    names = [tag for tag, _ in tags]
    assert names.count("figure") == names.count("figcaption") == names.count("img") == 15
    assert names.count("table") == names.count("caption") > 12


def test_caveat_stands_on_top_and_every_caption_of_numbers_carries_the_warning(page):
    text = page.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    assert CAVEAT in text
    assert "more <b>" not in page
    assert page.index("Untrained weights") < page.index("Contents")
    captions = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    bare = [caption for caption in captions if WARNING not in caption]
    assert bare == [
        "Experiments",
        "What went in",
        "Machine that made this page",
        "Time by rule, 12 seconds of jobs in all",
        "Versions, in the environment that made this page",
    ]


def test_report_shows_no_evidence_and_no_patient(page):
    assert "SECRET" not in page
    assert not re.search(r"p\d{3}-", page)


def test_same_values_give_the_same_page(values, page):
    assert html.render(REPORT, **values) == page


def test_a_value_that_is_not_given_is_an_error(values):
    with pytest.raises(Exception, match="leak"):
        html.render(REPORT, **{k: v for k, v in values.items() if k != "leak"})


def test_page_without_audit_training_and_warning(values):
    empty = {key: [] for key in ("training", "confusion", "curves", "subgroup_figures", "mistakes", "caveats")}
    bare = values | empty | {"audit": None, "languages": None, "warning": "", "not_for_print": ""}
    reader = read(html.render(REPORT, **bare))
    assert "⚠" not in "".join(reader.text)
    assert "No method in this run was trained by gradient descent." in "".join(reader.text)


def test_table1_page(values):
    page = html.render(
        ROOT / "resources/report/tables.html.j2", title="Table I", tables=[values["table1"]], warning=WARNING
    )
    reader = read(page)
    text = "".join(reader.text)
    assert WARNING in text
    for sentence in ("seed 1 alone", "random (draws from the development shares)", "how F1 is averaged", "0.73 / 0.78"):
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


def test_editions_are_counted_by_letter_where_a_class_is_of_several():
    dense = tasks.load(ROOT / "resources/tasks/dense.yaml")
    text = dict.fromkeys(tables.LABELS.columns, "") | {"status": "labelled", "level": "exam", "label": "dense"}
    own = [("1", "c", "5"), ("2", "d", "5"), ("3", "", ""), ("4", "c", "")]
    rows = [text | {"exam_id": exam, "density": letter, "edition": edition} for exam, letter, edition in own]
    reports = [{"exam_id": exam, "texts": 1, "language": "es", "status": "parsed", "sections": ""} for exam, *_ in own]
    found = labels.labels(
        tables.frame_of(rows, tables.LABELS), dense, reports=tables.frame_of(reports, tables.REPORTS), exams=None
    )
    (table,) = [table for table in found if "edition" in table.caption]
    assert table.columns == ("edition", *(f"density {x}" for x in "abcd"), "letters of the breasts differ")
    assert table.rows == [("not told", 0, 0, 1, 0, 1), ("5", 0, 0, 1, 1, 0)]


def test_published_values_stand_beside_their_own_task_only(tmp_path):
    other = table1.load_published(ROOT / "resources/published/molina_roman_2025.yaml", "dense")
    assert other == {}
    frame = table1.make(make_metrics(), SETTINGS, other)
    assert set(frame["published_name"]) == {""}
    notes = table1.notes(SETTINGS, other)
    assert notes[-1] == "The paper has no results for this task."
    assert not any("F1 is averaged" in note for note in notes)
    assert "published" not in " ".join(sections.main_table(frame, notes).columns)
    assert sections.main_table(table1.make(make_metrics(), SETTINGS, PUBLISHED), []).columns[-1].startswith("published")
    drawn = experiments.draw(make_metrics(), SETTINGS, other)
    style.save(drawn, **{ending: tmp_path / f"e.{ending}" for ending in ENDINGS})
    assert "diamond" not in figures.forest(tmp_path / "e.png", n="n = 1", published=False).caption


def test_missing_baselines_are_named():
    everything = {name: {"method": name} for name in table1.METHODS}
    assert "All trivial baselines are in the table." in table1.notes(everything, PUBLISHED)
    missing = [note for note in table1.notes(SETTINGS, PUBLISHED) if note.startswith("Trivial baselines missing")]
    assert "histogram" in missing[0]
    assert "majority" not in missing[0]
    assert missing[0] == table1.about_baselines(SETTINGS)


def test_tables_of_measures_name_the_baselines_that_they_lack():
    alone = {"convnext": SETTINGS["convnext"]}
    table = sections.levels(make_metrics())
    noted = sections.beside_baselines(table, alone)
    assert noted.rows == table.rows
    assert noted.notes[:-1] == table.notes
    assert all(name in noted.notes[-1] for name in ("majority", "random", "histogram", "roi_presence"))
    everything = {name: {"method": name} for name in table1.METHODS}
    assert sections.beside_baselines(table, everything).notes[-1] == "All trivial baselines are in the table."


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


def test_the_split_section_says_what_every_unit_would_leak(values, page):
    section = page[page.index('<section id="split">') : page.index('<section id="images">')]
    said = "Split by image, 90 % of the test images of class a have another image of the same"
    assert said in section
    assert "split by exam, 10 %; split by patient, none. This run splits by patient." in section
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", section[section.index("by what is never divided") :], re.DOTALL)
    assert cells[6:8] == ["image", "18 of 20\n90 %"]
    assert cells[18:20] == ["patient: this run", "0 of 20\n0 %"]
    leaking = html.render(REPORT, **values | {"leaking": True, "leak": "Patients in more than one: 7."})
    assert "⚠ Patients in more than one: 7." in leaking


def test_experiments_of_views_and_merges_say_so():
    settings = {
        "cc": {"method": "linear_probe", "recipe": "paper", "encoder": "biomedclip", "views": ["CC"]},
        "both": {"method": "merge", "of": ["cc", "convnext"]},
        "both_bias": {"method": "calibrate", "from": "both", "by": "bias"},
    }
    table = sections.experiments(settings, {"cc": ["CC"], "both": [], "both_bias": []})
    assert table.rows == [
        ("cc", "linear probe", "biomedclip", "paper", "–", "CC"),
        ("both", "mean of experiments", "cc, convnext", "–", "–", "all"),
        ("both_bias", "calibrated predictions", "both", "–", "bias", "all"),
    ]


def test_classes_are_counted_among_the_views_that_an_experiment_predicts():
    manifest, metrics = make_manifest(), make_metrics()
    table = sections.by_class(metrics, manifest, TASK, ALL_VIEWS | {"convnext": ["CC"]})
    counts = {(row[0], row[1][-2]): row[2] for row in table.rows}
    test = manifest[manifest["subset"] == "test"]
    for label in "abcd":
        own = test[test["label"] == label]
        assert counts["majority", label] == len(own)
        assert counts["convnext", label] == (own["view"] == "CC").sum() == len(own) / 2
    assert summary.test_size(manifest, ["CC"]).startswith(f"n = {len(test) // 2} images, ")


def test_table1_and_levels_survive_an_experiment_of_fewer_images():
    whole = {1: make_predicted(1)}
    part = {1: whole[1][whole[1]["view"] == "MLO"]}
    metrics = {
        name: evaluate(own, subsets=["test"], resamples=20, bootstrap_seed=0)
        for name, own in (("whole", whole), ("part", part))
    }
    settings = {name: {"method": "histogram", "recipe": "paper"} for name in metrics}
    frame = table1.make(metrics, settings, PUBLISHED)
    assert frame["n_images"].tolist() == [2 * frame["n_images"][1], frame["n_images"][1]]
    measured = [row[2] for row in sections.main_table(frame, []).rows]
    assert f"{frame['n_images'][1]:,} images" in measured[1]
    levels = {row[:2]: row[2:4] for row in sections.levels(metrics).rows}
    assert levels["part", "exam"][0] == levels["whole", "exam"][0] / 2
    assert levels["part", "exam"][1] == levels["whole", "exam"][1]
    compared = compare({"whole": whole, "part": part}, resamples=20, bootstrap_seed=0)
    shown = sections.comparisons(compared, list(metrics), {"image": ["whole"], "exam": ["whole"]})
    assert [(table.rows[0][0], rest) for table, rest in shown] == [("whole less part", None)] * 2


def test_a_pair_has_p_values_and_a_plain_sentence():
    predicted = {"good": {1: make_predicted(1, skill=4)}, "bad": {1: make_predicted(2, skill=0)}}
    compared = compare(predicted, resamples=200, bootstrap_seed=0)
    (image, _), (exam, _) = sections.comparisons(compared, list(predicted), {"image": [], "exam": []})
    assert image.columns[-2:] == ("p, accuracy", "accuracy in words")
    assert exam.columns[-3:] == ("p, accuracy", "p, McNemar", "accuracy in words")
    of_exam = compared[(compared["level"] == "exam") & (compared["metric"] == "accuracy")].iloc[0]
    assert exam.rows[0][-2] == html.cell(of_exam["p_mcnemar_holm"])
    assert " ".join(exam.rows[0][-1].split()).startswith("good is better than bad by ")
    assert html.is_measure(exam.rows[0][2])
    few = of_exam["n_patients"] < 30
    assert exam.rows[0][2].endswith(f"]{html.FEW}") == few
    assert html.FEW_NOTE in exam.notes


def test_intervals_of_few_patients_carry_a_mark():
    metrics = {"probe": evaluate({1: make_predicted(1)}, subsets=["test"], resamples=50, bootstrap_seed=0)}
    for enough in (False, True):
        metrics["probe"]["few_patients"] = not enough
        table = sections.levels(metrics)
        assert all(cell.endswith("]") == enough for cell in table.rows[0][-3:])
        of_run = summary.result(metrics, tables.empty(tables.COMPARISONS), {"probe": SETTINGS["convnext"]}, warning="")
        assert of_run[1][-1].startswith("Fewer than 30 test patients") != enough


def test_of_many_pairs_those_with_the_best_are_seen_first():
    predicted = {f"e{i}": {1: make_predicted(i)} for i in range(8)}
    compared = compare(predicted, resamples=10, bootstrap_seed=0)
    (shown, rest), _ = sections.comparisons(compared, list(predicted), {"image": ["e3", "e7"], "exam": ["e0", "e1"]})
    assert all({"e3", "e7"} & set(row[0].split(" less ")) for row in shown.rows)
    assert not any({"e3", "e7"} & set(row[0].split(" less ")) for row in rest.rows)
    assert (len(shown.rows), len(rest.rows)) == (13, 15)
    assert shown.caption.endswith("pairs with e3 or e7")
    assert shown.notes[0].startswith("e3 and e7 did best")
    assert rest.notes == shown.notes[1:]


def test_the_best_of_methods_and_of_baselines_are_found():
    metrics = make_metrics()
    assert summary.best_of(metrics, SETTINGS, level="image") == ["convnext", "majority"]
    alone = {"convnext": SETTINGS["convnext"]}
    assert summary.best_of(metrics, alone, level="exam") == ["convnext"]


def test_chosen_settings_stand_by_seed():
    table = sections.choices({"probe": make_choices()})
    assert [tuple(map(html.cell, row)) for row in table.rows] == [
        ("probe", "1", "learning_rate=0.2", "2", "7", "1.100", "0.500"),
        ("probe", "2", "learning_rate=0.1", "2", "7", "1.200", "0.500"),
    ]
    without_epochs = make_choices().assign(epoch=pd.NA, validation_loss=np.nan)
    without_epochs["epoch"] = without_epochs["epoch"].astype("Int64")
    assert "–" in html.cell(sections.choices({"knn": without_epochs}).rows[0][4])


def test_a_report_without_few_shots_explanations_choices_and_zero_shot(values):
    bare = values | {"few_shot": None, "explanations": [], "choices": sections.choices({}), "has_zero_shot": False}
    reader = read(html.render(REPORT, **bare))
    found = [attributes.get("id") for tag, attributes in reader.tags if tag == "section"]
    assert not {"few", "explanations"} & set(found)
    assert "zero_shot.html" not in [attributes.get("href") for _, attributes in reader.tags]
    assert "Settings chosen" not in "".join(reader.text)


def test_dropped_and_merged_classes_are_said():
    classes = make_classes(make_manifest())
    assert sections.classes(classes, TASK).notes == ("No class was dropped.",)
    classes.loc[0, ["kept_as", "status"]] = ["", "dropped"]
    classes.loc[[1, 2], "kept_as"] = "b+c"
    classes.loc[[1, 2], "status"] = "merged"
    table = sections.classes(classes, TASK)
    assert "almost entirely fatty" in table.notes[0]
    assert table.rows[1][1] == "merged into b+c"


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


def test_summary_counts_patients_and_reasons(values):
    said = dict(values["summary"])
    manifest = make_manifest()
    used = [f"{manifest[f'{thing}_id'].nunique()} {thing}" for thing in ("patient", "exam")]
    assert all(part in said["Patients, exams and images"][0] for part in used)
    assert said["Left out"][0].startswith("9 image files were not accepted: 3 ")
    assert said["Left out"][1] == "4 exams were not included: 3 label ambiguous, 1 report missing."
    assert said["Result"][0] == WARNING.capitalize() + "."


def make_pairs(*ends, experiment="convnext", other="majority"):
    rows = [
        {"seed": seed, "level": "exam", "metric": metric, "experiment": experiment, "other": other, "n_patients": 9}
        | {"difference": (low + high) / 2, "low": low, "high": high}
        for metric in ("accuracy", "f1_macro")
        for seed, (low, high) in enumerate(ends, start=1)
    ]
    return tables.frame_of(rows, tables.COMPARISONS)


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ([(0.1, 0.3), (0.2, 0.4)], "leaves out 0 in all 2 seeds: these patients favour"),
        ([(-0.3, -0.1)], "leaves out 0 in the one seed, on the baseline's side"),
        ([(-0.1, 0.3), (-0.2, 0.4)], "includes 0 in all 2 seeds"),
        ([(0.1, 0.3), (-0.2, 0.4)], "Of 2 seeds the interval lies above 0 in 1, below it in 0 and includes it in 1"),
        ([(np.nan, np.nan)], "has no interval"),
    ],
)
def test_summary_says_whether_the_interval_leaves_out_0(ends, verdict):
    metrics = make_metrics()
    _, sentences = summary.result(metrics, make_pairs(*ends), SETTINGS, warning="")
    assert verdict in sentences[0]
    # The same pair the other way round says the same.
    turned = make_pairs(*[(-high, -low) for low, high in ends], experiment="majority", other="convnext")
    assert summary.result(metrics, turned, SETTINGS, warning="")[1] == sentences


def test_summary_without_baselines_methods_or_exams():
    metrics, none = make_metrics(), tables.empty(tables.COMPARISONS)
    methods = {name: own for name, own in SETTINGS.items() if name != "majority"}
    alone = {"majority": SETTINGS["majority"]}
    assert "no trivial baseline" in summary.result(metrics, none, methods, warning="")[1][0]
    assert "trivial baselines only" in summary.result(metrics, none, alone, warning="")[1][0]
    by_image = {name: frame[frame["level"] == "image"] for name, frame in metrics.items()}
    assert "on the test images" in summary.result(by_image, none, SETTINGS, warning="")[1][0]
    assert {row[1] for row in sections.levels(by_image).rows} == {"image"}


def test_pictures_without_sides_and_labels_without_reports():
    manifest = make_manifest().assign(laterality="", view="other")
    exams = make_exams(manifest).assign(report_status="")
    assert len(sections.cohort(make_images(manifest), exams)) == 3
    steps = [row[0] for row in labels.labels(make_labels(exams), TASK, reports=None, exams=exams)[0].rows]
    assert not any("report" in step for step in steps[1:])


def make_label_page(*, with_reports=True):
    """The report of a run without images."""
    exams = make_exams(make_manifest())
    reports = make_reports(exams) if with_reports else None
    return html.render(
        ROOT / "resources/report/labels.html.j2",
        task=TASK.name,
        caveats=[],
        summary=labels.summary_without_images(make_labels(exams), reports, task=TASK, not_run=list(SETTINGS)),
        labels=labels.labels(make_labels(exams), TASK, reports=reports, exams=None),
        audit=audits.of_run(make_audit(), TASK, dataset="folder", corrected=True, most=9) if with_reports else None,
        languages=make_languages() if with_reports else None,
        private=with_reports,
        commit="0" * 40,
        versions=sections.versions({"numpy": "1"}),
        config="task: density\n",
    )


@pytest.mark.parametrize("with_reports", [True, False])
def test_label_page_names_what_was_not_run(with_reports):
    page = make_label_page(with_reports=with_reports)
    text = "".join(read(page).text)
    assert "Not run, because there are no images: zero_shot, convnext, majority." in text
    assert "3 exams without a label." in text
    assert ("private/report.html" in text) == with_reports
    assert "SECRET" not in page


# Statements are written [words|status|rule], words that were put right {words|read as}.
TEXTS = {
    "e1": (
        ("comparison", "Previo de 2015, [tipo B|rejected|rule_b]. Sin cambios."),
        ("findings", "Sin nódulos. Mamas de {dencidad|densidad}\n[tipo\nC|counted|rule_c]. Ganglios normales."),
    ),
    "e2": (("findings", "Derecha [tipo B|counted|rule_b|R]. Otra frase. Izquierda [tipo {CC|C}|unclear|rule_c|L]."),),
    "e3": (("body", "Sin más <b>datos</b>."),),
    "e4": (("body", "Nada."),),
}
OWN_LABELS = [
    ("e1", "", "c", "labelled", "", "rule_c"),
    ("e2", "", "", "ambiguous", "contradiction", "rule_b | rule_c"),
    ("e2", "L", "c", "labelled", "", "rule_c"),
    ("e3", "", "", "none", "no_statement", ""),
    ("e4", "", "b", "labelled", "corrected", "correction"),
    ("e5", "", "", "ambiguous", "several_texts", ""),
]


def make_record(exam_id, parts):
    """A record of sections in the notation of `TEXTS`."""
    text, cut, said, respelt, opened = "", [], [], [], []
    for kind, marked in parts:
        start = len(text)
        for token in re.split(r"([\[{]|(?:\|[^|\]}]*)+[\]}])", marked):
            if token in ("[", "{"):
                opened.append(len(text))
            elif token.startswith("|"):
                given = token[1:-1].split("|")
                if token[-1] == "}":
                    respelt.append(records.Respelling(opened.pop(), len(text), given[0]))
                else:
                    status, rule, *side = given
                    of_class = (rule[-1],)
                    context = "" if status == "counted" else "hedge"
                    said.append(
                        records.Statement(opened.pop(), len(text), rule, "".join(side), of_class, status, context)
                    )
            else:
                text += token
        cut.append(records.Section(kind, start, len(text)))
        text += "\n"
    return records.Record(f"own {exam_id}", text, tuple(cut), tuple(said), tuple(respelt))


def make_records():
    return {exam_id: make_record(exam_id, parts) for exam_id, parts in TEXTS.items()}


def make_own_labels():
    names = ("exam_id", "side", "label", "status", "reason", "rule")
    rows = [dict(zip(names, row, strict=True)) | {"level": "breast" if row[1] else "exam"} for row in OWN_LABELS]
    return tables.frame_of(rows, tables.LABELS)


def make_own_audit():
    rows = [
        {"exam_id": "e1", "stated": "c", "found": "c", "agree": True},
        {"exam_id": "e2", "side": "L", "stated": "b", "found": "c", "agree": False},
        {"exam_id": "e9", "stated": "b", "found": "missing", "agree": False},
    ]
    return tables.frame_of(rows, tables.AUDIT)


def make_private_page(*, most=9, with_audit=True):
    own, found = make_own_labels(), make_records()
    wrong = auditing.disagreements(make_own_audit())
    return html.render(
        ROOT / "resources/report/private.html.j2",
        caveats=["private"],
        evidence=evidence.of_labels(own, found, most=most),
        disagreements=evidence.of_disagreements(wrong, found, most=most) if with_audit else None,
        reports=evidence.reports(own, found, evidence.choose(own, found, n=10)),
    )


def marked(pieces):
    """Words of statements with their status, and respelt ones with what they were read as."""
    return [(one.text, one.status, one.read_as) for one in pieces if one.status or one.respelt]


def test_records_are_put_together_from_tables():
    frames = [
        (tables.TEXTS, [("e1", "own e1", "Mamas ACR c. No b."), ("e2", "own e2", "Nada.")]),
        (tables.SECTIONS, [("e1", 1, "impression", 13, 18), ("e1", 0, "findings", 0, 12)]),
        (
            tables.MENTIONS,
            [
                ("e1", 13, 17, "code", "", "b", "5", "rejected", "negated"),
                ("e1", 6, 11, "code", "L", "c d", "5", "counted", ""),
            ],
        ),
        (tables.CORRECTIONS, [("e1", 0, 5, "MAMAS", "spelling")]),
    ]
    made = [
        tables.frame_of([dict(zip(table.columns, row, strict=True)) for row in rows], table) for table, rows in frames
    ]
    assert records.of_tables(*made) == {
        "e1": records.Record(
            "own e1",
            "Mamas ACR c. No b.",
            (records.Section("findings", 0, 12), records.Section("impression", 13, 18)),
            (
                records.Statement(6, 11, "code", "L", ("c", "d"), "counted", ""),
                records.Statement(13, 17, "code", "", ("b",), "rejected", "negated"),
            ),
            (records.Respelling(0, 5, "MAMAS"),),
        ),
        "e2": records.Record("own e2", "Nada."),
    }


def test_evidence_is_marked_where_it_stands():
    found = evidence.of_labels(make_own_labels(), make_records(), most=9)
    assert [len(found[status].shown) for status in evidence.ORDER] == [2, 1, 3]
    of_exam, without_text = found["ambiguous"].shown
    assert [marked(sentence) for sentence in of_exam.sentences] == [
        [("tipo B", "counted", "")],
        [("tipo ", "unclear", ""), ("CC", "unclear", "C")],
    ]
    assert [piece.tags for piece in of_exam.sentences[1]] == [(), (), ("2?",), ()]
    assert (without_text.why, without_text.sentences, without_text.lines) == ("several_texts", (), ())
    # A breast's label has the statements about it; one over the end of a line is whole.
    (sentence,) = found["labelled"].shown[1].sentences
    assert [piece.text for piece in sentence] == ["Izquierda ", "tipo ", "CC", "."]
    (sentence,) = found["labelled"].shown[0].sentences
    assert marked(sentence) == [("dencidad", "", "densidad"), ("tipo\nC", "counted", "")]
    assert [line.said for line in found["labelled"].shown[0].lines] == ["counted: c, by rule_c"]


def test_statements_that_overlap_are_cut_and_shown_by_the_strongest():
    text = "mamas densas tipo c"
    statements = (
        records.Statement(0, 12, "dense", "", ("c", "d"), "unclear", "imprecise"),
        records.Statement(6, 19, "code", "R", ("c",), "counted", ""),
        records.Statement(13, 19, "type", "", (), "rejected", "prior"),
    )
    own = evidence.pieces(records.Record("x", text, statements=statements), 0, len(text))
    assert [(one.text, one.status, one.tags) for one in own] == [
        ("mamas ", "unclear", ()),
        ("densas", "counted", ("1?",)),
        (" ", "counted", ()),
        ("tipo c", "counted", ("2", "3×")),
    ]
    assert own[1].title == "1?: unclear (imprecise): c or d, by dense; 2: counted: c, side R, by code"
    assert "3×: rejected (prior): no class, by type" in own[3].title
    assert "".join(one.text for one in own) == text


def test_reports_in_colour_cover_every_status_and_have_a_text():
    own, found = make_own_labels(), make_records()
    assert evidence.choose(own, found, n=3) == ["e1", "e2", "e3"]
    assert evidence.choose(own, found, n=10) == ["e1", "e2", "e3", "e4"]
    shown = evidence.reports(own, found, ["e1", "e2", "e4"])
    assert [[text for text, status, _ in marked(part.pieces) if status] for part in shown[0].parts] == [
        ["tipo B"],
        ["tipo\nC"],
    ]
    assert [line.tag for line in shown[0].lines] == ["1×", "2"]
    assert [one.side for one in shown[1].labels] == ["", "L"]
    assert [one.label for one in shown[2].labels] == ["b"]


def test_a_page_of_thousands_shows_every_ambiguous_label_and_says_how_many_others_it_leaves_out():
    rows = [{"exam_id": f"{i:05d}", "status": "ambiguous", "level": "exam"} for i in range(1500)]
    rows += [{"exam_id": f"l{i:05d}", "status": "labelled", "label": "c", "level": "exam"} for i in range(1500)]
    found = evidence.of_labels(tables.frame_of(rows, tables.LABELS), {}, most=200)
    assert [(len(found[status].shown), found[status].left_out) for status in evidence.ORDER] == [
        (1500, 0),
        (0, 0),
        (200, 1300),
    ]
    assert found["labelled"].shown[-1].exam_id == "l00199"
    text = "".join(read(make_private_page(most=2)).text)
    assert "Labelled (3)" in text
    assert (
        "Shown are the first 2 by their ids; 1 more are left out here, and stand in results/labels/labels.tsv." in text
    )


def test_private_page_says_what_it_is_and_escapes_everything():
    page = make_private_page()
    reader = read(page)
    assert "must not leave private/" in page[page.index("<title>") : page.index("</title>")]
    assert "<b>datos" not in page
    assert "Sin más <b>datos</b>." in "".join(reader.text)
    headings = [attributes["id"] for tag, attributes in reader.tags if tag == "section"]
    assert headings == ["reports", "disagreements", "ambiguous", "none", "labelled"]
    assert "contradiction" in page
    assert "[read as densidad]" in page
    titles = {attributes["title"] for tag, attributes in reader.tags if tag == "mark" and "title" in attributes}
    assert "1×: rejected (hedge): b, by rule_b" in titles


def test_disagreements_have_their_sentences_in_the_private_page_only(page):
    private = "".join(read(make_private_page()).text)
    wrong = private[private.index("Found otherwise than known: 1 rows") : private.index("Ambiguous: no label, because")]
    assert "c (known: b)" in wrong
    assert "Izquierda tipo CC" in wrong
    assert "e9" not in wrong
    assert "disagreements" not in make_private_page(with_audit=False)
    public = "".join(read(page).text)
    assert "e19" not in public  # only the first of two is asked for
    assert "The first 1 by their ids; 2 more stand in results/labels/audit.tsv." in public


def test_synthetic_reports_are_shown_and_called_so_and_others_are_not(values, page):
    shown = "".join(read(page).text)
    assert "the demo's reports are synthetic" in shown
    assert "Izquierda tipo CC" in shown
    bare = html.render(REPORT, **values | {"evidence": []})
    assert "Izquierda" not in bare
    assert "reports are synthetic:" not in bare
    assert "private/report.html" in bare
    assert "private/report.html" not in html.render(REPORT, **values | {"evidence": [], "private": False})


def rows_of(given, caption):
    (table,) = [one for one in given if one.caption.startswith(caption)]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_label_tables_count_steps_languages_editions_and_rules():
    own = make_own_labels()
    own["edition"] = ["4", "", "4", "", "", ""]
    status = ["parsed", "parsed", "parsed", "parsed", "duplicate"]
    reports = tables.frame_of(
        [
            {"exam_id": f"e{i}", "texts": i, "language": "en" if i == 3 else "es" if one == "parsed" else ""}
            | {"status": one}
            for i, one in enumerate(status, start=1)
        ],
        tables.REPORTS,
    )
    given = labels.labels(own, TASK, reports=reports, exams=None)
    assert [tuple(row.values()) for row in rows_of(given, "From reports")] == [
        ("report texts found", 15),
        ("exams with a report", 5),
        ("exams with a parsed report", 4),
        ("exams with a label", 2),
        ("exams left ambiguous", 2),
        ("exams without a statement, or without a readable report", 1),
        ("of these exams, those that a person corrected", 1),
    ]
    assert rows_of(given, "Exams with a parsed report") == [
        {"language": "en", "exams": 1, "labelled": 0, "ambiguous": 0, "none": 1},
        {"language": "es", "exams": 3, "labelled": 2, "ambiguous": 1, "none": 0},
    ]
    heterogeneous, scattered = f"{TASK.of('c').name} (c)", f"{TASK.of('b').name} (b)"
    editions = {row["edition"]: row for row in rows_of(given, "Labelled exams by the edition")}
    assert (editions["4"][heterogeneous], editions["not told"][scattered]) == (1, 1)
    rules = {(row["rule"], row["level"]): row for row in rows_of(given, "Labels by the rules")}
    assert rules["rule_c", "exam"] | {"rule": "", "level": ""} == {
        "rule": "", "level": "", scattered: 0, heterogeneous: 1, "ambiguous": 1
    }  # fmt: skip
    assert rules["rule_b", "exam"]["ambiguous"] == 1
    assert rules["correction", "exam"][scattered] == 1
    assert ("(none)", "exam") not in rules


def test_label_tables_of_nothing():
    given = labels.labels(tables.empty(tables.LABELS), TASK, reports=tables.empty(tables.REPORTS), exams=None)
    assert rows_of(given, "Exams with a parsed report") == rows_of(given, "Labels by the rules") == []


def test_names_may_break_after_an_underscore_and_stay_escaped():
    table = html.HtmlTable("Names", ("name",), [("a_b<c",)])
    page = html.render(ROOT / "resources/report/tables.html.j2", title="Table I", tables=[table], warning="")
    assert '<th scope="row">a_<wbr>b&lt;c</th>' in page
