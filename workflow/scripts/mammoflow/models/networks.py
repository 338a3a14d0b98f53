"""timm networks with a new head, and the head's meaning: classes side by side, or in order (CORAL)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import timm
import torch
from torch.nn import functional

from mammoflow.errors import UserError


@dataclass(frozen=True)
class Inputs:
    """What a network was made for."""

    side: int  # pixels
    mean: tuple[float, float, float]  # of each channel, of values from 0 to 1
    std: tuple[float, float, float]

    def of(self, greys: torch.Tensor) -> torch.Tensor:
        """Grey squares (n, side, side) uint8 as normalised channels: (n, 3, side, side) float32."""
        mean, std = (torch.tensor(own, device=greys.device).view(1, 3, 1, 1) for own in (self.mean, self.std))
        return (greys.unsqueeze(1).float() / 255 - mean) / std


def load(folder: Path, *, n_outputs: int, side: int | None = None, drop_path: float = 0.0) -> torch.nn.Module:
    """A timm network from its snapshot (config.json and weights), with a new head.

    Parameters
    ----------
    folder
        The snapshot.
    n_outputs
        Of the new head.
    side
        Of the pictures, in pixels; the network's own where None. Only networks of a fixed size are built anew for it.
    drop_path
        Most probability of leaving out a block's branch in training.

    Raises
    ------
    UserError
        If the snapshot is not there.
    """
    config = folder / "config.json"
    if not config.is_file():
        raise UserError(f"{config} is not there; delete the snapshot's table in results/models and run again")
    settings: dict[str, Any] = {"drop_path_rate": drop_path} if drop_path else {}
    if side and json.loads(config.read_text())["pretrained_cfg"].get("fixed_input_size"):
        settings["img_size"] = side
    source = f"local-dir:{folder.absolute()}"
    network: torch.nn.Module = timm.create_model(source, pretrained=True, num_classes=n_outputs, **settings)
    return network


def inputs_of(network: torch.nn.Module, side: int | None) -> Inputs:
    """What the network was trained on; `side` in place of its own where it is given."""
    data = timm.data.resolve_model_data_config(network)
    return Inputs(side or data["input_size"][-1], data["mean"], data["std"])


class Coral(torch.nn.Module):
    """A network with one output, and a threshold between every two neighbouring classes.

    Output k is the logit of "a later class than k": one score, shared by all, plus a bias (Cao et al. 2020,
    doi.org/10.1016/j.patrec.2020.11.008).
    """

    def __init__(self, network: torch.nn.Module, n_classes: int) -> None:
        super().__init__()
        self.network = network
        # In order from the start, and far enough apart that every class is likely somewhere.
        self.thresholds = torch.nn.Parameter(torch.linspace(1, -1, n_classes - 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, classes - 1) logits."""
        return self.network(pictures) + self.thresholds


def plain(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights under timm's names; thresholds of `Coral` become the bias of a layer with equal rows, one each."""
    if not isinstance(network, Coral):
        return network.state_dict()
    weights = network.network.state_dict()
    name = cast("dict[str, str]", network.network.pretrained_cfg)["classifier"]
    n = len(network.thresholds)
    weights[f"{name}.bias"] = weights[f"{name}.bias"] + network.thresholds.detach()
    weights[f"{name}.weight"] = weights[f"{name}.weight"].repeat(n, *[1] * (weights[f"{name}.weight"].ndim - 1))
    return weights


@dataclass(frozen=True)
class Head:
    """What a network's outputs mean."""

    n_outputs: int
    losses: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]  # outputs, targets, label smoothing: (n,)
    probabilities: Callable[[torch.Tensor], torch.Tensor]  # outputs: (n, classes)


def softmax_head(n_classes: int) -> Head:
    """One output a class."""

    def losses(outputs: torch.Tensor, targets: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Cross-entropy of each row."""
        return functional.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)

    return Head(n_classes, losses, lambda outputs: outputs.softmax(dim=1))


def coral_head(n_classes: int) -> Head:
    """One output less than classes, from `Coral`."""

    def losses(outputs: torch.Tensor, targets: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Sum of the binary cross-entropies of each row, one a threshold."""
        later = (targets.unsqueeze(1) > torch.arange(n_classes - 1, device=targets.device)).to(outputs)
        smoothed = later * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(outputs, smoothed, reduction="none").sum(dim=1)

    def probabilities(outputs: torch.Tensor) -> torch.Tensor:
        """Differences of the probabilities of later classes, which training keeps in order; a crossing counts as 0."""
        later = outputs.sigmoid()
        ends = torch.ones_like(later[:, :1]), torch.zeros_like(later[:, :1])
        between = -torch.diff(torch.cat([ends[0], later, ends[1]], dim=1), dim=1)
        bounded = between.clamp(min=0)
        return bounded / bounded.sum(dim=1, keepdim=True)

    return Head(1, losses, probabilities)


HEADS = {"softmax": softmax_head, "coral": coral_head}
