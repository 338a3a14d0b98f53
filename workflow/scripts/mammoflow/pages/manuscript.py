"""A methods section for a manuscript: paragraphs that hold this run's counts, settings and versions."""

import pandas as pd

from mammoflow import tone
from mammoflow.evaluation import table1
from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.evaluation.statistics import COMPARED_LEVELS
from mammoflow.models import schemes
from mammoflow.pages.html import counted
from mammoflow.pages.study import DATASETS, Study, percent, reasons, series, sizes
from mammoflow.recipes import Recipe

# What models/probes.py takes where an experiment names nothing; that module needs torch, which no page does.
PROBE_DEFAULTS = {"batch": 64, "patience": 10}
# Likewise of models/baselines.py.
HISTOGRAM_BINS = 32

_TONES = {
    "stored_range": "the whole range of stored values was used",
    "percentile": f"intensities between the {100 * tone.ENDS[0]:g} and {100 * tone.ENDS[1]:g} percentile of the breast "
    "were stretched linearly",
    "voi": "the window or lookup table of the DICOM header was applied",
}
_MATCHINGS = {
    "none": "no histogram matching",
    "image": "every image matched to one reference histogram",
    "device": "one monotone lookup table for all images of a device",
    "clahe": "contrast-limited adaptive histogram equalisation (clip limit {clip:g}, {tiles} by {tiles} tiles)",
}
BALANCES = {
    "downsample": "each class of train and validation was downsampled to the smallest",
    "weighted": "classes were weighted in the loss by the inverse of their share of the training images",
    "none": "classes were not balanced",
}
_CALIBRATIONS = {
    "bias": "one additive bias a class on the log probabilities",
    "temperature": "one temperature for all classes",
    "prior": "one additive bias a class, so that the mean prediction met the prior",
}
# What a training scheme may hold beside what every one has.
_FURTHER = {
    "warm_up": "{} epochs of warm-up, then a cosine schedule",
    "layer_decay": "learning rates times {:g} from each stage to the one before",
    "drop_path": "drop path {:g}",
    "label_smoothing": "label smoothing {:g}",
    "average": "weights kept and validated as a running mean with decay {:g}",
    "flip": "pictures mirrored left to right at random",
    "degrees": "pictures rotated at random by at most {:g} degrees",
}
# Libraries that a method section names; the whole list stands under provenance.
_NAMED = ("python", "snakemake", "torch", "timm", "open_clip_torch", "scikit-learn", "scipy", "pydicom")


def warning(study: Study) -> str:
    """The sentence that heads the text where its numbers must not be published; "" where they may."""
    said = ["models have untrained random weights and their numbers mean nothing"] if study.is_untrained else []
    said += ["images and reports are synthetic and nothing in them is clinical"] if study.is_demo else []
    return f"Not for a manuscript as it stands: {'; '.join(said)}." if said else ""


def methods(study: Study, *, commit: str, versions: dict[str, str]) -> list[tuple[str, str]]:
    """The methods section: pairs of a heading and a paragraph.

    Parameters
    ----------
    study
        The run.
    commit, versions
        As `provenance.code_commit` and `provenance.versions` say.
    """
    found = [
        ("Data", _data(study)),
        ("Reference standard", _labels(study)),
        ("Images", _images(study)),
        ("Partitions", _split(study)),
        ("Models", _models(study)),
        ("Baselines", _baselines(study)),
        ("Evaluation", _evaluation(study)),
        ("Software", _software(study, commit=commit, versions=versions)),
    ]
    return [(head, text) for head, text in found if text]


