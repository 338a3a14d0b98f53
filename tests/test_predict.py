"""A saved model on images that it was not trained with: on a working directory of its own, by its own record."""

import shutil

import numpy as np
import pytest
import yaml

from mammoflow import external, tables
from mammoflow.errors import UserError
from mammoflow.models import external_images, records

MODELS = ("convnext", "linear_probe")


def in_directory(place, settings, snakemake_run, *targets):
    """Run the workflow in a directory with these settings; its output, where it went well."""
    place.mkdir(exist_ok=True)
    (place / "mine.yaml").write_text(yaml.safe_dump(settings))
    done = snakemake_run(place, *targets, "--configfile", place / "mine.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


DEMO = {"exams": 24, "class_mix": "equal", "max_epochs": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, snakemake_run):
    """A directory in which a network and a probe were trained on the demo, and saved."""
    place = tmp_path_factory.mktemp("trained") / "a"
    targets = [f"results/models/trained/{name}/seed1/record.json" for name in MODELS]
    settings = {"demo": DEMO, "split": {"seeds": [1], "min_patients_per_class": 3}, "run": list(MODELS)}
    in_directory(place, settings, snakemake_run, *targets)
    return place


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A directory of the demo's images where nothing is trained, which several models may predict in."""
    return tmp_path_factory.mktemp("elsewhere") / "b"


def model_of(trained, name):
    return trained / f"results/models/trained/{name}/seed1"


def predicted(place, of, name, table=tables.PREDICTIONS, level="predictions"):
    return tables.read(place / f"results/external/{of}/{level}/{name}/seed1.tsv", table)


@pytest.mark.workflow
@pytest.mark.parametrize("name", MODELS)
def test_the_images_of_the_training_run_get_the_same_probabilities(trained, name, elsewhere, snakemake_run):
    """By another road: the record's settings, the frozen tables and the saved weights, without any split."""
    settings = {"demo": DEMO, "predict": {"name": "again", "model": str(model_of(trained, name))}}
    output = in_directory(elsewhere, settings | {"evaluation": {"resamples": 100}}, snakemake_run)
    assert not {"fit_matching", "make_manifests", "fine_tune", "linear_probe"} & set(output.split())
    own = tables.read(trained / f"results/predictions/{name}/seed1.tsv", tables.PREDICTIONS)
    found = predicted(elsewhere, "again", name).set_index("image_id").loc[own["image_id"]]
    columns = tables.probability_columns(tables.predicted_classes(own))
    np.testing.assert_allclose(found[columns], own[columns], atol=1e-6)
    assert (found["label"].to_numpy() == own["label"].to_numpy()).all()
    assert set(found["subset"]) == {"external"}
    exams = predicted(elsewhere, "again", name, tables.UNIT_PREDICTIONS, "exams").set_index("exam_id")
    mean = found.groupby("exam_id")[columns].mean()
    np.testing.assert_allclose(exams.loc[mean.index, columns], mean, atol=1e-12)
    metrics = tables.read(elsewhere / f"results/external/again/metrics/{name}.tsv", tables.METRICS)
    accuracy = metrics[(metrics["metric"] == "accuracy") & (metrics["level"] == "image")]["value"].item()
    assert accuracy == pytest.approx((found[columns].idxmax(axis=1) == "p_" + found["label"]).mean())
    constant = tables.read(elsewhere / f"results/external/again/metrics/{name}_constant.tsv", tables.METRICS)
    share = found["label"].value_counts(normalize=True).max()
    assert constant[(constant["metric"] == "accuracy") & (constant["level"] == "image")]["value"].item() == share


@pytest.mark.workflow
def test_real_mammograms_without_labels(trained, tmp_path, mammoflow_data, snakemake_run):
    folder = mammoflow_data / "monai_density"
    names = sorted(path.name for path in folder.glob("*.jpg"))
    (tmp_path / "table.csv").write_text("\n".join(["image,patient", *(f"{name},{name}" for name in names)]) + "\n")
    table = {"file": str(tmp_path / "table.csv"), "image_column": "image", "patient_column": "patient"}
    settings = {
        "predict": {
            "name": "monai",
            "model": str(model_of(trained, "linear_probe")),
            "dataset": {"kind": "folder", "images": str(folder), "image_table": table},
        },
        "labels": {"source": "none"},
    }
    in_directory(tmp_path / "b", settings, snakemake_run)
    found = predicted(tmp_path / "b", "monai", "linear_probe")
    assert len(found) == len(names) == 16
    assert set(found["label"]) == {""}
    assert not (tmp_path / "b/results/external/monai/metrics").exists()


@pytest.mark.workflow
def test_a_broken_file_is_accounted_for_and_the_rest_predicted(trained, tmp_path, snakemake_run):
    sources = sorted((trained / "results/demo").rglob("*.dcm"))[:5]
    images = tmp_path / "images"
    images.mkdir()
    for place, source in enumerate(sources):
        shutil.copy(source, images / f"{place}.dcm")
    whole = (images / "0.dcm").read_bytes()
    (images / "0.dcm").write_bytes(whole[: len(whole) // 2])
    dataset = {"kind": "folder", "images": str(images)}
    settings = {
        "predict": {"name": "b", "model": str(model_of(trained, "convnext")), "dataset": dataset},
        "labels": {"source": "none"},
    }
    in_directory(tmp_path / "b", settings, snakemake_run)
    accounts = tables.read(tmp_path / "b/results/images/images.tsv", tables.IMAGES)
    assert list(accounts["status"].value_counts().items()) == [("accepted", 4), ("quarantined", 1)]
    accepted = accounts[accounts["status"] == "accepted"]
    assert sorted(predicted(tmp_path / "b", "b", "convnext")["image_id"]) == sorted(accepted["image_id"])
    log = (tmp_path / "b/results/logs/predict_external/convnext/seed1.log").read_text()
    assert "quarantined, " in log


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"predict": {"name": "b", "model": "nowhere"}}, "nowhere holds no record.json"),
        ({"predict": {"name": "B!", "model": "a"}}, "config: predict.name is 'B!'"),
        ({"labels": {"source": "none"}}, "config: labels.source is 'none'; allowed: reports"),
    ],
)
def test_a_wrong_configuration_is_one_line(settings, message, tmp_path, snakemake_run):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    done = snakemake_run(tmp_path, "-n", "--configfile", tmp_path / "mine.yaml")
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("mammoflow:")]
    assert message in line


