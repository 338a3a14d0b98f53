"""The figures of the set, each drawn from values that stand in this folder or follow from a formula."""

from pathlib import Path

import numpy as np
import pandas as pd

from mammoflow import tables, tasks
from mammoflow.accounts import Box, Step
from mammoflow.evaluation import table1
from mammoflow.figures import (
    brightness,
    cohort,
    confusion,
    embeddings_map,
    experiments,
    few_shot,
    images,
    mistakes,
    prompts,
    reliability,
    roc,
    subgroups,
    training,
)
from mammoflow.figures import outline as diagram
from mammoflow.models.prompt_embeddings import Embedded
from mammoflow.outline import Rule, Stage
from tests.conftest import REPO

FOLDER = Path(__file__).parent
TASK = tasks.load(REPO / "resources/tasks/density.yaml")
WARNING = "made for tests: these numbers mean nothing"
CLASSES = ("a", "b", "c", "d")
DEVICES = ("Maker One 12", "Maker Two 14", "Maker Three 10")
SETTINGS = {
    "zero_shot": {"method": "zero_shot"},
    "linear_probe": {"method": "linear_probe"},
    "convnext": {"method": "fine_tune"},
}


def predictions(experiment, seed=1):
    """Predictions that are kept in this folder."""
    return tables.read(FOLDER / f"predictions/{experiment}/seed{seed}.tsv", tables.PREDICTIONS)


def of_each():
    return {name: predictions(name) for name in SETTINGS}


def measured(value, *, subgroup="", level="image", subset="test", seed=1, metric="accuracy", n=20):
    """A row of a metrics table whose interval is 0.1 to both sides."""
    row = {"seed": seed, "subset": subset, "level": level, "subgroup": subgroup, "metric": metric, "class": ""}
    row |= {"value": value, "low": value - 0.1, "high": value + 0.1, "n_images": 4 * n, "n_exams": n, "n_patients": n}
    return row | {"n_undefined": 0, "few_patients": n < 30}


def metrics():
    """Metrics of every experiment, the better the later it stands."""
    kinds = {"accuracy": 0.3, "balanced_accuracy": 0.28, "f1_macro": 0.25, "kappa_linear": 0.0, "kappa_quadratic": 0.1}
    return {
        name: tables.frame_of(
            [
                measured(base + 0.2 * at + 0.03 * seed, metric=metric, seed=seed, level=level, subset=subset)
                for metric, base in kinds.items()
                for seed in (1, 2, 3)
                for level in ("image", "exam")
                for subset in (("test", "all") if name == "zero_shot" else ("test",))
            ],
            tables.METRICS,
        )
        for at, name in enumerate(SETTINGS)
    }


def parts():
    """Metrics of parts of the test set."""
    named = {"device": ("image", DEVICES), "view": ("image", ("CC", "MLO")), "age_band": ("exam", ("40-49", "50-59"))}
    rows = [
        measured(
            0.35 + 0.1 * at + 0.05 * of, subgroup=f"{attribute}={part}", level=level, metric=metric, n=10 + 15 * at
        )
        for attribute, (level, own) in named.items()
        for at, part in enumerate(own)
        for of, metric in enumerate(subgroups.PANELS)
    ]
    return tables.frame_of(rows, tables.METRICS)


def others():
    """What is said to be published of a system and of people."""
    system = {"source": "System 2019, Journal", "values": [{"measure": "accuracy", "value": 0.77}]}
    system["values"].append({"measure": "kappa_linear", "value": 0.67, "interval": [0.6, 0.75]})
    people = {"source": "Readers 2007", "values": [{"measure": "kappa_weighted", "range": [0.65, 0.84]}]}
    people["values"].append({"measure": "kappa_quadratic", "value": 0.7})
    return [{"kind": "systems", "entries": [system]}, {"kind": "people", "entries": [people]}]


def published():
    return table1.load_published(REPO / "resources/published/molina_roman_2025.yaml", "density")


def steps():
    """A path of the data with two lanes."""
    subsets = [Box(name, (f"{n} images", "fatty: 3", "dense: 4")) for name, n in (("train", 60), ("test", 24))]
    left = Box("4 files not accepted", ("excluded, duplicate: 3", "quarantined, truncated: 1"))
    return [
        Step((Box("90 reports found"), Box("400 image files found")), left),
        Step((Box("88 reports parsed"), Box("396 images accepted", ("of 90 patients",)))),
        Step((Box("92 exams", ("reports: parsed 88, missing 4",)),), Box("6 exams not included", ("no_image: 6",))),
        Step(tuple(subsets), Box("170 images not used by the split", ("downsampled: 170",))),
    ]


