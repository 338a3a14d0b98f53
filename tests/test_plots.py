"""Figures are written, hold what they should, and are the same bytes for the same numbers."""

import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.contour import ContourSet
from matplotlib.text import Text

from mammoflow import accounts, pictures, tables, tasks
from mammoflow.evaluation import table1
from mammoflow.evaluation.statistics import evaluate
from mammoflow.figures import (
    brightness,
    cohort,
    confusion,
    examples,
    experiments,
    explanations,
    samples,
    style,
    training,
)
from mammoflow.figures import images as image_plots
from mammoflow.figures.images import Intensities, Sample
from mammoflow.pictures import Picture
from mammoflow.recipes import Recipe
from tests.test_statistics import make_predictions

ROOT = Path(__file__).parent.parent
TASK = tasks.load(ROOT / "resources/tasks/density.yaml")
PUBLISHED = table1.load_published(ROOT / "resources/published/molina_roman_2025.yaml", "density")
ENDINGS = ("png", "pdf", "svg")
WARNING = "untrained weights: these numbers mean nothing"
CLASSES = ("a", "b", "c", "d")
SETTINGS = {
    "zero_shot": {"method": "zero_shot", "recipe": "paper", "encoder": "biomedclip", "prompts": "paper"},
    "convnext": {"method": "fine_tune", "recipe": "paper", "model": "convnext_base.fb_in22k_ft_in1k"},
    "majority": {"method": "majority"},
}


def make_manifest(seed=0, *, n_patients=60):
    """A manifest with all subsets; patients are in one of train, validation and test."""
    frame = make_predictions(seed, n_patients=n_patients, classes=CLASSES)
    number = frame["patient_id"].str[1:].astype(int)
    frame["held_out"] = np.where(number % 7 == 0, "test", "development")
    frame["subset"] = np.select([number % 7 == 0, number % 7 == 1], ["test", "validation"], "train")
    unused = (number % 7 == 3) & (frame["view"] == "CC")
    frame = frame.assign(subset=frame["subset"].mask(unused, "unused"), reason=np.where(unused, "downsampled", ""))
    return frame[list(tables.MANIFEST.columns)]


def make_images(manifest):
    """The images table of a manifest, with refused files besides."""
    rows = [
        {"image_id": row.image_id, "exam_id": row.exam_id, "patient_id": row.patient_id, "view": row.view}
        | {"laterality": row.laterality, "device": f"Maker {i % 3}", "status": "accepted", "picture": row.image_id}
        for i, row in enumerate(manifest.itertuples())
    ]
    refused = [("excluded", "not_for_presentation"), ("excluded", "duplicate"), ("quarantined", "truncated")]
    rows += [
        {"image_id": f"x{i}", "status": refused[i % 3][0], "reason": refused[i % 3][1], "exam_id": "", "patient_id": ""}
        for i in range(9)
    ]
    text = [name for name, column in tables.IMAGES.columns.items() if str(column.dtype).startswith("str")]
    return tables.frame_of(
        [dict.fromkeys(text, "") | {"file_id": f"f{i}"} | r for i, r in enumerate(rows)], tables.IMAGES
    )


def make_exams(manifest):
    """The exams of a manifest, and some that are not included."""
    included = manifest.groupby("exam_id", as_index=False).agg(
        patient_id=("patient_id", "first"), n=("image_id", "size")
    )
    zero = {"images_excluded": 0, "images_quarantined": 0, "age_band": "50-59", "year": "2017"}
    rows = [
        {"exam_id": row.exam_id, "patient_id": row.patient_id, "images_accepted": row.n, "report_status": "parsed"}
        | zero
        | {"label_status": "labelled", "included": True, "reason": ""}
        for row in included.itertuples()
    ]
    for i, (report, label, reason) in enumerate(
        [("missing", "missing", "report_missing"), *[("parsed", "ambiguous", "label_ambiguous")] * 3]
    ):
        rows.append(
            {"exam_id": f"y{i}", "patient_id": "q", "images_accepted": 4, "report_status": report}
            | zero
            | {"label_status": label, "included": False, "reason": reason}
        )
    return tables.frame_of(rows, tables.EXAMS)


