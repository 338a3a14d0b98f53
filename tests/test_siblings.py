"""Siblings: the leak that a split by image causes, in numbers, and the sentences that say so."""

import math
import re

import pandas as pd
import pytest
import yaml

from mammoflow import caveats, siblings, splits, tables, tasks
from mammoflow.errors import UserError
from mammoflow.pages import siblings as pages
from tests.conftest import REPO
from tests.test_configuration import SHIPPED, merge

TASK = tasks.load(REPO / "resources/tasks/density.yaml")
EXAMS = {"a": 110, "b": 198, "c": 449, "d": 197}  # the paper's, of which 1,160 were made and 954 have a label
SETTINGS = {"validation": 0.15, "balance": "downsample", "test_balance": "downsample"}
TEST, SEED = 0.15, 0


def cohort(exams, *, exams_a_patient=1):
    """Four views of each exam."""
    labels = [label for label, count in exams.items() for _ in range(count)]
    rows = [
        {"image_id": f"i{number}{side}{view}", "exam_id": f"e{number}", "laterality": side, "view": view}
        | dict.fromkeys(("patient_id", "group_id"), f"p{number // exams_a_patient}")
        | {"label": label}
        for number, label in enumerate(labels)
        for side in "LR"
        for view in ("CC", "MLO")
    ]
    return tables.frame_of(rows, tables.LABELLED_IMAGES)


def split(labelled, unit, seeds=(1,), **settings):
    """Classes, and the manifest of each seed."""
    classes = splits.settle_classes(labelled, TASK.keys, min_patients_per_class=3, small_class="stop")
    held_out = splits.hold_out(labelled, classes, unit=unit, test=TEST, test_seed=SEED)
    return classes, {
        seed: splits.manifest(labelled, held_out, classes, seed=seed, test_seed=SEED, **SETTINGS | settings)
        for seed in seeds
    }


def counted(labelled, unit, seeds=(1,)):
    classes, manifests = split(labelled, unit, seeds)
    return siblings.by_unit(labelled, classes, manifests, unit=unit, test=TEST, test_seed=SEED, **SETTINGS)


def shares(found, seed=1):
    own = found[found["seed"] == seed].set_index(["unit", "label"])
    return own["n_with_sibling"] / own["n_images"]


@pytest.fixture(scope="module")
def paper():
    """The cohort of the paper."""
    labelled = cohort(EXAMS)
    assert len(labelled) == 4 * 954
    return labelled


@pytest.mark.parametrize("unit", tables.UNITS)
def test_the_papers_split_leaks_and_ours_does_not(paper, unit, tmp_path):
    """Whatever the run's own unit is, all three are counted."""
    found = counted(paper, unit, seeds=(1, 2))
    tables.write(found, tmp_path / "s.tsv", tables.SIBLINGS)
    assert len(tables.read(tmp_path / "s.tsv", tables.SIBLINGS)) == 3 * 2 * 5
    for seed in (1, 2):
        share = shares(found, seed)
        assert share["image", "a"] == pytest.approx(0.98, abs=0.03)
        assert (share["patient"] == 0).all()
        # One exam a patient: whoever keeps exams together keeps patients together.
        assert (share["exam"] == 0).all()


def test_the_leak_of_a_split_by_image_is_that_of_the_closed_form(paper):
    """Of an image's three siblings none is trained on with probability (1 - p) ** 3, p the share that is trained on."""
    found = counted(paper, "patient", seeds=tuple(range(20)))
    _, manifests = split(paper, "image", seeds=tuple(range(20)))
    for label, exams in EXAMS.items():
        trained = [((m["label"] == label) & (m["subset"] == "train")).sum() / (4 * exams) for m in manifests.values()]
        p = sum(trained) / len(trained)
        expected = 1 - (1 - p) ** 3
        own = found[(found["unit"] == "image") & (found["label"] == label)]
        assert own["n_images"].nunique() == 1  # the test is drawn once, and downsampled
        n = own["n_images"].iloc[0]
        # All seeds share their test images, so that they are no more independent than those of one seed.
        deviation = math.sqrt(expected * (1 - expected) / n)
        assert own["n_with_sibling"].sum() / own["n_images"].sum() == pytest.approx(expected, abs=4 * deviation)


def hand_made():
    """Two patients of two exams: of the first an image trains, of the second none."""
    labelled = cohort({"a": 3, "b": 1}, exams_a_patient=2)
    subsets = ["test", "validation", "unused", "test", "train", *["unused"] * 3]
    subsets += ["test", *["validation"] * 3, "test", "validation", "test", "unused"]
    rows = labelled.assign(subset=subsets, held_out="development").to_dict("records")
    return labelled, tables.frame_of(rows, tables.MANIFEST)


