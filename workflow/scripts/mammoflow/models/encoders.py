"""Encoders of images, and most of texts too: a snapshot in a folder, loaded without a network.

What an image becomes must not depend on which others are encoded beside it, or vectors that were kept would differ from
those made with the others. So a batch is always of one size, filled up with copies, so that the same sums are done in
the same order.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import open_clip
import timm
import torch

from mammoflow.errors import UserError
from mammoflow.models import snapshot_faults, snapshot_files, towers
from mammoflow.models.preprocessing import Preprocessing, preprocessing
from mammoflow.models.towers import Tower

BATCH = {"cpu": 16, "cuda": 128}
AHEAD = 2  # batches that are read while one is encoded
READERS = 8  # threads that read, at most
# Tables of words are often larger than their tokenizer, for the sake of a round number.
PADDING = 128

Vectors = npt.NDArray[np.float32]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Encoder:
    """An encoder with the preprocessing and the tokenizer that belong to it.

    `model` and `tokenizer` are open_clip's; an encoder of images only has none.
    """

    tower: Tower
    preprocessing: Preprocessing
    device: torch.device
    model: Any = None
    tokenizer: Any = None

    @property
    def batch(self) -> int:
        """Images, or sentences, that are encoded together."""
        return BATCH[self.device.type]

    @property
    def temperature(self) -> float:
        """What cosines are multiplied with before the softmax."""
        return float(self.model.logit_scale.detach().exp())

    @torch.inference_mode()
    def images(self, paths: list[str], progress: Callable[..., Any]) -> dict[str, Vectors]:
        """Vectors of PNGs by name, `projected` and `trunk` as far as the encoder has them: (n, width) float32 each.

        None is normalised. On a GPU they are computed in mixed precision.
        """
        found: dict[str, list[Vectors]] = {}
        batches = _batches(paths, self.batch)
        for own, greys in zip(progress(batches), self._read(batches), strict=True):
            with torch.autocast(self.device.type, torch.float16, enabled=self.device.type == "cuda"):
                vectors = self.tower(self.preprocessing.to_channels(greys.to(self.device)))
            for name, each in vectors.items():
                found.setdefault(name, []).append(each[: len(own)].float().cpu().numpy())
        return {name: np.concatenate(each) for name, each in found.items()}

    @torch.inference_mode()
    def texts(self, sentences: list[str], progress: Callable[..., Any] = iter) -> Vectors:
        """Normalised vectors of sentences: (n, width) float32.

        Raises
        ------
        UserError
            If a sentence is longer than the encoder reads; open_clip would cut it without a word.
        """
        self._check_lengths(sentences)
        found = []
        for own in progress(_batches(sentences, self.batch)):
            tokens = self.tokenizer(_filled(own, self.batch)).to(self.device)
            found.append(self.model.encode_text(tokens, normalize=True)[: len(own)].float().cpu().numpy())
        return np.concatenate(found)

    def _read(self, batches: list[list[str]]) -> Iterator[torch.Tensor]:
        """Batches of PNGs, (batch, height, width) uint8, read in threads while others are encoded."""
        with ThreadPoolExecutor(min(READERS, len(os.sched_getaffinity(0)))) as pool:

            def read(batch: list[str]) -> list[Future[torch.Tensor]]:
                return [pool.submit(self.preprocessing.read, path) for path in batch]

            rest = iter(batches)
            waiting = deque(map(read, islice(rest, AHEAD)))
            while waiting:
                pictures = [future.result() for future in waiting.popleft()]
                waiting.extend(map(read, islice(rest, 1)))
                yield torch.stack(_filled(pictures, self.batch))

    def _check_lengths(self, sentences: list[str]) -> None:
        # With room for one token more, a sentence that fits becomes the same tokens.
        length = self.tokenizer.context_length
        cut, longer = self.tokenizer(sentences), self.tokenizer(sentences, context_length=length + 1)
        for sentence, fits in zip(sentences, (cut == longer[:, :length]).all(dim=1), strict=True):
            if not fits:
                raise UserError(f"the encoder reads {length} tokens, and this is more: {sentence!r}; shorten it")


def load(folder: Path, *, kind: str = "open_clip", resize: str = "longest") -> Encoder:
    """Load a snapshot: configuration, weights, and for `kind` "open_clip" the tokenizer.

    Parameters
    ----------
    folder
        Holds the snapshot's files (`mammoflow.models.snapshot_files`).
    kind
        "open_clip" or "timm".
    resize
        How a picture is brought to the encoder's size (`mammoflow.models.preprocessing`).

    Raises
    ------
    UserError
        If a file is not there, cannot be read, or does not fit the others.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return (_load_timm if kind == "timm" else _load_clip)(folder.absolute(), resize, device)