def make_classes(manifest):
    counts = manifest.groupby("label")[["patient_id", "exam_id", "image_id"]].nunique()
    rows = [
        {"position": i, "label": key, "kept_as": key, "status": "kept"}
        | dict(zip(("n_patients", "n_exams", "n_images"), counts.loc[key], strict=True))
        for i, key in enumerate(CLASSES)
    ]
    return tables.frame_of(rows, tables.CLASSES)


def make_predicted(seed, *, skill=1.0):
    """Predictions for the images of `make_manifest`."""
    frame = make_predictions(0, n_patients=60, classes=CLASSES, draw=seed, skill=skill)
    return frame.assign(subset=make_manifest()["subset"])


def make_curve(seed, epochs=9):
    rng = np.random.default_rng(seed)
    loss = 1.4 * np.exp(-np.arange(epochs) / 5) + rng.uniform(0, 0.1, epochs)
    rows = [
        {"epoch": i + 1, "train_loss": loss[i] * 0.9, "validation_loss": loss[i], "validation_accuracy": 0.4 + 0.05 * i}
        | {"best": i == int(np.argmin(loss))}
        for i in range(epochs)
    ]
    return tables.frame_of(rows, tables.CURVE)


def make_metrics():
    skills = {"zero_shot": 0.0, "convnext": 1.5, "majority": 0.2}
    return {
        name: evaluate(
            {seed: make_predicted(seed, skill=skill) for seed in (1, 2, 3)},
            subsets=["test", "all"] if name == "zero_shot" else ["test"],
            resamples=50,
            bootstrap_seed=0,
        )
        for name, skill in skills.items()
    }


def make_steps():
    manifest = make_manifest()
    return accounts.flow(
        images=make_images(manifest),
        exams=make_exams(manifest),
        classes=make_classes(manifest),
        manifest=manifest,
        task=TASK,
    )


def make_samples():
    rng = np.random.default_rng(0)
    pixels = [rng.uniform(0, 1, (60, 40)).astype(np.float32) for _ in range(8)]
    shown = [Sample(f"Maker {i % 3}", "c", one, one**0.5) for i, one in enumerate(pixels)]
    shares = [rng.dirichlet(np.ones(64)) for _ in range(6)]
    return shown, {f"Maker {i}": Intensities(shares[i], shares[i + 3], 10 + i) for i in range(3)}


def make_bright_tissue():
    rng = np.random.default_rng(0)
    rows = [
        {
            "image_id": f"i{i}",
            "device": f"Maker {i % 3}",
            "label": CLASSES[i % 4],
            "after": 0.2 * (i % 4) + rng.random() / 5,
        }
        for i in range(60)
    ]
    return tables.frame_of([row | {"before": rng.random()} for row in rows], tables.BRIGHT_TISSUE)


def make_quality():
    """Numbers of a recipe, classes told where devices are too few."""
    rows = []
    for state in ("before", "after"):
        own = {"state": state, "n_images": 60, "n_patients": 20}
        rows.append(own | {"measure": "bright_threshold", "value": 0.4})
        rows += [own | {"measure": "bright_share", "label": key, "value": 0.2 * i} for i, key in enumerate(CLASSES)]
        rows += [
            own | {"measure": f"class_told{how}", "value": 0.7, "low": 0.6, "high": 0.8, "chance": 0.25, "left_out": 0}
            for how in ("", "_exactly")
        ]
        rows += [
            own | {"measure": f"device_told{how}", "left_out": 3, "reason": "too_few_patients"}
            for how in ("", "_exactly")
        ]
    return tables.frame_of(rows, tables.QUALITY)


