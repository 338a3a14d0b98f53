"""Networks fine-tuned once: kept in the work folder by what they follow from, which is no label of a test image."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mammoflow import work
from mammoflow.models import job
from mammoflow.models.job import Job
from mammoflow.models.subsets import Rows

# Where a training's files lie, and how often it is saved, changes nothing of what comes out.
_NO_PART = ("network", "squares", "checkpoint_minutes")


def train(
    to_do: Job, rows: Rows, pictures: pd.DataFrame, *, made_by: dict[str, Any], processes: int, folder: Path
) -> tuple[Path, bool]:
    """Fine-tune a network from wherever the same training was left, unless it was done before.

    Parameters
    ----------
    to_do
        The training.
    rows
        Which images train and validate, and their classes.
    pictures
        `tables.ARRAYS` of these images, in their order.
    made_by
        What else the result depends on: network, side of the pictures, threads and code.
    processes
        How many train together.
    folder
        Holds a folder for each training.

    Returns
    -------
    place, made
        The training's folder, which holds its weights and what `trained.load` reads; whether it was trained now.
    """
    learnt_from = np.concatenate([rows.train, rows.validation])
    targets = np.full_like(rows.targets, -1)
    targets[learnt_from] = rows.targets[learnt_from]
    key = work.key_of(
        pictures=list(pictures["sha256"]),
        rows={"train": rows.train.tolist(), "validation": rows.validation.tolist()},
        targets=targets.tolist(),
        weights=None if rows.weights is None else rows.weights.tolist(),
        settings={name: own for name, own in asdict(to_do).items() if name not in _NO_PART},
        # Sums depend on how they are divided.
        made_by=made_by | {"processes": processes},
    )

    def make(place: Path) -> None:
        """Train in this folder, which holds the checkpoint of an earlier try where there was one."""
        job.write(place, to_do, replace(rows, targets=targets), pictures["row"].to_numpy(dtype=np.int64))
        job.start(place, processes=processes)

    made = work.resumable(folder / key, make)
    return folder / key, made
