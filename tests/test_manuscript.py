"""Text for a manuscript, limitations, checklist and provenance say what the run was, and nothing that it was not."""

import hashlib
import platform
import re
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from mammoflow import caveats, machine, tables, tasks
from mammoflow.evaluation import table1
from mammoflow.models import baselines, probes
from mammoflow.pages import checklist, limitations, manuscript, provenance
from mammoflow.pages.study import DATASETS, Study
from tests.test_plots import ROOT, SETTINGS, TASK, make_classes, make_exams, make_images, make_manifest

VERSIONS = {"python": "3.11.7", "torch": "2.0", "timm": "not in the environment that made this page"}
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
MORE = {
    "probe": {"method": "linear_probe", "recipe": "device", "encoder": "biomedclip", "views": ["CC"]},
    "warm": {"method": "calibrate", "from": "zero_shot", "by": "temperature"},
    "both": {"method": "merge", "of": ["probe", "convnext"]},
    "grey": {"method": "histogram", "recipe": "device"},
    "draw": {"method": "random"},
}
ALL = SETTINGS | MORE


def make_labels(exams):
    text = dict.fromkeys(tables.LABELS.columns, "") | {"level": "exam"}
    rows = [
        text | {"exam_id": row.exam_id, "status": row.label_status, "label": "c" if row.included else ""}
        for row in exams[exams["label_status"] != "missing"].itertuples()
    ]
    return tables.frame_of(rows, tables.LABELS)


def make_tried():
    row = {"epoch": 7, "validation_accuracy": 0.5, "seed": 1, "validation_loss": 1.0}
    rows = [
        row | {"position": at, "setting": f"learning_rate=0.{at + 1} weight_decay=0.001", "chosen": at == 1}
        for at in (0, 1)
    ]
    return tables.frame_of(rows, tables.CHOICES)


def make_fitted():
    row = {"bits_stored": 12, "tensor": "t", "sha256": "ab" * 32, "reason": "", "matching": "device"}
    rows = [row | {"device": f"Maker {i}", "n_images": 30 + i, "status": "matched"} for i in range(2)]
    unmatched = {"device": "Maker 2", "n_images": 2, "status": "unmatched", "reason": "too_few_images"}
    return tables.frame_of([*rows, row | unmatched], tables.MATCHING)


def make_study(experiments=ALL, **other):
    manifest = make_manifest()
    exams = make_exams(manifest)
    halves = [{"patient_id": one, "unit": "patient", "held_out": "test", "by": "draw"} for one in ("p1", "p2")]
    parsed = [{"exam_id": f"e{i}", "texts": 1, "language": "es", "status": "parsed"} for i in range(1234)]
    given = {
        "task": TASK,
        "config": caveats.public(CONFIG | {"experiments": CONFIG["experiments"] | experiments}),
        "experiments": experiments,
        "shown": list(experiments),
        "views": {name: own.get("views", []) for name, own in experiments.items()},
        "images": make_images(manifest),
        "exams": exams,
        "labels": make_labels(exams),
        "classes": make_classes(manifest),
        "test_patients": tables.frame_of(halves, tables.TEST_PATIENTS),
        "manifests": {1: manifest, 2: manifest},
        "matching": {"paper": tables.empty(tables.MATCHING), "device": make_fitted()},
        "frozen": [],
        "reports": tables.frame_of(parsed, tables.REPORTS),
        "audit": None,
        "tunings": {"convnext": {"training": "modern", "head": "coral", "side": 192, "replaced": {"batch": 48}}},
        "probes": {"probe": {"max_epochs": 123}},
        "choices": {"probe": make_tried()},
    }
    given["tunings"]["convnext"]["most_epochs"] = 17
    return Study(**given | other)


def changed(study, **sections):
    """The study with some settings of sections of its configuration replaced."""
    config = study.config
    settled = {key: config[key] | own if isinstance(own, dict) else own for key, own in sections.items()}
    return replace(study, config=config | settled)


def text_of(study):
    said = manuscript.methods(study, commit="0123abc", versions=VERSIONS)
    return {head: text for head, text in said}  # noqa: C416 heads are unique


