"""What a reader of any page must know first: sentences that follow from the configuration alone."""

from typing import Any

from mammoflow.configuration import (
    without_frozen,
    without_label_files,
    without_paths,
    without_split_files,
    without_weights_place,
)

UNTRAINED = "untrained weights: these numbers mean nothing"
UNTRAINED_TRANSLATION = (
    "Untrained translation: what it makes of a report is no English, and labels from it mean nothing. "
    "Set weights: pretrained to translate."
)

# What stands on both sides of a split that does not keep patients together.
_DIVIDED = {"image": "views", "exam": "exams"}


def short(config: dict[str, Any]) -> str:
    """The line that stands in every figure, table caption and model card; "" where there is nothing to say."""
    said = []
    if config["weights"] == "random":
        said.append(UNTRAINED)
    elif config["dataset"]["kind"] == "demo":
        said.append("synthetic demo: nothing clinical")
    if (unit := config["split"]["unit"]) in _DIVIDED:
        said.append(f"split by {unit}: {_DIVIDED[unit]} of one patient are on both sides")
    return "; ".join(said)


def full(config: dict[str, Any]) -> list[str]:
    """The sentences that head the report."""
    sentences = []
    if config["weights"] == "random":
        sentences.append(
            "Untrained weights: these numbers mean nothing. Set weights: pretrained to compare real models."
        )
    if config["dataset"]["kind"] == "demo":
        sentences.append(
            "Synthetic demo: images and reports were made by this workflow, so nothing here is a clinical result. "
            f"Every training was cut at {config['demo']['max_epochs']} epochs."
        )
    if config["dataset"]["kind"] == "cdd_cesm" and config["dataset"]["variant"] == "subtracted":
        sentences.append(
            "Subtracted images: contrast subtraction removes the parenchyma, so density cannot be read off them. "
            "This run shows that the workflow works on real files; its numbers say nothing about density."
        )
    if (unit := config["split"]["unit"]) in _DIVIDED:
        sentences.append(
            f"Split by {unit}: {_DIVIDED[unit]} of one patient are in training as well as in the test. Measures say in "
            "part how well patients are recognised, and flatter every method that is trained."
        )
    if config["dataset"]["kind"] == "vindr_mammo":
        sentences.append(
            "VinDr-Mammo names no patient, so that a study counts as one: a woman with two studies may be in training "
            "and in the test, and nobody can see it."
        )
    if config["dataset"]["kind"] == "dmid":
        sentences.append(
            "DMID does not say who its patients are: views of one woman are in training and in the test, "
            "and numbers are too good."
        )
    return sentences


def of_labels(config: dict[str, Any]) -> list[str]:
    """The sentences that head a page about labels alone, where the only model is the one that translates."""
    sentences = full(config | {"weights": "pretrained"})
    if config["translate"]["engine"] != "none" and config["weights"] == "random":
        sentences.append(UNTRAINED_TRANSLATION)
    if config["labels"]["language"] == "translation":
        sentences.append("Labels come from translations: what is quoted is the translator's wording, not the report's.")
    return sentences


def public(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration as it may be shown: without the user's folders."""
    labels = without_label_files(config["labels"])
    recipes = {name: without_frozen(recipe) for name, recipe in config["recipes"].items()}
    places = {"dataset": without_paths(config["dataset"]), "split": without_split_files(config["split"])}
    experiments = {name: without_weights_place(own) for name, own in config["experiments"].items()}
    encoders = {name: _without_folder(own) for name, own in config["encoders"].items()}
    models = {"encoders": encoders, "experiments": experiments, "translate": _without_folder(config["translate"])}
    return config | places | models | {"labels": labels, "recipes": recipes}


def _without_folder(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a model without the user's folder, where it comes from one."""
    kind, _, _ = settings["source"].partition(":")
    return settings | {"source": kind} if kind == "local-dir" else settings
