"""Linear probe: a linear layer on frozen embeddings; for a grid of settings several of them, trained in one pass.

A probe is a head: the weights of a class are a row, whose last value, the bias, belongs to an input that is always 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import compress, product
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from mammoflow.errors import UserError
from mammoflow.models.subsets import Rows, order

# What a learning curve holds of an epoch.
TRAIN_LOSS, VALIDATION_LOSS, VALIDATION_ACCURACY = range(3)


@dataclass(frozen=True)
class Settings:
    """How heads are trained, one for every learning rate with every weight decay.

    `patience` epochs without a better validation loss end the training of a head. The defaults are the published ones
    (Molina-Roman et al. 2025), but for the patience, which is not given there.
    """

    learning_rate: tuple[float, ...] = (1e-4,)
    weight_decay: tuple[float, ...] = (1e-3,)
    batch: int = 64
    max_epochs: int = 200
    patience: int = 10

    @property
    def grid(self) -> list[tuple[float, float]]:
        """Learning rate and weight decay of each head."""
        return list(product(self.learning_rate, self.weight_decay))


@dataclass(frozen=True)
class Training:
    """What came of every head, in the order of the grid.

    `weights` are those of the best epoch, (heads, classes, width) float32, and `biases` (heads, classes). `curves` are
    (heads, epochs, 3) float64: losses in training and validation (nats) and validation accuracy, NaN once a head has
    stopped.
    """

    weights: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]
    curves: npt.NDArray[np.float64]

    @property
    def epochs(self) -> npt.NDArray[np.int64]:
        """Epoch of each head whose weights were kept, from 1; 0 where the validation loss was never a number."""
        losses = self.curves[:, :, VALIDATION_LOSS]
        found = np.where(
            np.isfinite(losses).any(axis=1), np.where(np.isfinite(losses), losses, np.inf).argmin(1) + 1, 0
        )
        return found.astype(np.int64)

    @property
    def losses(self) -> npt.NDArray[np.float64]:
        """Validation loss of each head at that epoch; NaN where there is none."""
        own = self.curves[np.arange(len(self.curves)), np.maximum(self.epochs, 1) - 1, VALIDATION_LOSS]
        return np.where(self.epochs > 0, own, np.nan)

    @property
    def chosen(self) -> int:
        """Position of the head with the least validation loss, of equal ones the first."""
        return int(np.nanargmin(self.losses))


def train(
    vectors: npt.NDArray[np.float32],
    rows: Rows,
    settings: Settings,
    *,
    n_classes: int,
    seed: int,
    progress: Callable[..., Any],
) -> Training:
    """Train every head of the grid: Xavier initialisation, AdamW on cross-entropy, early stopping, the best epoch kept.

    All heads start from the same weights and meet the same batches, so that each becomes what it would become alone. A
    head that has stopped takes no further part.

    Parameters
    ----------
    vectors : (n, width) float32
        Embeddings, not normalised.
    rows
        Which of them train and validate, and their classes.
    settings
        What is tried, and for how long.
    n_classes, seed
        Number of classes; seed of the initialisation and of the order of batches.
    progress
        Wraps the epochs, such as tqdm.

    Raises
    ------
    UserError
        If no head ever had a validation loss that is a number.
    """
    start = torch.nn.init.xavier_uniform_(
        torch.empty(n_classes, vectors.shape[1]), generator=torch.Generator().manual_seed(seed)
    )
    heads = _Heads(functional.pad(start, (0, 1)), settings.grid)
    inputs = functional.pad(torch.from_numpy(vectors), (0, 1), value=1.0)
    goals = _goals(rows, n_classes)
    validation = inputs[rows.validation], goals[rows.validation]
    best, best_loss = heads.together().detach(), np.full(len(settings.grid), np.inf)
    best_epoch = np.zeros(len(settings.grid), dtype=np.int64)
    curves = np.full((len(settings.grid), settings.max_epochs, 3), np.nan)
    going = np.arange(len(settings.grid))
    for epoch in progress(range(1, settings.max_epochs + 1)):
        drawn = order(rows.train, seed=seed, epoch=epoch)
        curves[going, epoch - 1, TRAIN_LOSS] = _train_epoch(heads, inputs[drawn], goals[drawn], settings.batch)
        loss, accuracy = _validate(heads, *validation)
        curves[going, epoch - 1, VALIDATION_LOSS], curves[going, epoch - 1, VALIDATION_ACCURACY] = loss, accuracy
        better = loss < best_loss[going]
        best[going[better]] = heads.together().detach()[better]
        best_loss[going[better]], best_epoch[going[better]] = loss[better], epoch
        patient = epoch - best_epoch[going] < settings.patience
        if not patient.all():
            going = going[patient]
            heads.keep(patient)
        if not len(going):
            break
    if not best_epoch.any():
        raise UserError("a linear probe diverged: no validation loss is a number; lower its learning_rate")
    weights = best.numpy()
    return Training(np.ascontiguousarray(weights[:, :, :-1]), weights[:, :, -1].copy(), curves[:, :epoch])


class _Heads:
    """Heads side by side, each with a learning rate and a weight decay of its own."""

    def __init__(self, start: torch.Tensor, grid: list[tuple[float, float]]) -> None:
        self.weights = [torch.nn.Parameter(start.clone()) for _ in grid]
        groups: list[dict[str, Any]] = [
            {"params": [weights], "lr": rate, "weight_decay": decay}
            for weights, (rate, decay) in zip(self.weights, grid, strict=True)
        ]
        self.optimizer = torch.optim.AdamW(groups)

    def together(self) -> torch.Tensor:
        """The weights of all heads: (heads, classes, width + 1)."""
        return torch.stack(tuple(self.weights))

    def keep(self, which: npt.NDArray[np.bool_]) -> None:
        """Leave the other heads out."""
        self.weights = list(compress(self.weights, which))
        self.optimizer.param_groups = list(compress(self.optimizer.param_groups, which))

    def log_probabilities(self, inputs: torch.Tensor) -> torch.Tensor:
        """What each head makes of the inputs: (heads, n, classes)."""
        # Batched, so that each head's bits are those that it would have alone; heads as columns of one matrix have not.
        return torch.matmul(inputs, self.together().mT).log_softmax(dim=2)

    def step(self, loss: torch.Tensor) -> None:
        """One step down the loss of every head; `loss` is their sum, so that each has the gradient of its own."""
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


def _goals(rows: Rows, n_classes: int) -> torch.Tensor:
    """For every row its class's weight in the column of its class: (n, classes); a class not kept has no column."""
    weights = np.eye(n_classes, dtype=np.float32) * (1 if rows.weights is None else rows.weights)
    return torch.from_numpy(np.vstack([weights, np.zeros(n_classes, np.float32)])[rows.targets])


def _train_epoch(heads: _Heads, inputs: torch.Tensor, goals: torch.Tensor, size: int) -> npt.NDArray[np.float64]:
    """One pass over training rows in this order; gives the mean loss of each head."""
    logs = torch.empty(len(heads.weights), *goals.shape)
    for start in range(0, len(inputs), size):
        batch = slice(start, start + size)
        found = heads.log_probabilities(inputs[batch])
        heads.step(-(found * goals[batch]).sum() / goals[batch].sum())
        logs[:, batch] = found.detach()
    return _cross_entropy(logs, goals)


@torch.inference_mode()
def _validate(
    heads: _Heads, inputs: torch.Tensor, goals: torch.Tensor
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean loss and accuracy of each head."""
    logs = heads.log_probabilities(inputs)
    right = logs.argmax(dim=2) == goals.argmax(dim=1)
    return _cross_entropy(logs, goals), right.double().mean(dim=1).numpy()


def _cross_entropy(logs: torch.Tensor, goals: torch.Tensor) -> npt.NDArray[np.float64]:
    """Mean cross-entropy of each head, weighted by the goals."""
    return (-(logs * goals).sum(dim=(1, 2), dtype=torch.float64) / goals.sum(dtype=torch.float64)).numpy()