def test_text_holds_the_counts_of_the_run():
    study = make_study()
    said, first = text_of(study), study.first
    assert f"Of {len(study.images):,} image files, {len(first):,} were accepted" in said["Data"]
    assert "by reason: 3 duplicate, 3 not for presentation, 3 truncated" in said["Data"]
    assert f"Of {len(study.exams)} exams, {first['exam_id'].nunique()} (60 patients) were included" in said["Data"]
    assert "3 label ambiguous, 1 report missing" in said["Data"]
    assert "3 device groups" in said["Data"]
    assert "1,234 radiology reports (Spanish)" in said["Reference standard"]
    assert "ambiguous and left out 3" in said["Reference standard"]
    for subset in ("train", "validation", "test"):
        own = first[first["subset"] == subset]
        counts = [own[f"{thing}_id"].nunique() for thing in ("patient", "exam", "image")]
        assert "{} {} patients, {} exams and {} images".format(subset, *counts) in said["Partitions"]
    assert (
        "2 lookup tables, fitted on 61 images of development patients only, classes weighted equally" in said["Images"]
    )


def test_text_holds_the_settings_of_the_run():
    study = changed(make_study(), evaluation={"resamples": 4321, "seed": 9}, split={"test": 0.125, "test_seed": 77})
    said = text_of(study)
    assert "4,321 bootstrap resamples" in said["Evaluation"]
    assert "(seed 9)" in said["Evaluation"]
    assert "12.5 % of the patients of each stratum" in said["Partitions"]
    assert "(seed 77)" in said["Partitions"]
    assert "192 by 192 pixels" in said["Models"]
    assert "batches of 48) for at most 17 epochs" in said["Models"]
    assert "CORAL" in said["Models"]
    assert "label smoothing 0.1" in said["Models"]
    assert "batches of 64 for at most 123 epochs, until 10 epochs" in said["Models"]
    assert "Of 2 settings one was chosen on the validation images; with seed 1: learning rate = 0.2" in said["Models"]
    assert "trained on and predicted CC views only" in said["Models"]
    assert "the mean of the probabilities of probe and convnext" in said["Models"]
    assert f"in {baselines.BINS} bands" in said["Baselines"]
    assert "commit 0123abc" in said["Software"]
    assert "python 3.11.7 and torch 2.0" in said["Software"]


def test_what_was_not_run_is_not_spoken_of():
    bare = make_study({"majority": SETTINGS["majority"]}, matching={})
    said = text_of(bare)
    assert list(said) == [
        "Data",
        "Reference standard",
        "Images",
        "Partitions",
        "Baselines",
        "Evaluation",
        "Software",
    ]
    whole = " ".join(said.values())
    for word in ("convnext", "encoder", "Holm", "zero-shot", "recipe", "AdamW", "histogram"):
        assert word not in whole
    assert "Holm" in text_of(make_study())["Evaluation"]


@pytest.mark.parametrize("kind", ["demo", "folder", *DATASETS])
@pytest.mark.parametrize("source", ["reports", "table", "dataset"])
def test_every_data_set_and_source_of_labels_has_its_sentence(kind, source):
    study = changed(make_study(reports=None), dataset={"kind": kind}, labels={"source": source})
    said = text_of(study)
    assert (DATASETS.get(kind, "synthetic" if kind == "demo" else "local archive")) in said["Data"]
    assert {"reports": "rules", "table": "table of the study's own", "dataset": "annotations"}[source] in said[
        "Reference standard"
    ]


def test_every_data_set_of_the_schema_has_a_name():
    schema = (ROOT / "workflow/schemas/config.schema.yaml").read_text()
    kinds = re.search(r"enum: \[demo, folder, (.+?)\]", schema)
    assert list(DATASETS) == kinds[1].split(", ")


@pytest.mark.parametrize("task", ["density", "dense", "tissue", "benign_malignant"])
def test_every_task_has_its_sentences(task):
    of_task = tasks.load(ROOT / f"resources/tasks/{task}.yaml")
    study = make_study(task=of_task, manifests={1: make_manifest().assign(label=of_task.keys[0])})
    assert of_task.name in text_of(study)["Reference standard"]
    assert ("share of bright tissue" in " ".join(limits(study))) == (of_task.attribute == "density")


