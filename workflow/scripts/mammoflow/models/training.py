"""The training of a network: epochs, early stopping, the best epoch kept."""

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.nn import functional

from mammoflow import tables
from mammoflow.models.subsets import Rows, batches, row_weights

# Gives the model's input for rows of the data: (n, ...) float tensor on the model's device.
Inputs = Callable[[npt.NDArray[np.int64]], torch.Tensor]


@dataclass(frozen=True)
class Schedule:
    """The settings of a training; the published ones are the defaults of the methods.

    `patience` epochs without a better validation loss end it; the weights of the best epoch are kept.
    """

    learning_rate: float
    weight_decay: float
    batch: int
    max_epochs: int
    patience: int


def make_deterministic(seed: int) -> None:
    """Seed torch and have it use algorithms that give the same bits every time."""
    torch.manual_seed(seed)
    # Without this setting the GPU's matrix products are not deterministic, and torch refuses them.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False


def train(
    model: torch.nn.Module, inputs: Inputs, rows: Rows, schedule: Schedule, *, seed: int, progress: Callable[..., Any]
) -> pd.DataFrame:
    """Train a model in place by AdamW on cross-entropy; it ends with the weights of its best epoch.

    Parameters
    ----------
    model
        Gives (n, k) logits.
    inputs
        Gives the model's input for rows.
    rows, schedule
        What is trained on, and how.
    seed
        Of the order of batches.
    progress
        Wraps the epochs, such as tqdm.

    Returns
    -------
    pandas.DataFrame
        The learning curve, `tables.CURVE`.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay)
    best_loss, best_epoch, best_weights = float("inf"), 0, copy.deepcopy(model.state_dict())
    curve: list[dict[str, object]] = []
    for epoch in progress(range(1, schedule.max_epochs + 1)):
        train_loss = _train_epoch(model, inputs, rows, optimizer, size=schedule.batch, seed=seed, epoch=epoch)
        validation_loss, accuracy = _validate(model, inputs, rows, size=schedule.batch)
        curve.append(
            {
                "epoch": epoch,
                "train_loss": train_loss,
                "validation_loss": validation_loss,
                "validation_accuracy": accuracy,
                "best": False,
            }
        )
        if validation_loss < best_loss:
            best_loss, best_epoch, best_weights = validation_loss, epoch, copy.deepcopy(model.state_dict())
        elif epoch - best_epoch >= schedule.patience:
            break
    if best_epoch == 0:
        raise RuntimeError("the validation loss was never a number; the training diverged")
    curve[best_epoch - 1]["best"] = True
    model.load_state_dict(best_weights)
    return tables.frame_of(curve, tables.CURVE)


@torch.inference_mode()
def logits(model: torch.nn.Module, inputs: Inputs, rows: npt.NDArray[np.int64], *, size: int) -> torch.Tensor:
    """The model's logits for rows, in their order: (n, k) float32 on the CPU."""
    model.eval()
    return torch.cat([model(inputs(rows[start : start + size])).float().cpu() for start in range(0, len(rows), size)])


def probabilities(
    model: torch.nn.Module, inputs: Inputs, rows: npt.NDArray[np.int64], *, size: int
) -> npt.NDArray[np.float64]:
    """The model's probabilities for rows, in their order: (n, k) float64."""
    return torch.softmax(logits(model, inputs, rows, size=size).double(), dim=1).numpy()


def _train_epoch(
    model: torch.nn.Module,
    inputs: Inputs,
    rows: Rows,
    optimizer: torch.optim.Optimizer,
    *,
    size: int,
    seed: int,
    epoch: int,
) -> float:
    """One pass over the training rows; gives the mean loss."""
    model.train()
    total = 0.0
    for batch in batches(rows.train, size=size, seed=seed, epoch=epoch):
        loss = _loss(model(inputs(batch)).float(), rows, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item() * row_weights(rows, batch).sum()
    return float(total / row_weights(rows, rows.train).sum())


def _validate(model: torch.nn.Module, inputs: Inputs, rows: Rows, *, size: int) -> tuple[float, float]:
    """Mean loss and accuracy over the validation rows."""
    output = logits(model, inputs, rows.validation, size=size)
    targets = torch.from_numpy(rows.targets[rows.validation])
    accuracy = (output.argmax(dim=1) == targets).double().mean().item()
    return _loss(output, rows, rows.validation).item(), accuracy


def _loss(output: torch.Tensor, rows: Rows, batch: npt.NDArray[np.int64]) -> torch.Tensor:
    """Mean cross-entropy of these rows, weighted by their classes' weights if there are any."""
    targets = torch.from_numpy(rows.targets[batch]).to(output.device)
    weights = None if rows.weights is None else torch.from_numpy(rows.weights).to(output.device)
    return functional.cross_entropy(output, targets, weight=weights)