def _data(study: Study) -> str:
    kind = study.config["dataset"]["kind"]
    source = {"demo": "synthetic mammograms that the software itself made", "folder": "mammograms of a local archive"}
    refused, left_out = study.images[study.images["status"] != "accepted"], study.exams[~study.exams["included"]]
    years = sorted(set(study.included["year"]) - {""})
    said = [f"The study used {source.get(kind) or 'the data set ' + DATASETS[kind]}."]
    said.append(f"Of {counted(len(study.images), 'image file')}, {len(study.accepted):,} were accepted.")
    if len(refused):
        said.append(f"The others were not, by reason: {reasons(refused)}.")
    patients = counted(study.included["patient_id"].nunique(), "patient")
    said.append(f"Of {counted(len(study.exams), 'exam')}, {len(study.included):,} ({patients}) were included.")
    if len(left_out):
        said.append(f"The others were not, by reason: {reasons(left_out)}.")
    if years:
        said.append(f"Included exams date from {years[0] if len(years) == 1 else f'{years[0]} to {years[-1]}'}.")
    devices = study.accepted.loc[study.accepted["device"] != "", "device"].nunique()
    if devices:
        said.append(f"Accepted images came from {counted(devices, 'device group')}.")
    return " ".join(said)


def _labels(study: Study) -> str:
    own, policy = study.labels, study.config["labels"]
    classes = series([study.task.of(key).title for key in study.task.keys])
    said = [f"The target was {study.task.name}, with the classes {classes}. {_source(study)}"]
    said.append(f"Labels were given to each {policy['level']}.")
    if policy["source"] == "reports":
        whole = own[(own["side"] == "") & (own["image_id"] == "")]
        found = whole["status"].value_counts()
        counts = ", ".join(f"{word} {found.get(status, 0):,}" for status, word in _OUTCOMES.items())
        said.append(f"{counted(len(whole), 'exam')} with a report or a correction: {counts}.")
    if corrected := int((own["rule"] == "correction").sum()):
        said.append(f"{corrected:,} labels were given by a person.")
    if study.audit is not None and len(study.audit):
        said.append(
            f"Held against what is known from elsewhere, {int(study.audit['agree'].sum()):,} of {len(study.audit):,} "
            "labels were the same."
        )
    return " ".join(said)


_OUTCOMES = {"labelled": "labelled", "ambiguous": "ambiguous and left out", "none": "without a statement"}


def _source(study: Study) -> str:
    policy = study.config["labels"]
    if policy["source"] == "table":
        return "Labels were read from a table of the study's own."
    if policy["source"] == "dataset":
        return "Labels were the annotations of the data set."
    read = study.reports if study.reports is not None else pd.DataFrame({"status": [], "language": []})
    parsed = read[read["status"] == "parsed"]
    languages = {"es": "Spanish", "en": "English"}
    own = [languages[key] for key in sorted(set(parsed["language"]) - {""}, reverse=True)]
    translated = ", after machine translation into English" if policy["language"] == "translation" else ""
    differ = {"ambiguous": "got no label", "denser": "got the label of the denser side"}[policy["sides_differ"]]
    return (
        f"Labels were extracted from {counted(len(parsed), 'radiology report')} "
        f"({series(own) or 'of unknown language'}) by deterministic rules on their wording{translated}; exams whose "
        f"breasts differ {differ}."
    )


def _images(study: Study) -> str:
    longest = study.config["scan"]["longest_side"]
    said = [f"Pixels were decoded once and kept at 16 bits with the longest side at most {longest:,} pixels."]
    return " ".join([*said, *(_recipe(study, name) for name in study.matching)])


def _recipe(study: Study, name: str) -> str:
    """How the pictures of one recipe were made, and what its matching was fitted on."""
    recipe = Recipe(**study.config["recipes"][name])
    matching = _MATCHINGS[recipe.matching].format(clip=recipe.clip, tiles=recipe.tiles)
    crop = "cropped to the breast" if recipe.crop == "breast" else "not cropped"
    said = (
        f"In the recipe {name}, {_TONES[recipe.tone]}; intensities: {matching}; pictures were {crop}, with the longest "
        f"side at most {recipe.longest_side:,} pixels, at {recipe.bits} bits."
    )
    fitted = study.matching[name]
    if fitted.empty:
        return said
    if name in study.frozen:
        return f"{said} Its lookup tables were those of an earlier run."
    matched = fitted[fitted["status"] == "matched"]
    weights = ", classes weighted equally" if (recipe.matching, recipe.pooling) == ("device", "class_weighted") else ""
    n_images = counted(int(matched["n_images"].sum()), "image")
    lookup = counted(len(matched), "lookup table")
    return f"{said} It has {lookup}, fitted on {n_images} of development patients only{weights}."