@pytest.mark.parametrize("method", table1.METHODS)
def test_every_method_has_its_sentence(method):
    own = {"encoder": "biomedclip", "recipe": "paper", "prompts": "paper", "model": "resnet18", "from": "majority"}
    own |= {"by": "bias", "of": ["majority"], "method": method}
    tuning = {"training": "paper", "head": "softmax", "side": 64, "replaced": {}, "most_epochs": None}
    study = make_study({"something": own}, tunings={"something": tuning}, probes={"something": {"max_epochs": 3}})
    said = text_of(study)
    whole = said.get("Models", "") + said.get("Baselines", "")
    assert whole.count("something") == 1
    assert (("Baselines" in said), ("Models" in said)) == (method in table1.BASELINES, method not in table1.BASELINES)


def test_every_recipe_of_the_catalogue_has_its_sentence():
    fitted = dict.fromkeys(CONFIG["recipes"], tables.empty(tables.MATCHING))
    said = text_of(make_study(matching=fitted))["Images"]
    for name, recipe in CONFIG["recipes"].items():
        assert f"In the recipe {name}, " in said
        assert f"at most {recipe['longest_side']:,} pixels" in said
    assert "clip limit 2, 8 by 8 tiles" in said
    frozen = make_study(frozen=["device"])
    assert "an earlier run" in text_of(frozen)["Images"]


def test_defaults_of_probes_are_those_that_they_are_trained_with():
    defaults = probes.Settings()
    assert {key: getattr(defaults, key) for key in manuscript.PROBE_DEFAULTS} == manuscript.PROBE_DEFAULTS


def test_text_begins_with_the_warning_only_where_there_is_one():
    study = make_study()
    assert "untrained random weights" in manuscript.warning(study)
    assert "synthetic" in manuscript.warning(study)
    pretrained = changed(study, weights="pretrained")
    assert "untrained" not in manuscript.warning(pretrained)
    assert manuscript.warning(changed(pretrained, dataset={"kind": "folder"})) == ""
    assert "random weights" not in text_of(pretrained)["Models"]
    assert "revision 9f341de" in text_of(pretrained)["Models"]


def test_own_weights_and_encoders_show_no_place_of_the_user():
    own = ALL["convnext"] | {"weights_file": "/home/somebody/mine.pth"}
    study = changed(make_study(ALL | {"convnext": own}), weights="pretrained")
    encoders = {"biomedclip": {"source": "local-dir:/home/somebody/clip", "revision": "main"}}
    whole = " ".join(text_of(replace(study, config=study.config | {"encoders": encoders})).values())
    assert "weights of the study's own" in whole
    assert "somebody" not in whole


def limits(study):
    return limitations.sentences(study, ["CAVEAT."])


def test_only_limitations_that_hold_are_named():
    study = make_study()
    said = " ".join(limits(study))
    assert said.startswith("CAVEAT.")
    assert "only 9 patients" in said  # every seventh of 60
    assert "ambiguous report: 3 exams" in said
    assert "probe predicts CC views only" in said
    assert "(recipe paper)" in said
    assert "not held against labels known from elsewhere" in said
    for absent in ("more than one of train", "one seed", "dropped", "one archive", "translation"):
        assert absent not in said


