"""The pages hold every section, carry their caveats, and reach for nothing outside of themselves."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mammoflow import accounts, provenance, tables, tasks
from mammoflow.evaluation import table1
from mammoflow.evaluation.statistics import compare, evaluate
from mammoflow.figures import experiments, style
from mammoflow.pages import figures, html, labels, sections, summary
from tests.page_values import (
    ALL_VIEWS,
    CAVEAT,
    REPORT,
    SECTIONS,
    make_choices,
    make_labels,
    make_private_page,
    make_values,
    read,
)
from tests.test_plots import (
    ENDINGS,
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


def test_names_may_break_after_an_underscore_and_stay_escaped():
    table = html.HtmlTable("Names", ("name",), [("a_b<c",)])
    page = html.render(ROOT / "resources/report/tables.html.j2", title="Table I", tables=[table], warning="")
    assert '<th scope="row">a_<wbr>b&lt;c</th>' in page
