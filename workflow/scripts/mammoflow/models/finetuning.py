"""Fine-tuning: a pretrained network with a new head, all layers trained."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import timm
import torch

from mammoflow import pictures
from mammoflow.errors import UserError
from mammoflow.models import training
from mammoflow.models.subsets import Rows
from mammoflow.models.training import Schedule

# Molina-Roman et al. 2025; the weight decay is not given there: torch's own for AdamW.
LEARNING_RATE, WEIGHT_DECAY, BATCH, PATIENCE = 1e-4, 1e-2, 64, 10


def load_network(folder: Path, *, n_classes: int) -> torch.nn.Module:
    """A timm network from its snapshot (config.json and weights), with a new head of `n_classes`.

    Raises
    ------
    UserError
        If the snapshot is not there.
    """
    if not (folder / "config.json").is_file():
        raise UserError(
            f"{folder}/config.json is not there; delete the snapshot's table in results/models and run again"
        )
    return timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=n_classes)


def load_squares(files: list[str], side: int, progress: Callable[..., Any]) -> npt.NDArray[np.uint8]:
    """PNGs decoded once and fitted into squares: (n, side, side) uint8."""
    return np.stack([pictures.square(pictures.read_png(file), side) for file in progress(files)])


def fine_tune(
    network: torch.nn.Module,
    files: list[str],
    rows: Rows,
    *,
    max_epochs: int,
    seed: int,
    progress: Callable[..., Any],
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Train a network in place as published; it ends with the weights of its best epoch.

    Parameters
    ----------
    network
        From `load_network`.
    files
        PNG of every labelled image.
    rows
        Which of them train and validate, and their classes.
    max_epochs, seed
        Bound of the training, and seed of the batch order.
    progress
        Wraps loops, such as tqdm.

    Returns
    -------
    curve, probabilities
        `tables.CURVE`, and (n, k) probabilities of all images.
    """
    data = timm.data.resolve_model_data_config(network)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    squares = torch.from_numpy(load_squares(files, data["input_size"][-1], progress))
    mean = torch.tensor(data["mean"], device=device).view(1, 3, 1, 1)
    std = torch.tensor(data["std"], device=device).view(1, 3, 1, 1)
    network.to(device).to(memory_format=torch.channels_last)

    def inputs(batch: npt.NDArray[np.int64]) -> torch.Tensor:
        """Grey squares as the three normalised channels that the network was made for."""
        grey = squares[batch].to(device).unsqueeze(1).float() / 255
        return ((grey - mean) / std).contiguous(memory_format=torch.channels_last)

    schedule = Schedule(LEARNING_RATE, WEIGHT_DECAY, BATCH, max_epochs, PATIENCE)
    curve = training.train(network, inputs, rows, schedule, seed=seed, progress=progress)
    return curve, training.probabilities(network, inputs, np.arange(len(files)), size=BATCH)