def make_explanations():
    """Examples of three classes of four, with one map that is zero; and all answers, some wrong."""
    answered = examples.answers(make_predicted(1))
    answered = answered[answered["label"] != "d"].reset_index(drop=True)
    rows, columns = np.mgrid[:80, :80]
    pictures = [(200 * (columns > 20 + i) * (rows > 10)).astype(np.uint8) for i in range(len(answered))]
    bumps = [np.exp(-((rows - 20 - 2 * i) ** 2 + (columns - 60 + i) ** 2) / 300.0) for i in range(30)]
    chosen = examples.choose(answered)
    shown = [
        explanations.Example(row.label, row.said, row.probability, pictures[i], np.float32(bumps[i] * (i != 2)))
        for i, row in enumerate(chosen.itertuples())
    ]
    return shown, answered


FIGURES = {
    "brightness": lambda: brightness.draw(
        make_bright_tissue(), make_quality(), recipe="device", way="device", task=TASK, warning=WARNING
    ),
    "flow": lambda: cohort.flow(make_steps(), seed=1, warning=WARNING),
    "classes": lambda: cohort.classes_by_subset(make_manifest(), task=TASK, seed=1, warning=WARNING),
    "matching": lambda: image_plots.matching(*make_samples(), recipe="device", way="device", warning=WARNING),
    "confusion": lambda: confusion.draw(
        {1: make_predicted(1), 2: make_predicted(2)}, experiment="convnext", task=TASK, warning=WARNING
    ),
    "explanations": lambda: explanations.draw(
        *make_explanations(), experiment="convnext", seed=1, classes=CLASSES, task=TASK, warning=WARNING
    ),
    "training": lambda: training.draw({1: make_curve(1), 2: make_curve(2)}, experiment="convnext", warning=WARNING),
    "experiments": lambda: experiments.draw(make_metrics(), SETTINGS, PUBLISHED, warning=WARNING),
}


def words(figure):
    """Every text of a figure."""
    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_written_twice_with_the_same_bytes(name, tmp_path):
    for i in (0, 1):
        style.save(FIGURES[name](), **{ending: tmp_path / f"{i}.{ending}" for ending in ENDINGS})
    for ending in ENDINGS:
        first, second = ((tmp_path / f"{i}.{ending}").read_bytes() for i in (0, 1))
        assert len(first) > 5000
        assert first == second
    assert cv2.imread(str(tmp_path / "0.png")).std() > 5


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_carries_the_warning_and_a_count(name):
    figure = FIGURES[name]()
    assert WARNING in words(figure)
    assert any(digit in words(figure) for digit in "123456789")


def test_steps_reconcile():
    manifest = make_manifest()
    steps = make_steps()
    images = make_images(manifest)
    assert steps[0].boxes[-1].head == f"{len(images):,} image files found"
    assert steps[0].aside.head == "9 files not accepted"
    assert sum(int(line.split(": ")[1]) for line in steps[0].aside.lines) == 9
    totals = [box.lines[0] for box in steps[-1].boxes]
    assert sum(int(total.split(" ")[0]) for total in totals) == (manifest["subset"] != "unused").sum()


def test_no_reason_is_lost_where_there_are_many():
    frame = pd.DataFrame({"reason": [f"r{i}" for i in range(20) for _ in range(i + 1)]})
    box = accounts._left_out(frame, "image", "not used")
    assert len(box.lines) == 9
    assert sum(int(line.split(": ")[1]) for line in box.lines) == len(frame)


def test_confusion_counts_sum_over_seeds():
    frames = {1: make_predicted(1), 2: make_predicted(2)}
    counts, test = confusion.confusion_counts(frames)
    assert counts.sum() == 2 * test.n_images == 2 * (frames[1]["subset"] == "test").sum()


def test_experiments_show_the_published_values_on_their_own_rows():
    figure = FIGURES["experiments"]()
    diamonds = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in diamonds] == [(0.47, 1), (0.73, 2)]
    assert [label.get_text().split("\n")[0] for label in figure.axes[0].get_yticklabels()] == [
        "zero_shot (test)",
        "zero_shot (all)",
        "convnext (test)",
        "majority (test)",
    ]


