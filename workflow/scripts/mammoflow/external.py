"""A saved model on new images: what of a configuration its record decides.

Read whenever the workflow starts, so nothing heavy is imported.
"""

from pathlib import Path
from typing import Any

from mammoflow.errors import UserError
from mammoflow.models.records import Record

# What a comparison writes, and what predicting does: one working directory holds either.
_SPLITS, _PREDICTIONS = Path("results/splits"), Path("results/external")


def settings(config: dict[str, Any], record: Record) -> dict[str, Any]:
    """The keys of a configuration that are other than they stand there when a saved model predicts.

    Parameters
    ----------
    config
        Checked against the schema; has `predict`.
    record
        Of the saved model.

    Returns
    -------
    dict
        The one experiment with its recipe, encoder and seed as the record has them, and the new images' data set.
    """
    own = record.settings
    # What was found when the encoder was fetched is not how it is fetched.
    encoder = {key: value for key, value in record.source.items() if key not in ("commits", "files")}
    return {
        "task": record.task,
        "scan": record.scan,
        "dataset": config["predict"].get("dataset", config["dataset"]),
        "recipes": {own["recipe"]: record.recipe},
        "encoders": {own["encoder"]: encoder} if encoder else {},
        "experiments": {record.experiment: own},
        "run": [record.experiment],
        "few_shot": config["few_shot"] | {"experiments": []},
        "split": {key: value for key, value in config["split"].items() if key != "test_patients"}
        | {"seeds": [record.seed], "official": False},
    }


def check_directory(predict: dict[str, Any]) -> None:
    """A comparison and predictions of new images are of different images, and would overwrite each other's tables.

    Parameters
    ----------
    predict
        The config's `predict`; empty where there is none.

    Raises
    ------
    UserError
        If the working directory holds the other.
    """
    if predict and _SPLITS.exists():
        raise UserError(
            f"config: predict is given, and {_SPLITS} holds a comparison; predict in a directory of its own, "
            "as with --directory"
        )
    if not predict and _PREDICTIONS.exists():
        raise UserError(
            f"config: predict is missing, and {_PREDICTIONS} holds predictions of a saved model; "
            "compare in a directory of its own, as with --directory"
        )
