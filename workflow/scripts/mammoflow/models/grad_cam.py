"""Where in a picture a network's score is sensitive: Grad-CAM (Selvaraju et al. 2017, doi.org/10.1109/ICCV.2017.74)."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from mammoflow.models.networks import HEADS


def maps(
    network: torch.nn.Module, channels: torch.Tensor, asked: torch.Tensor, *, head: str
) -> npt.NDArray[np.float32]:
    """How much the places of each picture speak for the class asked for.

    The last features, weighted by the mean over places of the score's gradient with respect to each, are summed; what
    speaks against the class is cut off, and the rest is drawn as large as the picture, bilinearly.

    Parameters
    ----------
    network
        Of timm; is put into evaluation, and its weights are frozen.
    channels : (n, 3, side, side)
        Pictures as the network sees them.
    asked : (n,) int64
        Position of a class for each picture.
    head
        What the outputs mean: a key of networks.HEADS.

    Returns
    -------
    (n, side, side) float32
        From 0 to the largest value of each map, which is 1, unless nothing speaks for the class: then all are 0.
    """
    network.eval().requires_grad_(False)
    features, outputs = _features_and_outputs(network, channels)
    (gradients,) = torch.autograd.grad(_scores(outputs, asked, head=head).sum(), features)
    values, weights = _by_place(network, features.detach()), _by_place(network, gradients).mean((2, 3), keepdim=True)
    coarse = (weights * values).sum(dim=1, keepdim=True).relu()
    large = functional.interpolate(coarse, size=channels.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    most = large.amax(dim=(1, 2), keepdim=True)
    return (large / most.clamp(min=torch.finfo(most.dtype).tiny)).numpy()


def _scores(outputs: torch.Tensor, asked: torch.Tensor, *, head: str) -> torch.Tensor:
    """The logit of the class; in order, where outputs are logits of later classes, the log of its probability: (n,)."""
    if head == "softmax":
        return outputs.gather(1, asked[:, None])[:, 0]
    probabilities = HEADS[head](outputs.shape[1] + 1).probabilities(outputs)
    # Where thresholds cross a probability is 0, and nothing speaks for the class.
    return probabilities.gather(1, asked[:, None])[:, 0].clamp(min=torch.finfo(outputs.dtype).tiny).log()


def _features_and_outputs(network: Any, channels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last features that outputs are made of, and the outputs, whose gradient can be taken."""
    if getattr(network, "global_pool", None) != "token":
        features = network.forward_features(channels).requires_grad_()
        return features, network.forward_head(features)
    # Here the class token alone is read at the end: the last to look at the others is the last block.
    seen: list[torch.Tensor] = []

    def keep(_: torch.nn.Module, given: tuple[torch.Tensor]) -> None:
        seen.append(given[0].requires_grad_())

    with network.blocks[-1].register_forward_pre_hook(keep):
        outputs = network(channels)
    return seen[0], outputs


def _by_place(network: Any, features: torch.Tensor) -> torch.Tensor:
    """Features of every layout that timm has as (n, channels, rows, columns)."""
    if features.ndim == 3:
        # Tokens of a square picture: the first, those too many for a square, are of no place.
        side = math.isqrt(features.shape[1])
        return features[:, -side * side :].transpose(1, 2).reshape(len(features), -1, side, side)
    return features.permute(0, 3, 1, 2) if getattr(network, "output_fmt", "NCHW") == "NHWC" else features
