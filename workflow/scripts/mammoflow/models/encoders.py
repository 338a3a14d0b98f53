"""Vision-language encoders: an open_clip snapshot in a folder, loaded without a network."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import open_clip
import torch
from PIL import Image

from mammoflow import pictures
from mammoflow.errors import UserError

BATCH = 32


@dataclass(frozen=True)
class Encoder:
    """An encoder with the preprocessing and the tokenizer that belong to it."""

    model: Any
    preprocess: Callable[[Image.Image], torch.Tensor]
    tokenizer: Callable[[list[str]], torch.Tensor]
    device: torch.device

    @property
    def temperature(self) -> float:
        """What cosines are multiplied with before the softmax."""
        return float(self.model.logit_scale.detach().exp())

    @torch.inference_mode()
    def images(self, paths: list[str], progress: Callable[..., Any]) -> npt.NDArray[np.float32]:
        """Projected embeddings of PNGs, not normalised: (n, width) float32.

        Pictures are brought to the model's size by their longest side and padded, not cut: a centre crop would cut
        tissue away.
        """
        found = []
        for start in progress(range(0, len(paths), BATCH)):
            greys = [pictures.read_png(path) for path in paths[start : start + BATCH]]
            batch = torch.stack([self.preprocess(Image.fromarray(grey).convert("RGB")) for grey in greys])
            found.append(self.model.encode_image(batch.to(self.device)).float().cpu().numpy())
        return np.concatenate(found)

    @torch.inference_mode()
    def texts(self, sentences: list[str]) -> npt.NDArray[np.float32]:
        """Normalised embeddings of sentences: (n, width) float32."""
        tokens = self.tokenizer(sentences).to(self.device)
        return self.model.encode_text(tokens, normalize=True).float().cpu().numpy()


def load(folder: Path) -> Encoder:
    """Load a snapshot: open_clip_config.json, weights, tokenizer, and the text tower's config.json.

    Raises
    ------
    UserError
        If the snapshot's configuration is not there.
    """
    config = folder / "open_clip_config.json"
    if not config.is_file():
        raise UserError(f"{config} is not there; delete the snapshot's table in results/models and run again")
    text_cfg = json.loads(config.read_text())["model_cfg"]["text_cfg"]
    if "hf_model_name" in text_cfg:
        # From the folder, not from the hub, and without BERT's own weights: the snapshot's follow.
        text_cfg |= {"hf_model_name": str(folder.absolute()), "hf_model_pretrained": False}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    source = f"local-dir:{folder.absolute()}"
    model, preprocess = open_clip.create_model_from_pretrained(
        source, text_cfg=text_cfg, image_resize_mode="longest", device=device
    )
    return Encoder(model.eval(), preprocess, open_clip.get_tokenizer(source), device)