def test_a_directory_holds_a_comparison_or_predictions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    predict = {"name": "b", "model": "m"}
    external.check_directory(predict)
    external.check_directory({})
    (tmp_path / "results/splits").mkdir(parents=True)
    external.check_directory({})
    with pytest.raises(UserError, match="results/splits holds a comparison"):
        external.check_directory(predict)
    (tmp_path / "results/splits").rmdir()
    (tmp_path / "results/external").mkdir()
    with pytest.raises(UserError, match="results/external holds predictions"):
        external.check_directory({})


def record_of(classes, **settings):
    return records.Record(
        "probe", 1, "density", classes, settings, {}, {}, {}, {}, "", {}, "patient", {}, "", "", {}
    )  # fmt: skip


def images_of(rows):
    about = {"patient_id": "p", "exam_id": "e", "status": "accepted"}
    frame = tables.frame_of([about | row for row in rows], tables.IMAGES)
    return frame


def test_merged_classes_and_views_are_those_of_the_record():
    images = images_of(
        [
            {"image_id": "1", "view": "CC", "laterality": "L"},
            {"image_id": "2", "view": "MLO", "laterality": "L"},
            {"image_id": "3", "view": "CC", "laterality": "R", "status": "excluded"},
            {"image_id": "4", "view": "CC", "laterality": "R"},
        ]
    )
    labelled = tables.frame_of(
        [{"image_id": "1", "label": "a"}, {"image_id": "2", "label": "d"}], tables.LABELLED_IMAGES
    )
    rows = external_images.rows(images, labelled, record_of(["a+b", "c", "d"]))
    assert rows[["image_id", "label"]].to_numpy().tolist() == [["1", "a+b"], ["2", "d"], ["4", ""]]
    only = external_images.rows(images, None, record_of(["a", "b"], views=["CC"]))
    assert list(only["image_id"]) == ["1", "4"]
    with pytest.raises(UserError, match=r"no accepted image of views \['LM'\]"):
        external_images.rows(images, None, record_of(["a", "b"], views=["LM"]))


def test_another_encoder_is_refused():
    record = record_of(["a", "b"], encoder="clip")
    record.source["files"] = {"x.safetensors": "1" * 64}
    files = tables.frame_of([{"file": "y.safetensors", "sha256": "1" * 64}], tables.MODEL_FILES)
    external_images.check_encoder(files, record)
    with pytest.raises(UserError, match="the files of encoder 'clip' are not those"):
        external_images.check_encoder(files.assign(sha256="2" * 64), record)