def test_samples_take_devices_and_classes_in_turn():
    rows = [(f"i{i:02}", f"m{i % 2}", "ab"[i // 2 % 2]) for i in range(40)]
    images = pd.DataFrame(rows, columns=["image_id", "device", "label"])
    chosen = samples.choose(images)
    assert chosen.groupby(["device", "label"]).size().tolist() == [2, 2, 2, 2]
    shuffled = samples.choose(images.sample(frac=1, random_state=1))
    assert chosen["image_id"].tolist() == shuffled["image_id"].tolist()
    assert len(samples.choose(images.head(3))) == 3
    of_four = pd.DataFrame([(f"i{i:02}", f"m{i % 3}", "abcd"[i // 12]) for i in range(48)], columns=images.columns)
    chosen = samples.choose(of_four)
    assert chosen["label"].tolist() == list("aabbccdd")
    assert sorted(chosen["device"].value_counts()) == [2, 3, 3]


def test_samples_are_read_from_pictures_and_pngs(tmp_path):
    pixels = np.zeros((50, 30), dtype=np.uint16)
    pixels[10:40, 5:20] = 2048
    histogram = np.bincount(pixels[pixels > 0], minlength=4096)
    pictures.save(Picture(pixels, histogram), tmp_path / "one.safetensors", {})
    cv2.imwrite(str(tmp_path / "one.png"), (pixels // 16).astype(np.uint8))
    row = {"image_id": "one", "device": "m", "label": "a", "picture": "one.safetensors"}
    images = pd.DataFrame([row | {"file": str(tmp_path / "one.png")}])
    shown, distributions = samples.of_recipe(images, Recipe("stored_range", "image", "none", 50), tmp_path)
    assert shown[0].before.max() == pytest.approx(2048 / 4095, abs=1e-4)
    assert shown[0].after.max() == pytest.approx(128 / 255)
    own = distributions["m"]
    assert (own.n_images, own.before[32], own.after[32]) == (1, 1.0, 1.0)


def test_explanations_stand_in_the_row_of_their_class_and_on_their_side():
    shown, answered = make_explanations()
    figure = FIGURES["explanations"]()
    for axes in figure.axes[:-1]:
        at = axes.get_subplotspec()
        label, right = CLASSES[at.rowspan.start], at.colspan.start < 3
        own = [one for one in shown if one.label == label and one.right == right]
        place = at.colspan.start - (0 if right else 4)
        assert len(axes.images) == (0 <= place < len(own))
        if axes.images:
            assert axes.get_xlabel() == f"{own[place].said}: {own[place].probability:.2f}"
    lines = figure.findobj(ContourSet)
    assert len(lines) == len(shown) - 1  # one map is zero
    wrong = (~answered["right"] & (answered["label"] == "a")).sum()
    assert f" right, {wrong} wrong" in words(figure)


def test_saving_leaves_no_time_in_the_files(tmp_path):
    style.save(FIGURES["training"](), **{ending: tmp_path / f"a.{ending}" for ending in ENDINGS})
    assert b"CreationDate" not in (tmp_path / "a.pdf").read_bytes()
    drawn = (tmp_path / "a.svg").read_text()
    assert "<dc:date>" not in drawn
    assert "Matplotlib" not in drawn
    # Text stays text.
    assert re.search(r"<text[^>]*>Learning curves: convnext</text>", drawn)
    assert b"matplotlib" not in (tmp_path / "a.png").read_bytes().lower()


@pytest.mark.parametrize("width", [5.9, 9])
def test_a_long_warning_stays_inside_of_its_figure(width):
    figure = style.new_figure(width=width, height=4)
    axes = figure.add_subplot()
    axes.set(xlabel="what is drawn")
    warning = f"{WARNING}; split by image: views of one patient are on both sides"
    style.head(figure, title="T", warning=warning)
    FigureCanvasAgg(figure).draw()
    (told,) = [text for text in figure.texts if "⚠" in text.get_text()]
    assert told.get_text().replace("\n", " ") == f"⚠ {warning}"
    place = told.get_window_extent()
    assert figure.bbox.x0 <= place.x0 < place.x1 <= figure.bbox.x1
    assert place.y1 <= axes.xaxis.label.get_window_extent().y0
