"""Networks with weights of the user's own, from a file of tensors, as snapshots that timm loads."""

from collections.abc import Mapping
from pathlib import Path

import timm
import torch
from timm.models import load_state_dict, save_for_hf

from mammoflow.errors import UserError
from mammoflow.models.snapshot_faults import naming


def make_snapshot(model: str, file: Path, folder: Path) -> None:
    """Write config.json and model.safetensors of a network whose weights stand in a file; its head is left out.

    Parameters
    ----------
    model
        Name of timm's architecture, with a tag or without; what the network sees is normalised as timm says for it.
    file
        Weights under timm's names: a .safetensors file, or one of torch, from which nothing but tensors is read. They
        may stand under `state_dict` or `model`, as in checkpoints, and have the prefix of DistributedDataParallel.
    folder
        Where the two files go.

    Raises
    ------
    UserError
        If timm has no such architecture, or the file is not there, holds no weights, or those of another network.
    """
    try:
        network = timm.create_model(model, pretrained=False)
    except RuntimeError as error:
        raise UserError(f"config: model is {model!r}, which timm {timm.__version__} does not know: {error}") from None
    if not file.is_file():
        raise UserError(f"config: weights_file is {str(file)!r}; allowed: a file, which is not there")
    with naming(file, "weights", remedy="name a file of nothing but tensors, under the names that timm gives them"):
        found = load_state_dict(str(file), weights_only=True)
    whole, heads = set(network.state_dict()), network.pretrained_cfg["classifier"]
    network.reset_classifier(0)
    wanted = network.state_dict()
    body = {name: own for name, own in found.items() if name in wanted or not _is_of_head(name, whole, heads)}
    if faults := _faults(body, wanted):
        raise UserError(
            f"{file} does not hold the weights of {model}: {'; '.join(faults)}; name the model that it was made with"
        )
    network.load_state_dict(body)
    save_for_hf(network, str(folder), safe_serialization=True)


def _is_of_head(name: str, whole: set[str], heads: str | tuple[str, ...]) -> bool:
    """Whether a weight that the network without its head lacks is of a head: of its own, or of one put in its place."""
    return name in whole or name.startswith(tuple(f"{one}." for one in ([heads] if isinstance(heads, str) else heads)))


def _faults(found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> list[str]:
    """What is wrong with weights, in words: how many are missing, unexpected or of another shape, and the first."""
    wrong = {
        "missing": [name for name in wanted if name not in found],
        "unexpected": [name for name in found if name not in wanted],
        "of another shape": [
            name for name in wanted if name in found and getattr(found[name], "shape", None) != wanted[name].shape
        ],
    }
    return [f"{len(names)} {how}, the first {names[0]}" for how, names in wrong.items() if names]