def test_a_sibling_is_another_image_of_the_same_person_in_training(caplog):
    labelled, manifest = hand_made()
    classes = splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=1, small_class="stop")
    count = {"unit": "image", "test": TEST, "test_seed": SEED, **SETTINGS}
    found = siblings.by_unit(labelled, classes, {1: manifest}, **count)
    # Two patients, or four exams, cannot be split: such a split is not counted, and the log says so.
    assert found.to_dict("split")["data"] == [["image", 1, "a", 3, 2], ["image", 1, "b", 2, 0], ["image", 1, "", 5, 2]]
    assert "split by patient, seed 1: not counted: config: class" in caplog.text
    one_person = siblings.by_unit(labelled.assign(group_id="p0"), classes, {1: manifest}, **count)
    assert one_person["n_with_sibling"].tolist() == [3, 2, 5]


def test_a_person_on_two_sides_of_a_split_by_patient_stops_the_run():
    labelled, manifest = hand_made()
    sound = manifest.assign(subset=manifest["patient_id"].map({"p0": "train", "p1": "test"}))
    siblings.check_persons(labelled, {1: sound})
    with pytest.raises(UserError, match=r"seed2/manifest.tsv: 1 persons are in more than one of train"):
        siblings.check_persons(labelled.assign(group_id="p0"), {2: sound})
    with pytest.raises(UserError, match="2 persons"):
        siblings.check_persons(labelled, {1: sound, 2: manifest})


def test_the_sentence_says_what_each_unit_would_give(paper):
    found = counted(paper, "patient")
    percent = round(100 * shares(found)["image", "a"])
    assert pages.sentence(found, TASK, unit="patient") == (
        f"Split by image, {percent} % of the test images of class a have another image of the same patient "
        "in training; split by exam, none; split by patient, none. This run splits by patient."
    )


def test_the_table_marks_the_unit_of_the_run_and_shows_counts_and_percent(paper):
    found = counted(paper, "image", seeds=(3, 7))
    table = pages.table(found, TASK, unit="image")
    assert table.columns == ("split by", "class a", "class b", "class c", "class d", "all classes")
    assert [row[0] for row in table.rows] == ["image: this run", "exam", "patient"]
    own = found[(found["seed"] == 3) & (found["unit"] == "image")].set_index("label")
    with_sibling, n = own.loc["a", ["n_with_sibling", "n_images"]]
    assert table.rows[0][1] == f"{with_sibling} of {n}\n{round(100 * with_sibling / n)} %"
    assert {row.split("\n")[1] for row in table.rows[2][1:]} == {"0 %"}
    assert table.caption.endswith("seed 3")


def test_what_could_not_be_counted_is_left_out_of_sentence_and_table():
    rows = [("image", "a", 200, 199), ("image", "b", 0, 0), ("patient", "a", 300, 1), ("patient", "b", 10, 10)]
    found = tables.frame_of(
        [{"seed": 1, "unit": u, "label": k, "n_images": n, "n_with_sibling": m} for u, k, n, m in rows], tables.SIBLINGS
    )
    said = pages.sentence(found, TASK, unit="patient")
    assert said.startswith("Split by image, 99 % of the test images of class a")
    assert "training; split by patient, 1 %. This run" in said
    table = pages.table(found, TASK, unit="patient")
    assert [row[:3] for row in table.rows] == [
        ("image", "199 of 200\n99 %", "0 of 0\n–"),
        ("exam", "–", "–"),
        ("patient: this run", "1 of 300\n1 %", "10 of 10\n100 %"),
    ]


@pytest.mark.parametrize(("unit", "what"), [("image", "views"), ("exam", "exams")])
def test_a_leaking_unit_is_said_beside_the_other_caveats(unit, what):
    said = f"split by {unit}: {what} of one patient are on both sides"
    by_unit = merge(SHIPPED, {"split": {"unit": unit}})
    assert caveats.short(by_unit) == f"{caveats.UNTRAINED}; {said}"
    assert caveats.short(by_unit | {"weights": "pretrained"}) == f"synthetic demo: nothing clinical; {said}"
    own = {"weights": "pretrained", "dataset": {"kind": "folder"}}
    assert caveats.short(by_unit | own) == said
    assert caveats.full(by_unit | own)[0].startswith(f"Split by {unit}: {what} of one patient are in training")
    assert len(caveats.full(by_unit)) == 3
    assert caveats.of_labels(by_unit)[-1].startswith(f"Split by {unit}")


