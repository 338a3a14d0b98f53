"""Snakemake for real, on a small demo: every table, the same bytes twice, and only what must run again."""

import base64
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
import yaml

from mammoflow import tables
from mammoflow.models import embeddings, heads, records
from mammoflow.pages import html
from tests import sound_splits
from tests.conftest import REPO

pytestmark = pytest.mark.workflow

SMALL = {
    "demo": {"exams": 24, "class_mix": "equal", "max_epochs": 2},
    "shards": 2,
    "split": {"seeds": [1], "min_patients_per_class": 3},
    "evaluation": {"resamples": 200},
    "run": ["zero_shot", "linear_probe", "convnext", "majority", "random", "histogram_device"],
    "few_shot": {"experiments": []},
}


def copy_workflow(source, place):
    """The workflow as a checkout of its own, which a test may edit."""
    place.mkdir()
    for name in ("Snakefile", "config.yaml"):
        shutil.copy2(source / name, place / name)
    for name in ("rules", "workflow", "profiles", "envs", "resources", "config"):
        shutil.copytree(source / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def write_config(place, settings):
    (place / "mine.yaml").write_text(yaml.safe_dump(settings))
    return place / "mine.yaml"


def run(repo, directory, *arguments, cores=2):
    """Run the workflow of a checkout in a folder with the settings there; the output, where it went well."""
    command = [sys.executable, "-m", "snakemake", "-s", repo / "Snakefile", "--directory", directory]
    # The configuration comes last: a target after it would be taken for another one.
    command += ["--cores", cores, *arguments, "--configfile", directory / "mine.yaml"]
    done = subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, cwd=directory,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def planned(output):
    """Rule and reason of each job in the output of a dry run."""
    jobs = re.findall(r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    reason: (.*)$", output, flags=re.MULTILINE)
    return [(rule, reason) for rule, reason in jobs if rule != "all"]


def content(directory):
    """Hash of every table and PNG below results, but for measurements of time and what is kept by content."""
    files = [*directory.glob("results/**/*.tsv"), *directory.glob("results/**/*.png")]
    kept = [path for path in files if not {"benchmarks", "work"} & set(path.relative_to(directory).parts)]
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    return copy_workflow(REPO, tmp_path_factory.mktemp("session") / "checkout")


@pytest.fixture(scope="session")
def demo(checkout):
    """A folder in which the small demo has run."""
    directory = checkout.parent / "demo"
    directory.mkdir()
    write_config(directory, SMALL)
    run(checkout, directory)
    return directory


def predictions(directory):
    return sorted((directory / "results/predictions").glob("*/seed*.tsv"))


def test_after_a_run_there_is_nothing_to_be_done(demo, checkout):
    assert "Nothing to be done" in run(checkout, demo, "-n")


def test_every_method_writes_the_one_predictions_table(demo):
    labelled = tables.read(demo / "results/cohort/labelled_images.tsv", tables.LABELLED_IMAGES)
    files = predictions(demo)
    assert len(files) == 6
    for path in files:
        table = tables.read(path, tables.PREDICTIONS)
        assert list(table["image_id"]) == sorted(labelled["image_id"])
        assert tables.predicted_classes(table) == ["a", "b", "c", "d"]
        np.testing.assert_allclose(table[["p_a", "p_b", "p_c", "p_d"]].sum(axis=1), 1, atol=1e-9)


def saved(directory, experiment):
    return directory / f"results/models/trained/{experiment}/seed1"


def test_a_saved_network_is_loaded_by_timm_alone(demo):
    """In the three lines of its card, and with its own configuration as the only word on what it sees."""
    import timm
    import torch
    from PIL import Image

    folder = saved(demo, "convnext")
    network = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    config = json.loads((folder / "config.json").read_text())
    data = timm.data.resolve_model_data_config(network)
    expected = tables.read(demo / "results/predictions/convnext/seed1.tsv", tables.PREDICTIONS)
    pngs = tables.read_all([demo / f"results/png/paper/{shard}.tsv" for shard in range(2)], tables.PNGS)
    files = pngs.set_index("image_id").loc[expected["image_id"], "file"]
    greys = []
    for file in files:
        picture = Image.open(demo / file).convert("L")
        square = Image.new("L", (max(picture.size), max(picture.size)))
        square.paste(picture, tuple((max(picture.size) - side) // 2 for side in picture.size))
        greys.append(np.array(square.resize((data["input_size"][-1],) * 2, Image.Resampling.BOX), dtype=np.float32))
    shares = torch.from_numpy(np.stack(greys) / 255).unsqueeze(1).expand(-1, 3, -1, -1)
    mean, std = (torch.tensor(data[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        found = network((shares - mean) / std).softmax(dim=1).numpy()
    assert config["label_names"] == tables.predicted_classes(expected)
    # Pictures were brought to size by another library here: near, and the same class unless two are as likely.
    probabilities = expected[tables.probability_columns(config["label_names"])].to_numpy()
    np.testing.assert_allclose(found, probabilities, atol=0.02)


def test_saved_models_say_how_they_were_trained(demo):
    network, probe = (records.read(saved(demo, name)) for name in ("convnext", "linear_probe"))
    assert (network.training["learning_rate"], network.training["batch"], network.training["patience"]) == (
        1e-4,
        64,
        10,
    )
    settings = {key: probe.training[key] for key in ("learning_rate", "weight_decay", "batch", "patience")}
    assert settings == {"learning_rate": [1e-4], "weight_decay": [1e-3], "batch": 64, "patience": 10}
    for record in (network, probe):
        assert "mean nothing" in (saved(demo, record.experiment) / "README.md").read_text()
        manifest = tables.read(demo / "results/splits/seed1/manifest.tsv", tables.MANIFEST)
        counts = manifest["subset"].value_counts().to_dict()
        assert {name: own["images"] for name, own in record.subsets.items()} == counts
    head, _ = heads.read(saved(demo, "linear_probe") / "head.safetensors")
    expected = tables.read(demo / "results/predictions/linear_probe/seed1.tsv", tables.PREDICTIONS)
    index = [demo / f"results/embeddings/biomedclip/paper/{shard}.tsv" for shard in range(2)]
    embedded = tables.read_all(index, tables.EMBEDDINGS)
    embedded["file"] = [str(demo / file) for file in embedded["file"]]
    vectors = embeddings.lookup(embedded, expected["image_id"], probe.training["features"])
    np.testing.assert_allclose(
        head.probabilities(vectors), expected[tables.probability_columns(probe.classes)].to_numpy(), atol=1e-12
    )


def test_no_patient_is_in_two_subsets(demo):
    manifest = tables.read(demo / "results/splits/seed1/manifest.tsv", tables.MANIFEST)
    used = manifest[manifest["subset"] != "unused"]
    assert set(used["subset"]) == {"train", "validation", "test"}
    assert used.groupby("patient_id")["subset"].nunique().max() == 1
    sound_splits.check(demo, seeds=(1,))


def grouped(table, level):
    """Rows of a level: probabilities averaged over an exam's or a breast's images."""
    keys = {"image": ["image_id"], "breast": ["exam_id", "laterality"], "exam": ["exam_id"]}[level]
    names = [name for name in table.columns if name.startswith("p_")]
    groups = table.groupby(keys)
    assert groups["label"].nunique().max() == 1
    return groups["label"].first().to_numpy(), groups[names].mean().to_numpy()


@pytest.mark.parametrize("level", ["image", "breast", "exam"])
def test_metrics_are_those_of_scikit_learn_on_the_written_predictions(demo, level):
    classes = ["a", "b", "c", "d"]
    checked = 0
    for path in predictions(demo):
        metrics = tables.read(demo / f"results/metrics/{path.parent.name}.tsv", tables.METRICS)
        metrics = metrics[(metrics["level"] == level) & (metrics["subset"] == "test") & (metrics["subgroup"] == "")]
        value = metrics.set_index(["metric", "class"])["value"]
        table = tables.read(path, tables.PREDICTIONS)
        truth, probabilities = grouped(table[table["subset"] == "test"], level)
        guess = np.array(classes)[probabilities.argmax(axis=1)]
        f1 = sklearn.metrics.f1_score(truth, guess, labels=classes, average=None, zero_division=0)
        expected = {
            ("accuracy", ""): sklearn.metrics.accuracy_score(truth, guess),
            ("balanced_accuracy", ""): sklearn.metrics.balanced_accuracy_score(truth, guess),
            ("f1_macro", ""): f1.mean(),
            ("f1_weighted", ""): sklearn.metrics.f1_score(
                truth, guess, labels=classes, average="weighted", zero_division=0
            ),
            ("kappa_quadratic", ""): sklearn.metrics.cohen_kappa_score(
                truth, guess, labels=classes, weights="quadratic"
            ),
            ("auroc_macro", ""): np.mean(
                [
                    sklearn.metrics.roc_auc_score(truth == one, probabilities[:, place])
                    for place, one in enumerate(classes)
                ]
            ),
            **{("f1", one): f1[place] for place, one in enumerate(classes)},
        }
        for key, number in expected.items():
            assert value[key] == pytest.approx(number, abs=1e-12), (path, key)
            checked += 1
    assert checked == 6 * 10


def test_the_label_audit_finds_what_the_reports_state(demo):
    audit = tables.read(demo / "results/labels/audit.tsv", tables.AUDIT)
    wrong = audit[~audit["agree"] & ~audit["found"].isin(["none", "ambiguous"])]
    assert len(wrong) == 0
    assert audit["agree"].mean() > 0.9


def test_every_file_found_is_accounted_for(demo):
    files = [tables.read(path, tables.INPUT_FILES) for path in demo.glob("results/demo/inputs/[0-9]*.tsv")]
    images = tables.read(demo / "results/images/images.tsv", tables.IMAGES)
    exams = tables.read(demo / "results/cohort/exams.tsv", tables.EXAMS)
    assert len(images) == sum(map(len, files))
    assert {"accepted", "excluded", "quarantined"} == set(images["status"])
    counted = exams[["images_accepted", "images_excluded", "images_quarantined"]].to_numpy().sum()
    assert counted == (images["exam_id"] != "").sum()
    assert (exams["included"] == (exams["reason"] == "")).all()


def test_the_page_says_that_its_numbers_mean_nothing(demo):
    page = (demo / "results/report/report.html").read_text()
    assert "these numbers mean nothing" in page
    assert "Synthetic demo" in page
    assert not re.search(r"""(src|href)=["']https?://""", page)


def test_the_page_shows_where_networks_looked(demo):
    folder = demo / "results/figures/explanations"
    assert {path.name for path in folder.iterdir()} == {"convnext.png", "convnext.pdf", "convnext.svg"}
    assert (folder / "convnext.png").stat().st_size < 2_000_000
    page = (demo / "results/report/report.html").read_text()
    assert html.figure(folder / "convnext.png", caption="", alt="").data in page
    assert "where the score is sensitive, not why" in page


def test_snakemakes_own_report_is_made(demo, checkout):
    run(checkout, demo, "--report", demo / "snakemake-report.html")
    page = (demo / "snakemake-report.html").read_text()
    for category in ("Cohort", "Images", "Results", "Training", "Explanations"):
        assert category in page


def test_a_job_that_starts_reads_no_list_of_files(tmp_path, checkout):
    """The Snakefile is read for every job, and a cohort's lists are long."""
    for name in ("images", "reports", "private/inputs"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("0", "1", "reports"):
        (tmp_path / f"private/inputs/{name}.tsv").write_text("no\nlist\n")
    folder = {"kind": "folder", "images": str(tmp_path / "images"), "reports": str(tmp_path / "reports")}
    write_config(tmp_path, {"dataset": folder, "shards": 2})
    run(checkout, tmp_path, "--mode", "subprocess", "--list-rules")


def test_a_job_asks_for_memory_by_the_size_of_its_tables(demo, checkout):
    told = run(checkout, demo, "results/figures/cohort.png", "--force", "-n")
    (files,) = re.findall(r"^    input: (.*)$", told, flags=re.MULTILINE)
    (asked,) = re.findall(r"^    resources: .*?mem_mb=(\d+)", told, flags=re.MULTILINE)
    tables_of_run = sum((demo / file).stat().st_size for file in files.split(", "))
    assert int(asked) == 1000 + math.ceil(8 * tables_of_run / 2**20)


def test_figures_are_drawn_from_what_is_there(demo, checkout):
    away = demo / "away"
    (demo / "results/figures").rename(away)
    try:
        rules = {rule for rule, _ in planned(run(checkout, demo, "figures", "-n"))}
    finally:
        away.rename(demo / "results/figures")
    # Tables do not follow from figures, so that these stay.
    assert {"plot_curves", "plot_mistakes", "plot_outline", "plot_embeddings"} < rules
    assert {rule for rule in rules if not rule.startswith("plot_")} == {"figures"}


def test_the_papers_figures_have_its_names(demo, checkout):
    run(checkout, demo, "paper_figures")
    paper, figures = demo / "results/paper", demo / "results/figures"
    sources = {"figure1": "cohort", "figure2": "outline"}
    sources |= {"figure3": "confusion/linear_probe", "figure4": "confusion/convnext"}
    try:
        made = {path.name for path in paper.iterdir()}
        assert made == {f"{name}.{ending}" for name in sources for ending in ("png", "pdf", "svg")} | {
            f"table1.{ending}" for ending in ("tsv", "html", "tex")
        }
        for name, source in sources.items():
            assert (paper / f"{name}.svg").read_bytes() == (figures / f"{source}.svg").read_bytes()
    finally:
        shutil.rmtree(paper)


@pytest.mark.long
def test_two_runs_are_the_same_bytes_and_gpu_jobs_never_overlap(demo, checkout, tmp_path):
    write_config(tmp_path, SMALL)
    run(checkout, tmp_path, cores=8)
    first, second = content(demo), content(tmp_path)
    assert len(first) > 100
    assert {name for name in first | second if first.get(name) != second.get(name)} == set()

    times = gpu_jobs(tmp_path)
    assert len(times) >= 3
    assert all(start >= end for (_, end), (start, _) in itertools.pairwise(times))


def gpu_jobs(directory):
    """Start and end of every job of a rule that asks for a GPU, in order, from Snakemake's own records."""
    jobs = {}
    for path in (directory / ".snakemake/metadata").rglob("*"):
        record = json.loads(path.read_text()) if path.is_file() else {}
        if record.get("rule") in ("embed_images", "fine_tune"):
            output = base64.urlsafe_b64decode(path.name + "==").decode()
            jobs[record["rule"], Path(output).stem] = (record["starttime"], record["endtime"])
    return sorted(jobs.values())


def test_a_run_of_one_baseline_needs_no_model(checkout, tmp_path):
    write_config(tmp_path, SMALL | {"run": ["majority"]})
    rules = {rule for rule, _ in planned(run(checkout, tmp_path, "-n"))}
    assert "predict_majority" in rules
    needless = ("embed", "fetch", "make_random", "fine_tune", "export", "save", "explain", "plot_training")
    assert not [rule for rule in rules if rule.startswith(needless)]


def test_the_whole_demo_is_within_its_jobs(checkout, tmp_path):
    write_config(tmp_path, {})
    output = run(checkout, tmp_path, "-n")
    assert int(re.search(r"^total\s+(\d+)", output, flags=re.MULTILINE).group(1)) <= 80


def users_of(checkout, module):
    """Rules whose script reaches this module, by reading imports once more."""
    scripts = checkout / "workflow/scripts"
    found = set()
    for path in scripts.glob("*.py"):
        if module in imports_of(scripts, path, set()):
            found.add(path.stem)
    return found


def imports_of(scripts, path, seen):
    """Names of the library's modules that a file reaches."""
    for name in re.findall(r"^\s*(?:from (mammoflow[\w.]*) import|import (mammoflow[\w.]*))", path.read_text(), re.M):
        package = (name[0] or name[1]).replace(".", "/")
        listed = re.findall(rf"^\s*from {re.escape(name[0])} import \(?([\w, \n]+)", path.read_text(), re.M)
        candidates = [package, *(f"{package}/{one.strip()}" for own in listed for one in re.split(r"[,\n]", own))]
        for candidate in candidates:
            file = scripts / f"{candidate}.py"
            if file.is_file() and candidate not in seen:
                seen.add(candidate)
                imports_of(scripts, file, seen)
    return seen


@pytest.mark.parametrize("module", ["mammoflow/cohort", "mammoflow/models/baselines", "mammoflow/demo/phantoms"])
def test_editing_a_module_reruns_exactly_its_users_and_what_follows(demo, checkout, module):
    path = checkout / f"workflow/scripts/{module}.py"
    before = path.read_text()
    path.write_text(before + "\n# An edit.\n")
    try:
        jobs = planned(run(checkout, demo, "-n"))
    finally:
        path.write_text(before)
    users = users_of(checkout, module) & {rule for rule, _ in jobs}
    assert users
    assert {rule for rule, reason in jobs if "Params have changed" in reason} == users
    for rule, reason in jobs:
        assert rule in users or "Input files updated by another job" in reason or "Code" in reason, (rule, reason)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"splitt": {}}, "config: splitt is {}; there is no such key; allowed keys: "),
        ({"weights": "imagenet"}, "config: weights is 'imagenet'; allowed: random, pretrained"),
        ({"split": {"test": None}}, "config: split.test is null; allowed: a number"),
        ({"run": ["resnet"]}, "config: run is 'resnet'; allowed: a name under experiments: "),
        ({"dataset": {"kind": "cdd_cesm", "root": "/nowhere", "variant": "subtracted"}}, "dataset"),
    ],
)
def test_a_wrong_setting_is_answered_in_one_line(snakemake_run, tmp_path, settings, message):
    done = snakemake_run(tmp_path, "-n", "--configfile", write_config(tmp_path, settings))
    ours = [line for line in done.stdout.splitlines() if "mammoflow: " in line]
    assert done.returncode != 0
    assert len(ours) == 1
    assert message in ours[0]
    assert "Traceback" not in done.stdout


def cdd_tree(root, rng):
    """A tree in CDD-CESM's layout: 10 patients of two classes, two sides, two views."""
    from PIL import Image

    folder = root / "Subtracted images of CDD-CESM"
    folder.mkdir(parents=True)
    rows = []
    for patient in range(1, 13):
        density = "BCD"[patient % 3]
        for side in "LR":
            for view in ("CC", "MLO"):
                pixels = np.zeros((96, 80), np.uint8)
                pixels[10:86, :60] = rng.integers(60, 120, (76, 60)) + 30 * (patient % 3)
                Image.fromarray(pixels).save(folder / f"P{patient}_{side}_CM_{view}.png")
                name = f" P{patient}_{side}_DM_{view}"
                about = (view, "50", "1", "Normal")
                rows.append((name, str(patient), side, "DM", density, *about))
                rows.append((name.replace("DM", "CM"), str(patient), side, "CESM", "_", *about))
    columns = ["Image_name", "Patient_ID", "Side", "Type", "Breast density (ACR)", "View", "Age", "Machine"]
    columns.append("Pathology Classification/ Follow up")
    book = root / "Radiology-manual-annotations.xlsx"
    pd.DataFrame(rows, columns=columns).to_excel(book, sheet_name="all", index=False)
    return root


@pytest.fixture(scope="module")
def tree_run(tmp_path_factory, checkout):
    """A folder in which a small tree of CDD-CESM has run, with a vision method and a baseline."""
    directory = tmp_path_factory.mktemp("cdd")
    root = cdd_tree(tmp_path_factory.mktemp("root"), np.random.default_rng(0))
    overlay = yaml.safe_load((REPO / "config/cdd_cesm.yaml").read_text())
    settings = {
        "dataset": overlay["dataset"] | {"root": str(root), "variant": "subtracted"},
        "labels": overlay["labels"],
        "split": overlay["split"] | {"seeds": [1], "min_patients_per_class": 3},
        "shards": 2,
        "evaluation": {"resamples": 100},
        "run": ["linear_probe", "majority"],
    }
    write_config(directory, settings)
    run(checkout, directory, "--resources", "gpu=1", cores=8)
    return directory, root


def test_gpu_jobs_never_overlap_under_the_option_either(tree_run):
    (_, end), (start, _) = gpu_jobs(tree_run[0])
    assert start >= end


def test_touching_an_image_scans_its_shard_only(tree_run, checkout):
    directory, root = tree_run
    path = root / "Subtracted images of CDD-CESM/P1_L_CM_CC.png"
    before = path.stat()
    os.utime(path)
    try:
        jobs = planned(run(checkout, directory, "-n"))
    finally:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "Nothing to be done" in run(checkout, directory, "-n")
    assert [rule for rule, _ in jobs].count("scan_images") == 1


def test_users_files_are_named_nowhere_but_in_private(tree_run):
    directory, root = tree_run
    for path in [*directory.glob("results/**/*"), *directory.glob(".snakemake/**/*")]:
        text = path.read_bytes() if path.is_file() else b""
        for planted in (b"P1_L_CM", str(root).encode()):
            assert planted not in text, path
    assert (directory / "private").stat().st_mode & 0o777 == 0o700


@pytest.mark.long
def test_the_real_images_of_cdd_cesm_run_to_the_report(mammoflow_data, snakemake_run, tmp_path):
    root = str(mammoflow_data / "cdd_cesm")
    # 204 of 1,003 images are there.
    dataset = {"kind": "cdd_cesm", "root": root, "variant": "subtracted", "partial": True}
    short = {"experiments": {"convnext": {"max_epochs": 4}, "linear_probe": {"max_epochs": 12}}}
    short |= {"evaluation": {"resamples": 200}, "few_shot": {"shots": [1, 4]}}
    mine = write_config(tmp_path, short | {"dataset": dataset, "split": {"seeds": [1]}})
    done = snakemake_run(tmp_path, "--configfile", REPO / "config/cdd_cesm.yaml", mine)
    assert done.returncode == 0, done.stdout[-6000:]
    page = (tmp_path / "results/report/report.html").read_text()
    assert "density cannot be read off" in page
    labelled = tables.read(tmp_path / "results/cohort/labelled_images.tsv", tables.LABELLED_IMAGES)
    assert labelled["label"].value_counts().to_dict() == {"a": 8, "b": 62, "c": 55, "d": 70}
    manifest = tables.read(tmp_path / "results/splits/seed1/manifest.tsv", tables.MANIFEST)
    assert len(manifest) == 195
    used = manifest[manifest["subset"] != "unused"]
    assert set(used["subset"]) == {"train", "validation", "test"}
    assert set(used["label"]) == {"b", "c", "d"}
    sound_splits.check(tmp_path, seeds=(1,))
    assert len(predictions(tmp_path)) == len(yaml.safe_load((REPO / "config.yaml").read_text())["run"])
    again = snakemake_run(tmp_path, "-n", "--configfile", REPO / "config/cdd_cesm.yaml", mine)
    assert "Nothing to be done" in again.stdout
