"""Tasks and their classes, and three tasks from their data to the report."""

import re
import shutil

import pandas as pd
import pytest
import yaml

from mammoflow import tables, tasks
from mammoflow.errors import UserError
from mammoflow.evaluation import table1
from tests import small_sets, trees_mias
from tests.conftest import REPO

SHIPPED = sorted((REPO / "resources/tasks").glob("*.yaml"))
EXPECTED = {
    "density": {"a": "a", "b": "b", "c": "c", "d": "d"},
    "dense": {"a": "non_dense", "b": "non_dense", "c": "dense", "d": "dense"},
    "tissue": {"fatty": "fatty", "glandular": "glandular", "dense": "dense"},
    "benign_malignant": {"normal": "", "benign": "benign", "malignant": "malignant"},
}
OF_TWO = '{key: fatty, name: one, colour: "#000000", of: [fatty, glandular]}'
OTHER = '{key: glandular, name: two, colour: "#ffffff", of: [dense]}'


@pytest.fixture
def density():
    return tasks.load(next(path for path in SHIPPED if path.stem == "density"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_tasks(path):
    task = tasks.load(path)
    assert task.key == path.stem
    assert all(c.name for c in task.classes)
    assert all(len(c.colour) == 7 and int(c.colour[1:], 16) >= 0 for c in task.classes)
    assert len({c.colour for c in task.classes}) == len(task.classes)
    # Every value is of one class, but for normal breasts, which have no finding to tell apart.
    assert {value: task.classify(value) for value in tasks.VALUES[task.attribute]} == EXPECTED[task.key]


def test_the_tasks_of_the_configuration_are_those_shipped():
    schema = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text())
    assert sorted(schema["properties"]["task"]["enum"]) == sorted(path.stem for path in SHIPPED) == sorted(EXPECTED)


def test_the_key_of_a_class_goes_before_a_value_of_the_same_name(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(f"key: x\nname: x\nattribute: tissue\nclasses: [{OF_TWO}, {OTHER}]\n")
    task = tasks.load(path)
    assert task.words["dense"] == "glandular"
    assert task.words["glandular"] == "glandular"
    assert task.classify("glandular") == "fatty"


def test_density_is_in_order(density):
    assert density.keys == ["a", "b", "c", "d"]
    assert density.of("a").name == "almost entirely fatty"
    assert {task.key: task.dense for task in map(tasks.load, SHIPPED) if task.dense} == {"density": ("c", "d")}


def test_merged_class(density):
    merged = density.of("a+b")
    assert merged.key == "a+b"
    assert merged.name == "almost entirely fatty / scattered fibroglandular"
    assert merged.colour == density.of("a").colour


@pytest.mark.parametrize(
    ("key", "name", "title"),
    [
        ("a", "fatty", "fatty (a)"),
        ("benign", "benign", "benign"),
        ("non_dense", "non-dense", "non-dense"),
        ("a+b", "x / y", "x / y (a+b)"),
    ],
)
def test_title_holds_the_key_where_it_says_more(key, name, title):
    assert tasks.Class(key, name, "#000000").title == title


@pytest.mark.parametrize("key", ["e", "", "a+e", "A", "ab"])
def test_class_that_is_none(density, key):
    with pytest.raises(UserError, match="is no class of task density: it has a, b, c, d"):
        density.of(key)


def test_class_keys_are_text(tmp_path):
    path = tmp_path / "birads.yaml"
    path.write_text(
        "key: halves\nname: Halves\nattribute: density\nclasses:\n"
        '- {key: 1, name: low, colour: "#000000", of: [a, b]}\n- {key: 2, name: high, colour: "#ffffff", of: [d]}\n'
    )
    task = tasks.load(path)
    assert task.keys == ["1", "2"]
    assert [task.classify(value) for value in ("a", "b", "c", "d", "1")] == ["1", "1", "", "2", ""]
    assert task.words == {"a": "1", "b": "1", "d": "2", "1": "1", "2": "2"}


HEAD = "key: x\nname: x\n"
DENSITY = f"{HEAD}attribute: density\n"
CLASS = '{key: a, name: one, colour: "#000000"}'
B = CLASS.replace("key: a", "key: b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"key: x\nname: x\nclasses: [{CLASS}, {CLASS.replace('key: a', 'key: b')}]\n", "it must hold .* attribute"),
        (f"{HEAD}attribute: colour\nclasses: [{CLASS}, {B}]\n", "attribute is 'colour'; allowed: density, tissue,"),
        (f"{HEAD}attribute: tissue\nclasses: [{CLASS}, {B}]\n", "'a' is no value of tissue; allowed: fatty, glandular"),
        (f"{DENSITY}classes: [{CLASS}, {B[:-1]}, of: [b, e]}}]\n", "'e' is no value of density; allowed: a, b, c, d"),
        (f"{DENSITY}classes: [{CLASS}, {B[:-1]}, of: [b, a]}}]\n", "'a' stands twice"),
        (f"{DENSITY}classes: [{CLASS}, {B[:-1]}, of: [b, b]}}]\n", "'b' stands twice"),
        ("", "is no task"),
        ("key: x\nname: x\n", "is no task"),
        (f"{DENSITY}classes: [a, b]\n", "is no task"),
        (f"{DENSITY}classes: [{{key: a, name: one}}]\n", "is no task"),
        (f"name: x\nattribute: density\nclasses: [{CLASS}]\n", "is no task"),
        (f"{DENSITY}classes: [{CLASS}]\n", "at least two classes"),
        (f"{DENSITY}classes: [{CLASS}, {CLASS}]\n", "its own key"),
        (f"{DENSITY}classes: [{CLASS}, {B}]\ndense: [a]\n", "dense is a; allowed: the last classes in order, but not"),
        (f"{DENSITY}classes: [{CLASS}, {B}]\ndense: [a, b]\n", "dense is a, b; allowed: the last classes"),
        (f"{DENSITY}classes: [{CLASS}, {CLASS.replace('key: a', 'key: a+b')}]\n", "letters, digits and _"),
    ],
)
def test_unfit_task(tmp_path, text, said):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        tasks.load(path)
    assert str(path) in str(caught.value)


# One experiment of each way to predict; everything else as small as it goes.
SMALL = {
    "shards": 1,
    "recipes": {"paper": {"longest_side": 256}},
    "split": {"seeds": [1], "min_patients_per_class": 3},
    "evaluation": {"resamples": 100},
    "run": ["zero_shot", "linear_probe", "convnext"],
    # Short: what is seen here is that every stage knows the task.
    "experiments": {"convnext": {"max_epochs": 3}},
    "few_shot": {"experiments": []},
}


def reported(snakemake_run, directory, *overlays):
    """The words of the report of a run, without the configuration and the reports that it shows."""
    done = snakemake_run(directory, "results/report/report.html", "--configfile", *overlays, directory / "mine.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    page = (directory / "results/report/report.html").read_text()
    page = re.sub(r"<style>.*?</style>|<script>.*?</script>|<pre.*?</pre>|<article.*?</article>", "", page, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def of_run(directory, task):
    """Labels and labelled images, after a look at what every method predicts: the classes of the task."""
    for path in (directory / "results/predictions").glob("*/seed1.tsv"):
        predicted = tables.read(path, tables.PREDICTIONS)
        assert [name for name in predicted if name.startswith("p_")] == [f"p_{key}" for key in task.keys]
        assert set(predicted.loc[predicted["subset"] == "test", "label"]) == set(task.keys)
    n_experiments = len(list((directory / "results/predictions").iterdir()))
    assert len(list((directory / "results/figures/confusion").glob("*.png"))) == n_experiments
    labels = tables.read(directory / "results/labels/labels.tsv", tables.LABELS)
    return labels, tables.read(directory / "results/cohort/labelled_images.tsv", tables.LABELLED_IMAGES)


@pytest.mark.workflow
@pytest.mark.long
def test_dense_or_not_from_reports_to_the_report(snakemake_run, tmp_path):
    demo = {"exams": 20, "class_mix": "equal", "max_epochs": 1}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SMALL | {"task": "dense", "demo": demo}))
    words = reported(snakemake_run, tmp_path)
    assert "Dense or non-dense breasts: comparison of 3 methods" in words
    assert "The paper has no results for this task." in words
    # What was published is about four classes.
    own = words.replace(words[words.index("Published figures, put to the test") :], "")
    assert "heterogeneously dense" not in own
    labels, labelled = of_run(tmp_path, tasks.load(REPO / "resources/tasks/dense.yaml"))
    known = labels[labels["density"] != ""]
    assert set(known["density"]) == {"a", "b", "c", "d"}
    assert [EXPECTED["dense"][letter] for letter in known["density"]] == known["label"].tolist()
    assert set(labelled["label"]) == {"non_dense", "dense"}
    audit = tables.read(tmp_path / "results/labels/audit.tsv", tables.AUDIT)
    assert set(audit["stated"]) <= {"non_dense", "dense", "none", "ambiguous"}
    assert audit["agree"].mean() > 0.9
    # Another task has other prompts: no embedding of these is taken for one of those.
    again = snakemake_run(tmp_path, "-n", "--configfile", tmp_path / "mine.yaml", "--config", "task=density")
    assert "rule embed_prompts:" in again.stdout


@pytest.mark.long
@pytest.mark.workflow
def test_tissue_of_films_to_the_report(snakemake_run, tmp_path):
    root = trees_mias.mini_mias(tmp_path / "root", pairs=15)
    settings = SMALL | {"dataset": {"root": str(root)}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    words = reported(snakemake_run, tmp_path, REPO / "config/mini_mias.yaml")
    assert "Background tissue: comparison of 3 methods" in words
    assert "fatty-glandular (glandular)" in words
    assert "BI-RADS" not in words
    labels, labelled = of_run(tmp_path, tasks.load(REPO / "resources/tasks/tissue.yaml"))
    assert set(labels["density"]) == {""}
    assert labelled["label"].value_counts().to_dict() == {"fatty": 10, "glandular": 10, "dense": 10}
    assert labelled["patient_id"].nunique() == 15


@pytest.mark.long
@pytest.mark.workflow
def test_benign_or_malignant_breasts_of_cdd_cesm_to_the_report(snakemake_run, mammoflow_data, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(mammoflow_data / "cdd_cesm", root)
    root.chmod(0o755)  # the data may be there to be read only
    draw_outlines(root)
    settings = SMALL | {
        "task": "benign_malignant",
        "dataset": {"root": str(root), "variant": "subtracted", "partial": True},
        # Training has no bound of epochs here.
        "run": ["zero_shot", "linear_probe", "histogram_paper", "roi_presence"],
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    words = reported(snakemake_run, tmp_path, REPO / "config/cdd_cesm.yaml")
    assert "Benign or malignant finding: comparison of 4 methods" in words
    assert "BI-RADS" not in words
    labels, labelled = of_run(tmp_path, tasks.load(REPO / "resources/tasks/benign_malignant.yaml"))
    normal = labels[labels["evidence"] == "normal"]
    assert set(normal["status"]) == {"none"}
    assert set(normal["reason"]) == {"not_in_task"}
    assert set(labelled["label"]) == {"benign", "malignant"}
    # Sides differ in many patients: labels are those of breasts.
    sides = labels[labels["status"] == "labelled"].groupby("exam_id")["label"].nunique()
    assert (sides > 1).any()
    check_presence(tmp_path / "results")


def draw_outlines(root):
    """Outlines of most malignant images and of some benign ones, as the part of the data at hand has none."""
    workbook = pd.read_excel(root / "Radiology-manual-annotations.xlsx")
    pathology, patient = workbook["Pathology Classification/ Follow up"], workbook["Patient_ID"]
    found = (pathology == "Malignant") & (patient % 4 > 0) | (pathology == "Benign") & (patient % 3 == 0)
    small_sets.segmentations(root, *workbook.loc[found, "Image_name"])


def check_presence(results):
    """Sensitivity and specificity of the presence of an outline on the test images are those of plain counts."""
    predicted = tables.read(results / "predictions/roi_presence/seed1.tsv", tables.PREDICTIONS)
    test = predicted[predicted["subset"] == "test"]
    roi = pd.read_csv(results / "images/images.tsv", sep="\t", dtype=str).drop_duplicates("image_id")
    outlined = test["image_id"].map(roi.set_index("image_id")["roi"]) == "yes"
    malignant = test["label"] == "malignant"
    assert 0 < outlined.sum() < len(test)
    measured = tables.read(results / "metrics/roi_presence.tsv", tables.METRICS)
    ours = table1.by_image(measured, "test", "sensitivity")["value"].item()
    assert ours == pytest.approx((outlined & malignant).sum() / malignant.sum())
    ours = table1.by_image(measured, "test", "specificity")["value"].item()
    assert ours == pytest.approx((~outlined & ~malignant).sum() / (~malignant).sum())
