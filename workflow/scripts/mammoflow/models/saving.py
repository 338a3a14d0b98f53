"""What a saved model's folder is filled with."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow.files import atomic, sha256, write_text

NETWORK, HEAD, CONFIG = "model.safetensors", "head.safetensors", "config.json"


def copy(sources: dict[str, Path], folder: Path) -> dict[str, str]:
    """Copy files into the folder under these names, each whole or not at all; gives their SHA-256."""
    for name, source in sources.items():
        with atomic(folder / name) as temporary:
            shutil.copyfile(source, temporary)
    return {name: sha256(folder / name) for name in sources}


def write_network_config(snapshot: Path, folder: Path, *, classes: list[str], n_outputs: int, side: int) -> str:
    """Write config.json, by which timm alone loads the network with its new head; gives its SHA-256.

    Parameters
    ----------
    snapshot
        Folder of the snapshot that the training began with.
    folder
        Of the saved model.
    classes
        Names of the classes, for a reader of the file.
    n_outputs, side
        Outputs of the head, and pixels of the square that it was trained on.
    """
    config = json.loads((snapshot / CONFIG).read_text(encoding="utf-8"))
    pretrained = config["pretrained_cfg"]
    pretrained |= {"num_classes": n_outputs, "input_size": [3, side, side], "crop_pct": 1.0, "pool_size": None}
    for of_source in ("test_input_size", "test_crop_pct", "label_names", "label_descriptions"):
        pretrained.pop(of_source, None)
        config.pop(of_source, None)
    arguments = config.get("model_args", {}) | {"num_classes": n_outputs}
    if pretrained.get("fixed_input_size"):
        arguments["img_size"] = side
    config |= {"num_classes": n_outputs, "model_args": arguments, "label_names": classes}
    write_text(json.dumps(config, indent=1) + "\n", folder / CONFIG)
    return sha256(folder / CONFIG)


def data_key(manifest: pd.DataFrame) -> str:
    """A digest of images, labels and subsets of `tables.MANIFEST`."""
    rows = manifest[["image_id", "label", "subset"]].to_csv(index=False)
    return hashlib.sha256(rows.encode()).hexdigest()[:32]


def subsets_of(manifest: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Images and patients of each subset of `tables.MANIFEST`."""
    return {
        str(subset): {"images": len(own), "patients": int(own["patient_id"].nunique())}
        for subset, own in manifest.groupby("subset")
    }


def validation_of(rows: pd.DataFrame, kept: str) -> dict[str, float]:
    """Validation loss and accuracy of the row that was kept, of `tables.CURVE` or of one seed of `tables.CHOICES`."""
    row = rows[rows[kept]].iloc[0]
    return {"loss": float(row["validation_loss"]), "accuracy": float(row["validation_accuracy"])}


def source_of(encoder: dict[str, Any], files: pd.DataFrame) -> dict[str, Any]:
    """What a training began with: an encoder's settings, and of any snapshot the commit and each file's SHA-256."""
    revisions = sorted(set(files["revision"]) - {""})
    hashes = dict(zip(files["file"], files["sha256"], strict=True))
    return encoder | {"commits": revisions, "files": hashes}