def _split(study: Study) -> str:
    own, first = study.config["split"], study.first
    of_subset = [f"{subset} {sizes(first[first['subset'] == subset])}" for subset in ("train", "validation", "test")]
    unit = {"patient": "all images of a person stayed together", "exam": "only images of one exam stayed together"}
    kept = unit.get(own["unit"], "images of one patient could fall into different partitions")
    official = "The data set's own test set was held out"
    if not own["official"]:
        official = (
            f"A share of {percent(own['test'])} of the {own['unit']}s of each stratum was held out once for the test "
            f"(seed {own['test_seed']})"
        )
    seeds = [str(seed) for seed in study.manifests]
    test = "was downsampled alike" if own["test_balance"] == "downsample" else "kept the classes' natural shares"
    given = int((study.test_patients["by"] == "given").sum())
    if given:
        official += f"; {given:,} of {len(study.test_patients):,} stayed where an earlier run had put them"
    said = [
        f"Data were partitioned by {own['unit']}, so that {kept}. {official}, and {percent(own['validation'])} of the "
        f"others for validation, drawn anew for {counted(len(seeds), 'seed')} ({', '.join(seeds)}).",
        f"For balance, {BALANCES[own['balance']]}; the test set {test}.",
        f"With seed {min(study.manifests)} there were: {'; '.join(of_subset)}.",
    ]
    for status in ("dropped", "merged"):
        if keys := list(study.classes.loc[study.classes["status"] == status, "label"]):
            names = series([study.task.of(key).title for key in keys])
            few = f"fewer than {own['min_patients_per_class']} patients"
            said.append(f"Because of {few} in a class, these were {status}: {names}.")
    return " ".join(said)


def _models(study: Study) -> str:
    told = {
        "zero_shot": _zero_shot,
        "linear_probe": _probe,
        "logistic_regression": _chosen,
        "nearest_neighbours": _chosen,
        "fine_tune": _fine_tuned,
        "calibrate": _calibrated,
        "merge": _merged,
    }
    methods = {name: own["method"] for name, own in study.experiments.items()}
    said = [told[method](study, name) + _restricted(study, name) for name, method in methods.items() if method in told]
    few = [name for name in study.config["few_shot"]["experiments"] if name in study.shown]
    if few:
        shots = series([str(n) for n in study.config["few_shot"]["shots"]])
        said.append(f"Trained on {shots} images of each class, too: {series(few)}.")
    return " ".join(said)


def _restricted(study: Study, name: str) -> str:
    views = study.experiments[name].get("views")
    return f" It was trained on and predicted {series(views)} views only." if views else ""


def _encoder(study: Study, name: str) -> str:
    """An experiment's frozen encoder in words."""
    own = study.experiments[name]
    said = f"the encoder {own['encoder']}"
    if study.is_untrained:
        said += " (untrained)"
    elif (of := study.config["encoders"][own["encoder"]])["source"].startswith("hf-hub:"):
        said += f" ({of['source'].removeprefix('hf-hub:')}, revision {of.get('revision', 'main')})"
    return f"{said} and the recipe {own['recipe']}"


def _zero_shot(study: Study, name: str) -> str:
    prompts = study.experiments[name]["prompts"]
    measured_on_all = study.experiments[name].get("evaluate_on") == "all"
    everywhere = " It was measured on all labelled images, too." if measured_on_all else ""
    return (
        f"{name}: zero-shot classification with {_encoder(study, name)}, by the cosines of image vectors and "
        f"those of the prompt set {prompts}; nothing was trained.{everywhere}"
    )


def _probe(study: Study, name: str) -> str:
    own = PROBE_DEFAULTS | study.probes[name]
    said = (
        f"{name}: a linear layer on frozen vectors of {_encoder(study, name)}, trained by AdamW in batches of "
        f"{own['batch']} for at most {_stopped(own['max_epochs'], own['patience'])}"
    )
    return f"{said} {_tried(study, name)}"


def _stopped(most: int, patience: int) -> str:
    """How long a training lasts."""
    return (
        f"{counted(most, 'epoch')}, until {patience} epochs in a row brought no better validation loss; the weights of "
        "the best epoch were kept."
    )


