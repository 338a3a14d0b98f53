"""Linear probe: one linear layer on frozen embeddings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from mammoflow.models import training
from mammoflow.models.training import Rows, Schedule

# Molina-Roman et al. 2025; the patience is not given there.
LEARNING_RATE, WEIGHT_DECAY, BATCH, PATIENCE = 1e-4, 1e-3, 64, 10


def linear_probe(
    vectors: npt.NDArray[np.float32],
    rows: Rows,
    *,
    n_classes: int,
    max_epochs: int,
    seed: int,
    progress: Callable[..., Any],
) -> tuple[torch.nn.Linear, pd.DataFrame, npt.NDArray[np.float64]]:
    """Train the published probe: Xavier initialisation, AdamW, early stopping on the validation loss.

    Parameters
    ----------
    vectors : (n, width) float32
        Embeddings of all labelled images, not normalised.
    rows
        Which of them train and validate, and their classes.
    n_classes, max_epochs, seed
        Size of the layer, bound of the training, seed of initialisation and batch order.
    progress
        Wraps the epochs, such as tqdm.

    Returns
    -------
    layer, curve, probabilities
        The layer of the best epoch, its `tables.CURVE`, and (n, k) probabilities of all images.
    """
    training.make_deterministic(seed)
    layer = torch.nn.Linear(vectors.shape[1], n_classes)
    torch.nn.init.xavier_uniform_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    data = torch.from_numpy(vectors)
    schedule = Schedule(LEARNING_RATE, WEIGHT_DECAY, BATCH, max_epochs, PATIENCE)
    curve = training.train(layer, lambda batch: data[batch], rows, schedule, seed=seed, progress=progress)
    everything = np.arange(len(vectors))
    return layer, curve, training.probabilities(layer, lambda batch: data[batch], everything, size=4096)
