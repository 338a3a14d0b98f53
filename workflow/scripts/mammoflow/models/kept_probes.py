"""Probes trained once: kept in the work folder by what they follow from, which no test image is among."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file, save_file

from mammoflow import tables, work
from mammoflow.models import probes
from mammoflow.models.choices import Tried
from mammoflow.models.heads import Head
from mammoflow.models.probes import TRAIN_LOSS, VALIDATION_ACCURACY, VALIDATION_LOSS, Settings, Training
from mammoflow.models.subsets import Rows

_FILE = "probes.safetensors"


def train(
    vectors: npt.NDArray[np.float32],
    rows: Rows,
    settings: Settings,
    *,
    n_classes: int,
    seed: int,
    made_by: dict[str, Any],
    folder: Path,
    progress: Callable[..., Any],
) -> tuple[Training, int]:
    """Train probes, unless the same ones were trained before; parameters are those of `probes.train`, and these.

    Parameters
    ----------
    made_by
        What else the result depends on: code and threads.
    folder
        Holds a folder for each training.

    Returns
    -------
    training, epochs
        The training, and the number of epochs that it took now: 0 where it was kept.
    """
    learnt_from = {"train": rows.train, "validation": rows.validation}
    key = work.key_of(
        vectors={name: _digest(vectors[own]) for name, own in learnt_from.items()},
        targets={name: rows.targets[own].tolist() for name, own in learnt_from.items()},
        weights=None if rows.weights is None else rows.weights.tolist(),
        settings=asdict(settings) | {"n_classes": n_classes, "seed": seed},
        made_by=made_by,
    )

    def make(place: Path) -> None:
        """Train, and keep the arrays in this folder."""
        trained = probes.train(vectors, rows, settings, n_classes=n_classes, seed=seed, progress=progress)
        save_file(vars(trained), place / _FILE)

    made = work.result(folder / key, make)
    training = Training(**load_file(folder / key / _FILE))
    return training, training.curves.shape[1] if made else 0


def head_of(training: Training) -> Head:
    """The chosen head."""
    return Head(training.weights[training.chosen], training.biases[training.chosen])


def curve_of(training: Training) -> pd.DataFrame:
    """The learning curve of the chosen head, `tables.CURVE`."""
    own = training.curves[training.chosen]
    own = own[~np.isnan(own[:, VALIDATION_ACCURACY])]
    epochs = np.arange(1, len(own) + 1)
    columns = {
        "epoch": epochs,
        "train_loss": own[:, TRAIN_LOSS],
        "validation_loss": own[:, VALIDATION_LOSS],
        "validation_accuracy": own[:, VALIDATION_ACCURACY],
        "best": epochs == training.epochs[training.chosen],
    }
    return pd.DataFrame(columns).astype({"epoch": "Int64"})[list(tables.CURVE.columns)]


def tried_of(training: Training, settings: Settings) -> list[Tried]:
    """What became of each head of the grid; one that diverged has no measures."""
    found = []
    for position, (rate, decay) in enumerate(settings.grid):
        epoch, loss = int(training.epochs[position]), float(training.losses[position])
        accuracy = float(training.curves[position, epoch - 1, VALIDATION_ACCURACY]) if epoch else float("nan")
        found.append(Tried(f"learning_rate={rate:g} weight_decay={decay:g}", loss, accuracy, epoch or None))
    return found


def _digest(vectors: npt.NDArray[np.float32]) -> str:
    return f"{vectors.shape} {hashlib.sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()}"