def _load_clip(folder: Path, resize: str, device: torch.device) -> Encoder:
    config = snapshot_faults.read_json(folder, snapshot_files.CLIP_CONFIG)
    weights = snapshot_faults.find_weights(folder, snapshot_files.CLIP_WEIGHTS)
    with snapshot_faults.naming(folder / snapshot_files.CLIP_CONFIG, "model that open_clip knows"):
        text = dict(config["model_cfg"]["text_cfg"])
        if "hf_model_name" in text:
            snapshot_faults.read_json(folder, "config.json")
            # From the folder, not from the hub, and without BERT's own weights: the snapshot's follow.
            text |= {"hf_model_name": str(folder), "hf_model_pretrained": False}
        model = open_clip.create_model(
            f"local-dir:{folder}", load_weights=False, pretrained_text=False, text_cfg=text
        ).eval()
    with snapshot_faults.naming(weights, "weights of this model"):
        open_clip.load_checkpoint(model, str(weights))
    tokenizer = _load_tokenizer(folder, words=getattr(model, "text", model).vocab_size)
    own = model.visual.preprocess_cfg
    height, width = own["size"] if isinstance(own["size"], (tuple, list)) else (own["size"], own["size"])
    return Encoder(
        towers.of_clip(model.to(device)),
        preprocessing(
            size=(height, width), mean=own["mean"], std=own["std"], interpolation=own["interpolation"], resize=resize
        ),
        device,
        model,
        tokenizer,
    )


def _load_tokenizer(folder: Path, *, words: int) -> Any:
    """The tokenizer of an open_clip snapshot whose text tower knows this many words."""
    for path in folder.glob("*.json"):
        snapshot_faults.read_json(folder, path.name)
    with snapshot_faults.naming(folder / "tokenizer.json", "tokenizer that open_clip can load"):
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    size = len(tokenizer.tokenizer) if hasattr(tokenizer, "tokenizer") else tokenizer.vocab_size
    if not words - PADDING <= size <= words:
        raise UserError(
            f"{folder}: the tokenizer knows {size:,} words and the text tower {words:,}; "
            "put the tokenizer's own files where the snapshot came from"
        )
    return tokenizer


def _load_timm(folder: Path, resize: str, device: torch.device) -> Encoder:
    snapshot_faults.read_json(folder, "config.json")
    weights = snapshot_faults.find_weights(folder, snapshot_files.WEIGHTS)
    with snapshot_faults.naming(folder / "config.json", "network that timm knows"):
        timm.create_model(f"local-dir:{folder}", pretrained=False)
    # With as many classes as it was published with: with others timm would not mind missing weights.
    with snapshot_faults.naming(weights, "weights of this network"):
        network = timm.create_model(f"local-dir:{folder}", pretrained=True)
    own = timm.data.resolve_model_data_config(network)
    return Encoder(
        towers.of_timm(network.eval().to(device)),
        preprocessing(
            size=own["input_size"][1:],
            mean=own["mean"],
            std=own["std"],
            interpolation=own["interpolation"],
            resize=resize,
            crop=own["crop_pct"],
        ),
        device,
    )


def _batches(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _filled(items: list[Item], size: int) -> list[Item]:
    """A batch of the full size, with copies of its last."""
    return items + items[-1:] * (size - len(items))