def _chosen(study: Study, name: str) -> str:
    method = table1.METHODS[study.experiments[name]["method"]]
    return f"{name}: {method}, of {_encoder(study, name)}. {_tried(study, name)}"


def _tried(study: Study, name: str) -> str:
    """What was tried on the validation images, and what was chosen by the first seed."""
    if name not in study.choices:
        return ""
    choices = study.choices[name]
    own = choices[choices["seed"] == choices["seed"].min()]
    setting = own.loc[own["chosen"], "setting"].iloc[0].replace(" ", ", ").replace("_", " ").replace("=", " = ")
    if len(own) == 1:
        return f"Settings: {setting}."
    return (
        f"Of {len(own)} settings one was chosen on the validation images; with seed {own['seed'].iloc[0]}: {setting}."
    )


def _fine_tuned(study: Study, name: str) -> str:
    own, tuning = study.experiments[name], study.tunings[name]
    scheme = schemes.of(tuning["training"], most_epochs=tuning["most_epochs"], **tuning["replaced"])
    further = [said.format(getattr(scheme, key)) for key, said in _FURTHER.items() if getattr(scheme, key)]
    loss = {"softmax": "cross-entropy", "coral": "the CORAL loss for ordered classes"}[tuning["head"]]
    start = "random weights" if study.is_untrained else "pretrained weights"
    if "weights_file" in own:
        start = "weights of the study's own"
    also = f" Also: {', '.join(further)}." if further else ""
    return (
        f"{name}: the network {own['model']} from {start} with a new head for {loss}, all layers fine-tuned on the "
        f"recipe {own['recipe']} at {tuning['side']} by {tuning['side']} pixels by AdamW (learning rate "
        f"{scheme.learning_rate:g}, weight decay {scheme.weight_decay:g}, batches of {scheme.batch}) for at most "
        f"{_stopped(scheme.max_epochs, scheme.patience)}{also}"
    )


def _calibrated(study: Study, name: str) -> str:
    own = study.experiments[name]
    return f"{name}: the predictions of {own['from']}, calibrated by {_CALIBRATIONS[own['by']]}, without test images."


def _merged(study: Study, name: str) -> str:
    return f"{name}: the mean of the probabilities of {series(study.experiments[name]['of'])}."


def _baselines(study: Study) -> str:
    said = {
        "majority": "{name} always answers the commonest class of the development images.",
        "random": "{name} draws a class by the shares of the development images.",
        "roi_presence": "{name} looks at no image: it answers by whether the data set outlines a lesion, with the "
        "classes' shares of the development images with and without an outline.",
        "histogram": "{name} is a logistic regression on the shares of the breast's pixels in "
        f"{HISTOGRAM_BINS} bands of intensity, of the recipe {{recipe}}.",
    }
    own = [(name, study.experiments[name]) for name in study.named(*said)]
    return " ".join(
        said[one["method"]].format(name=name, recipe=one.get("recipe")) + _restricted(study, name) for name, one in own
    )


def _evaluation(study: Study) -> str:
    own = study.config["evaluation"]
    mean = {"mean": "mean", "geometric": "geometric mean"}[own["aggregation"]]
    said = [
        "Methods were measured on the test images, with the class of the largest probability as the prediction. For "
        f"breasts and exams the {mean} of their images' probabilities was taken.",
        f"Confidence intervals (95 %) are percentile intervals of {own['resamples']:,} bootstrap resamples of persons "
        f"within strata by their rarest class (seed {own['seed']}), so that images of one person are not taken for "
        f"independent; those of fewer than {FEW_PATIENTS} patients are marked.",
    ]
    if len(study.shown) > 1:
        said.append(
            f"Every two methods were compared on the same resamples at the level of the {series(COMPARED_LEVELS)}; p "
            "values were corrected by Holm's method for all pairs of a seed, level and measure. Accuracies of exams "
            "were also compared by McNemar's exact test."
        )
    return " ".join(said)


def _software(study: Study, *, commit: str, versions: dict[str, str]) -> str:
    own = [f"{name} {versions[name]}" for name in _NAMED if versions.get(name, "not")[0].isdigit()]
    return f"All steps were run by the workflow mammoflow (commit {commit}), with {series(own)}."
