"""Translation models: a Marian snapshot in a folder, loaded without a network.

What a sentence becomes must not depend on which others are translated beside it, or a run that found half of them in
the cache would differ from one that found none. So a batch holds sentences of one length, and nothing is padded; it is
always of one size, filled up with copies, so that the same sums are done in the same order; and attention is computed
step by step, not by a fused kernel.
"""

from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from mammoflow.errors import UserError
from mammoflow.translations import Translation

BATCH = {"cpu": 8, "cuda": 64}
# As Marian's own decoder: a translation is cut at three times the length of its source.
LENGTH_FACTOR = 3


@dataclass(frozen=True)
class Translator:
    """A translation model with its tokenizer."""

    model: Any
    tokenizer: Any
    device: torch.device

    @property
    def runs_on(self) -> list[str]:
        """What its translations may depend on besides model and threads: kind of device, versions."""
        return [self.device.type, torch.__version__, transformers.__version__]

    def fits(self, sentence: str) -> bool:
        """Whether the model takes the sentence whole."""
        return len(self._tokens(sentence)) <= self.model.config.max_position_embeddings

    def batches(self, sentences: list[str]) -> list[list[str]]:
        """The sentences in batches of one length, the shortest first."""
        size = BATCH[self.device.type]
        lengths = {sentence: len(self._tokens(sentence)) for sentence in sentences}
        ordered = sorted(lengths, key=lambda sentence: (lengths[sentence], sentence))
        return [
            own[start : start + size]
            for own in (list(group) for _, group in groupby(ordered, key=lengths.__getitem__))
            for start in range(0, len(own), size)
        ]

    @torch.inference_mode()
    def translate(self, batch: list[str]) -> list[Translation]:
        """The translations of one of `batches`, by the search that the snapshot's generation_config.json asks for.

        Raises
        ------
        ValueError
            If its sentences are of different lengths, too many, or longer than the model takes.
        """
        full = batch + [batch[-1]] * (BATCH[self.device.type] - len(batch))
        # Raises where lengths differ.
        tokens = torch.tensor([self._tokens(sentence) for sentence in full], device=self.device)
        most = self.model.config.max_position_embeddings
        if len(full) > BATCH[self.device.type] or tokens.shape[1] > most:
            raise ValueError(f"a batch of {len(batch)} sentences of {tokens.shape[1]} tokens")
        settings = deepcopy(self.model.generation_config)
        settings.do_sample, settings.max_new_tokens = False, None
        settings.max_length = min(LENGTH_FACTOR * tokens.shape[1], most)
        found = self.model.generate(tokens, attention_mask=torch.ones_like(tokens), generation_config=settings)
        texts = self.tokenizer.batch_decode(found, skip_special_tokens=True)
        return [
            Translation(text.strip(), ended=self._ended(row, settings.max_length))
            for text, row in zip(texts[: len(batch)], found.tolist(), strict=False)
        ]

    def _tokens(self, sentence: str) -> list[int]:
        return self.tokenizer(sentence)["input_ids"]

    def _ended(self, row: list[int], most: int) -> bool:
        """Whether the model wrote the end itself; at the last place it is forced to."""
        return self.model.config.eos_token_id in row[1 : most - 1]


def load(folder: Path) -> Translator:
    """Load a snapshot: configurations, weights, and the two sentencepiece models with their vocabulary.

    Weights are read from model.safetensors, or from pytorch_model.bin, of which nothing but tensors is accepted.

    Raises
    ------
    UserError
        If the snapshot's configuration is not there.
    """
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder / 'config.json'} is not there; delete {folder}.tsv and run again")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSeq2SeqLM.from_pretrained(
        folder, local_files_only=True, weights_only=True, dtype=torch.float32, attn_implementation="eager"
    )
    return Translator(model.eval().to(device), tokenizer, device)