def manifest():
    rows = [
        {"image_id": f"i{at}", "exam_id": f"e{at // 4}", "patient_id": f"p{at // 4}", "laterality": "L", "view": "CC"}
        | {"label": CLASSES[at // 4 % 4], "held_out": "test" if at < 40 else "development", "reason": ""}
        | {"subset": "test" if at < 40 else "validation" if at < 70 else "train"}
        for at in range(200)
    ]
    return tables.frame_of(rows, tables.MANIFEST)


def mapped():
    """Vectors on two arcs, and whose images they are of."""
    turn = np.linspace(0, 2, 90)
    vectors = np.stack([np.cos(turn), np.sin(turn), 0.3 * np.cos(9 * turn), 0.1 * turn], axis=1)
    rows = [
        {"image_id": f"i{at}", "patient_id": f"p{at // 3}", "label": CLASSES[at // 4 % 4], "device": DEVICES[at % 3]}
        for at in range(90)
    ]
    return vectors.astype(np.float32), pd.DataFrame(rows)


def pictured():
    """The surest mistakes of an experiment, with pictures of a slope each."""
    own = predictions("linear_probe")
    columns = tables.probability_columns(list(CLASSES))
    probabilities = own.set_index("image_id")[columns]
    slope = np.add.outer(np.linspace(0, 0.5, 48), np.linspace(0, 0.5, 36)).astype(np.float32)
    return [
        mistakes.Mistake(row.label, row.said, probabilities.loc[row.image_id].to_numpy(), slope ** (1 + at / 4))
        for at, row in enumerate(mistakes.choose(own).itertuples())
    ]


def samples():
    slope = np.add.outer(np.linspace(0, 0.5, 48), np.linspace(0, 0.5, 36)).astype(np.float32)
    shown = [images.Sample(DEVICES[at % 3], CLASSES[at % 4], slope ** (1 + at / 4), slope) for at in range(8)]
    grey = np.linspace(0, 1, 64)
    bumps = [np.exp(-((grey - 0.2 * (at + 1)) ** 2) / 0.02) for at in range(3)]
    after = bumps[1] / bumps[1].sum()
    return shown, {
        device: images.Intensities(bump / bump.sum(), after, 10) for device, bump in zip(DEVICES, bumps, strict=True)
    }


def bright():
    rows = [
        {"image_id": f"i{at}", "device": DEVICES[at % 3], "label": CLASSES[at // 3 % 4]}
        | {"before": 0.2 * (at // 3 % 4) + 0.05 * (at % 5), "after": 0.4 + 0.02 * (at % 7)}
        for at in range(60)
    ]
    thresholds = [{"state": state, "measure": "bright_threshold", "value": 0.4} for state in ("before", "after")]
    return tables.frame_of(rows, tables.BRIGHT_TISSUE), pd.DataFrame(thresholds)


def curve(seed):
    epochs = np.arange(1, 10)
    loss = 1.4 * np.exp(-epochs / (3 + seed))
    columns = {"epoch": epochs, "train_loss": 0.8 * loss, "validation_loss": loss, "best": epochs == 9}
    return pd.DataFrame(columns | {"validation_accuracy": 1 - loss / 2})


def shots(base):
    rows = [
        {"shots": str(k), "seed": seed, "metric": metric, "value": base + 0.06 * at + 0.02 * seed}
        | {"low": 0.1, "high": 0.9, "n_train_images": 4 * at, "n_train_patients": 4, "n_images": 60, "n_patients": 15}
        for at, k in enumerate((1, 2, 4, 8, "all"))
        for seed in (1, 2)
        for metric in few_shot.PANELS
    ]
    return tables.frame_of(rows, tables.SHOTS)


def embedded():
    """A prompt set of a sentence a class, each turned away from the last."""
    rows = [
        {"position": at, "kind": "class", "label": key, "sentence": f"class {key}"} for at, key in enumerate(CLASSES)
    ]
    turn = np.arange(4) / 3
    return Embedded(tables.frame_of(rows, tables.PROMPTS), np.stack([np.cos(turn), np.sin(turn)], axis=1), 20.0)


def stages():
    """Two ways that meet, one of them longer."""

    def stage(name, after):
        about = f"{name.capitalize()}: what is done with {name}, said in some words."
        rules = [Rule(f"make_{name}", frozenset(), frozenset({f"results/{name}/table.tsv"}))]
        return Stage(name, about, rules, {one: {f"results/{one}/table.tsv"} for one in after})

    ways = {"reports": [], "images": [], "labels": ["reports"], "cohort": ["labels", "images"], "pngs": ["cohort"]}
    ways |= {"models": [], "probes": ["pngs", "models"], "evaluation": ["probes"], "report": ["evaluation", "cohort"]}
    return [stage(name, after) for name, after in ways.items()]


FIGURES = {
    "brightness": lambda: brightness.draw(*bright(), recipe="paper", way="image", task=TASK, warning=WARNING),
    "classes": lambda: cohort.classes_by_subset(manifest(), task=TASK, seed=1, warning=WARNING),
    "cohort": lambda: cohort.flow(steps(), seed=1, warning=WARNING),
    "confusion": lambda: confusion.draw(
        {seed: predictions("convnext", seed) for seed in (1, 2)}, experiment="convnext", task=TASK, warning=WARNING
    ),
    "embeddings_map": lambda: embeddings_map.draw(
        *mapped(), n_images=90, encoder="biomedclip", recipe="paper", features="trunk", task=TASK, warning=WARNING
    ),
    "experiments": lambda: experiments.draw(metrics(), SETTINGS, published(), references=others(), warning=WARNING),
    "few_shot": lambda: few_shot.draw(
        {"linear_probe": shots(0.3), "logistic_regression": shots(0.35)},
        {"zero_shot": metrics()["zero_shot"]},
        n_classes=4,
        warning=WARNING,
    ),
    "images": lambda: images.matching(*samples(), recipe="paper", way="image", warning=WARNING),
    "mistakes": lambda: mistakes.draw(
        pictured(), predictions("linear_probe"), experiment="linear_probe", seed=1, warning=WARNING
    ),
    "outline": lambda: diagram.draw(stages(), warning=WARNING),
    "prompts": lambda: prompts.draw({"paper": embedded()}, encoder="biomedclip", warning=WARNING),
    "reliability": lambda: reliability.draw(of_each(), seed=1, warning=WARNING),
    "roc": lambda: roc.draw(of_each(), level="exam", aggregation="mean", seed=1, warning=WARNING),
    "subgroups": lambda: subgroups.draw(parts(), metrics()["convnext"], experiment="convnext", seed=1, warning=WARNING),
    "training": lambda: training.draw({seed: curve(seed) for seed in (1, 2)}, experiment="convnext", warning=WARNING),
}