def test_limitations_follow_the_run():
    study = make_study({"majority": SETTINGS["majority"]})
    leaking = study.first.assign(subset=["train", "test"] * (len(study.first) // 2))
    n = leaking["patient_id"].nunique()
    classes = study.classes.assign(status=["dropped", "merged", "kept", "kept"])
    other = replace(study, manifests={1: leaking}, classes=classes, matching={}, reports=None)
    other = changed(other, dataset={"kind": "folder"}, labels={"source": "table", "level": "image"})
    said = " ".join(limits(other))
    assert f"{n} patients had images in more than one" in said
    assert "one seed" in said
    assert "one archive" in said
    assert "dropped and cannot be told by any method: almost entirely fatty (a)" in said
    assert "merged" in said
    for absent in ("what reports say", "one label", "(recipe", "views only", "only 9 patients"):
        assert absent not in said
    nameless = replace(other, images=other.images.assign(device=""))
    assert "Devices are not known" in " ".join(limits(nameless))


def test_checklist_answers_from_the_run_or_says_that_it_cannot():
    audit = tables.frame_of(
        [{"exam_id": f"e{i}", "stated": "b", "found": "b", "agree": i > 0} for i in range(8)], tables.AUDIT
    )
    table = checklist.table(make_study(audit=audit), commit="0123abc", limitations=7)
    answers = {topic: answer for topic, _, answer in table.rows}
    assert len(answers) == len(table.rows) >= 20
    assert {guide for _, guide, _ in table.rows} == {"both", "CLAIM", "TRIPOD+AI"}
    assert "7 of 8 labels the same" in answers["agreement of readers"]
    assert "2 seeds" in answers["training, and choice of settings"]
    assert answers["models that combine others"] == "both"
    assert "9 patients" in answers["size of the sample"]
    assert answers["limitations"].startswith("7 ")
    assert "0123abc" in answers["code and its version"]
    assert answers["ethics approval and consent"].startswith("not answered by a run")
    assert not re.search(r"[Ii]tem \d", " ".join(map(str, table.rows)))


def test_digest_of_inputs_is_that_of_their_sorted_hashes():
    images = make_study().images
    images["file_blake3"] = ["" if i == 3 else f"{i % 7:064x}" for i in range(len(images))]
    hashes = sorted(one for one in images["file_blake3"] if one)
    by_hand = hashlib.sha256(("\n".join(hashes) + "\n").encode()).hexdigest()
    files = tables.frame_of(
        [
            {"file": f"/home/somebody/{i}", "bytes": 2**20, "sha256": f"{i:064x}", "source": source}
            for i, source in enumerate(("local-dir:/home/somebody", "file:somebody.pth"))
        ],
        tables.MODEL_FILES,
    )
    table = provenance.inputs(images, {"clip": files}, "feedbeef")
    rows = {what: (size, digest) for what, size, digest in table.rows}
    assert rows["image files"] == (f"{len(hashes)} files", by_hand)
    assert rows["clip"][0] == "2 files, 2.0 MiB, a file of the user's"
    assert rows["id key"][1] == "feedbeef"
    assert "somebody" not in str(table)
    shuffled = images.sample(frac=1, random_state=1)
    assert provenance.inputs(shuffled, {"clip": files}, "feedbeef") == table
    assert "public" in str(provenance.inputs(images, {}, "").rows)


def test_models_of_the_hub_are_named_with_their_commit():
    row = {"file": "a", "bytes": 1, "sha256": "0" * 64, "source": "hf-hub:timm/x", "revision": "c0ffee"}
    table = provenance.inputs(tables.empty(tables.IMAGES), {"x": tables.frame_of([row], tables.MODEL_FILES)}, "")
    assert table.rows[1][1] == "1 file, 0.0 MiB, timm/x c0ffee"


def test_times_are_summed_by_rule_of_this_run_and_the_longest_is_first(tmp_path):
    def write(name, seconds, peak):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        pd.DataFrame({"s": [seconds], "h:m:s": ["0:00"], "max_rss": [peak]}).to_csv(path, sep="\t", index=False)

    write("quick.tsv", 2.4, "NA")
    write("slow/a/1.tsv", 1000, 300.0)
    write("slow/b.tsv", 500.6, 400.4)
    write("gone.tsv", 9, 9)
    table = provenance.times(tmp_path, ["quick", "slow", "never_run"])
    assert table.rows == [("slow", 2, 1501, 400), ("quick", 1, 2, None)]
    assert "1,503 seconds" in table.caption
    assert provenance.times(tmp_path / "none", ["quick"]).rows == []


def test_machine_is_told_without_names():
    about = machine.about()
    assert set(about) == {"processor", "cores", "memory", "graphics cards", "operating system"}
    assert int(about["cores"]) > 0
    assert all(about.values())
    assert re.fullmatch(r"\d+ GiB|unknown", about["memory"])
    assert platform.node() not in " ".join(about.values()).split()
    assert provenance.machine(about).rows == list(about.items())