def test_the_users_files_of_a_split_are_not_shown():
    persons = {"table": "/data/jane_doe.csv", "patient_column": "id", "person_column": "person"}
    own = merge(SHIPPED, {"split": {"same_persons": persons, "test_patients": "/data/jane_doe.tsv"}})
    assert "jane_doe" not in str(caveats.public(own))
    assert caveats.public(own)["split"] == SHIPPED["split"]


def test_a_split_by_patient_needs_no_caveat():
    assert caveats.short(SHIPPED) == caveats.UNTRAINED
    assert not [said for said in caveats.full(SHIPPED) if "plit by" in said]


# The paper's protocol on a demo as small as it gets; experiments of one view each, which only their merge shows.
SMALL = {
    "demo": {"exams": 24, "class_mix": "equal", "max_epochs": 2},
    "shards": 1,
    "split": {"seeds": [1], "min_patients_per_class": 3},
    "evaluation": {"resamples": 100},
    "experiments": {
        "probe_cc": {"method": "linear_probe", "recipe": "paper", "encoder": "biomedclip", "views": ["CC"]},
        "histogram_mlo": {"method": "histogram", "recipe": "paper", "views": ["MLO"]},
        "by_view": {"method": "merge", "of": ["probe_cc", "histogram_mlo"]},
    },
    "run": ["by_view", "histogram_mlo", "majority"],
}


@pytest.fixture(scope="module")
def of_the_paper(snakemake_run, tmp_path_factory):
    """A folder in which the paper's protocol has run."""
    folder = tmp_path_factory.mktemp("paper")
    (folder / "mine.yaml").write_text(yaml.safe_dump(SMALL))
    done = snakemake_run(folder, "--configfile", REPO / "config/paper.yaml", folder / "mine.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    return folder


@pytest.mark.workflow
def test_the_papers_protocol_says_on_its_page_how_much_it_leaks(of_the_paper):
    page = (of_the_paper / "results/report/report.html").read_text()
    text = re.sub(r"\s+", " ", page)
    said = re.search(
        r"Split by image, (\d+) % of the test images of class \w .*? split by patient, none\. This run", text
    )
    assert int(said.group(1)) > 0
    assert "⚠ Split by image: views of one patient are in training as well as in the test." in text
    short = f"⚠ {caveats.UNTRAINED}; split by image: views of one patient are on both sides"
    captions = re.findall(r"<(?:fig)?caption>(.*?)</(?:fig)?caption>", text)
    without = [one for one in captions if short not in one]
    assert [one for one in without if not one.startswith("Time by rule")] == [
        "Experiments",
        "What went in",
        "Machine that made this page",
        "Versions, in the environment that made this page",
    ]
    found = tables.read(of_the_paper / "results/splits/siblings.tsv", tables.SIBLINGS)
    share = shares(found)
    assert share["image", "a"] > 0.5
    assert (share["patient"] == 0).all()


@pytest.mark.workflow
def test_a_merge_holds_what_its_members_predict_and_they_are_not_shown(of_the_paper):
    results = of_the_paper / "results"
    manifest = tables.read(results / "splits/seed1/manifest.tsv", tables.MANIFEST).set_index("image_id")
    of_view = {
        name: tables.read(results / f"predictions/{name}/seed1.tsv", tables.PREDICTIONS).set_index("image_id")
        for name in ("probe_cc", "histogram_mlo", "by_view")
    }
    for name, view in (("probe_cc", "CC"), ("histogram_mlo", "MLO")):
        own = of_view[name]
        assert set(own.index) == set(manifest.index[manifest["view"] == view])
        pd.testing.assert_frame_equal(own, of_view["by_view"].loc[own.index])
    assert set(of_view["by_view"].index) == set(manifest.index)
    metrics = {path.stem for path in (results / "metrics").glob("*.tsv")}
    assert metrics == {"by_view", "histogram_mlo", "majority", "comparisons"}
    table1 = tables.read(results / "tables/table1.tsv", tables.TABLE1)
    assert table1["experiment"].tolist() == SMALL["run"]
    n = table1.set_index("experiment")["n_images"]
    test = manifest[manifest["subset"] == "test"]
    assert n.to_dict() == {
        "by_view": len(test), "majority": len(test), "histogram_mlo": (test["view"] == "MLO").sum()
    }  # fmt: skip
