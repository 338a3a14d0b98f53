"""Labels of test images are seen by the evaluation alone: wrong ones change no fit, no choice and no probability."""

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from mammoflow import tables

pytestmark = pytest.mark.workflow

RUN = [
    "zero_shot", "zero_shot_bias", "zero_shot_temperature", "zero_shot_prior", "linear_probe", "probe_bias",
    "logistic_regression", "nearest_neighbours", "majority", "random", "histogram_paper", "histogram_device",
    "convnext",
]  # fmt: skip
CLASSES = "abc"
PATIENTS = 24


def make_pictures(folder, table):
    """Two views of a breast of each patient; denser ones are brighter, by much less than their noise."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    rows = []
    for patient in range(PATIENTS):
        for view in ("CC", "MLO"):
            pixels = np.zeros((120, 100), np.uint8)
            pixels[10:110, :70] = rng.normal(80 + 10 * (patient % 3), 30, (100, 70)).clip(1, 255)
            Image.fromarray(pixels).save(folder / f"p{patient}_{view}.png")
            rows.append((f"p{patient}_{view}.png", f"p{patient}", view, CLASSES[patient % 3]))
    pd.DataFrame(rows, columns=["image", "patient", "view", "density"]).to_csv(table, index=False)


def settings_of(place, split):
    image_table = {"file": str(place / "table.csv"), "image_column": "image", "patient_column": "patient"}
    image_table |= {"label_column": "density", "view_column": "view"}
    return {
        "dataset": {"kind": "folder", "images": str(place.parent / "pictures"), "image_table": image_table},
        "labels": {"source": "table", "level": "image"},
        "privacy": {"ids": "keep"},
        "shards": 1,
        "split": {"seeds": [1, 2], "min_patients_per_class": 3, "small_class": "drop", "balance": "none"} | split,
        "evaluation": {"resamples": 100},
        "experiments": {
            "probe_bias": {"method": "calibrate", "from": "linear_probe", "by": "bias"},
            "convnext": {"max_epochs": 2},
        },
        "few_shot": {"experiments": ["linear_probe", "logistic_regression"], "shots": [2]},
        "run": RUN,
    }


def fits_of(place):
    """What was fitted, chosen or drawn up without the test labels, and every probability."""
    files = [path for name in ("matching", "training", "calibration") for path in (place / "results" / name).rglob("*")]
    found = {str(path.relative_to(place)): path.read_bytes() for path in files if path.is_file()}
    for name in ("predictions", "shots"):
        for path in (place / "results" / name).rglob("*.tsv"):
            predictions = tables.read(path, tables.PREDICTIONS)
            own = predictions[["image_id", *tables.probability_columns(list(CLASSES))]]
            found[str(path.relative_to(place))] = own.to_csv().encode()
    return found


def test_poisoned_test_labels_change_no_fit(snakemake_run, tmp_path):
    clean, poisoned = tmp_path / "clean", tmp_path / "poisoned"
    targets = [f"results/predictions/{name}/seed1.tsv" for name in RUN]
    targets += [f"results/shots/{name}/kall/seed1.tsv" for name in ("linear_probe", "logistic_regression")]
    for place in (clean, poisoned):
        place.mkdir()
    make_pictures(tmp_path / "pictures", clean / "table.csv")
    test_patients = clean / "results/splits/test_patients.tsv"
    for place, split in ((clean, {}), (poisoned, {"test_patients": str(test_patients)})):
        if place == poisoned:
            of_patients = tables.read(test_patients, tables.TEST_PATIENTS).set_index("patient_id")["held_out"]
            labels = pd.read_csv(clean / "table.csv")
            held_out = labels["patient"].map(of_patients) == "test"
            assert 3 <= held_out.sum() < len(labels) / 2
            labels.loc[held_out, "density"] = labels.loc[held_out, "density"].map(dict(zip("abc", "bca", strict=True)))
            labels.to_csv(place / "table.csv", index=False)
        (place / "mine.yaml").write_text(yaml.safe_dump(settings_of(place, split)))
        done = snakemake_run(place, *targets, "--resources", "gpu=1", "--configfile", place / "mine.yaml")
        assert done.returncode == 0, done.stdout[-6000:]

    poison = tables.read(poisoned / "results/splits/seed1/manifest.tsv", tables.MANIFEST)
    before = tables.read(clean / "results/splits/seed1/manifest.tsv", tables.MANIFEST)
    assert ((poison["label"] != before["label"]) == (before["subset"] == "test")).all()
    expected, found = fits_of(clean), fits_of(poisoned)
    assert expected.keys() == found.keys()
    assert len([name for name in expected if "calibration" in name]) == 4
    assert [name for name, own in expected.items() if found[name] != own] == []
