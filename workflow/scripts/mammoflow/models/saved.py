"""Saved models at work: probabilities of pictures that they were not trained with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
import torch

from mammoflow import pictures
from mammoflow.models import networks

_BATCH = 32


@torch.inference_mode()
def network_probabilities(
    folder: Path, files: list[str], *, head: str, classes: int, side: int, progress: Callable[..., Any]
) -> npt.NDArray[np.float64]:
    """What a saved network says of PNGs.

    Parameters
    ----------
    folder
        Of the saved model.
    files
        PNGs of the model's recipe.
    head
        A key of `networks.HEADS`.
    classes
        How many there are.
    side
        Pixels of the squares that the network was trained on.
    progress
        Wraps the batches, such as tqdm.

    Returns
    -------
    (n, classes) float64
        In the order of the files.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = timm.create_model(f"local-dir:{folder.absolute()}", pretrained=True).eval()
    inputs = networks.inputs_of(network, side)
    network = network.to(device, memory_format=torch.channels_last)
    found = [torch.empty(0, classes, dtype=torch.float64)]
    for start in progress(range(0, len(files), _BATCH)):
        squares = [pictures.square(pictures.read_png(file), side) for file in files[start : start + _BATCH]]
        greys = torch.from_numpy(np.stack(squares)).to(device)
        # As in training: lower precision on a GPU only.
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            outputs = network(inputs.of(greys).contiguous(memory_format=torch.channels_last))
        found.append(networks.HEADS[head](classes).probabilities(outputs.cpu().double()))
    return torch.cat(found).numpy()
