"""Image towers: the part of an encoder that sees pictures, as a function from a batch to its vectors by name.

`projected` vectors lie in the space of texts, `trunk` vectors are what is projected there. Both come from one pass. Not
every tower of open_clip can give the second: those that pool and project in one step give the first alone. A network of
timm, which has no texts, gives the second alone.
"""

from collections.abc import Callable
from typing import Any

import torch
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer

# From (n, 3, height, width) to (n, width) tensors by name.
Tower = Callable[[torch.Tensor], dict[str, torch.Tensor]]


def of_clip(model: Any) -> Tower:
    """The image tower of a model of open_clip, which is not to be used by itself afterwards."""
    visual = model.visual
    if isinstance(visual, TimmModel):
        return lambda batch: _by_timm(visual, batch)
    if isinstance(visual, VisionTransformer) and visual.proj is not None and not visual.output_tokens:
        # Without its projection the tower gives what would have been projected.
        projection, visual.proj = visual.proj.detach(), None
        return lambda batch: _by_transformer(visual, projection, batch)
    return lambda batch: {"projected": model.encode_image(batch, normalize=False)}


def of_timm(network: Any) -> Tower:
    """The tower that a network of timm is when it has no classifier."""
    network.reset_classifier(0)
    return lambda batch: {"trunk": network(batch)}


def _by_timm(visual: TimmModel, batch: torch.Tensor) -> dict[str, torch.Tensor]:
    maps = visual.trunk.forward_features(batch)
    vectors = {"projected": visual.head(visual.trunk.forward_head(maps))}
    trunk = visual.trunk.forward_head(maps, pre_logits=True)
    if trunk.ndim == 2:  # else it is a map, which the head pools and projects
        vectors["trunk"] = trunk
    return vectors


def _by_transformer(
    visual: VisionTransformer, projection: torch.Tensor, batch: torch.Tensor
) -> dict[str, torch.Tensor]:
    trunk = visual(batch)
    return {"projected": trunk @ projection, "trunk": trunk}
