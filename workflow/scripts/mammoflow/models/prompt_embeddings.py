"""The embeddings of prompt sets: sentences encoded once, kept by content, and read beside their tables."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file, save_file

from mammoflow import tables, work
from mammoflow.files import atomic

_FILE = "prompts.safetensors"


class TextEncoder(Protocol):
    """What of an encoder is needed here."""

    @property
    def temperature(self) -> float:
        """What cosines are multiplied with before the softmax."""

    def texts(self, sentences: list[str], progress: Callable[..., Any]) -> npt.NDArray[np.float32]:
        """Normalised embeddings of sentences: (n, width); `progress` wraps the batches."""


@dataclass(frozen=True)
class Embedded:
    """A prompt set with the embeddings of its sentences."""

    prompts: pd.DataFrame  # tables.PROMPTS
    vectors: npt.NDArray[np.floating]  # (n, width): row `position` is that of the sentence
    temperature: float  # what the model multiplies cosines with

    def mean(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        """The mean of the vectors of sentences, some rows of `prompts`, brought to length 1: (width,)."""
        own = normalised(self.vectors[rows["position"].to_numpy(dtype=int)])
        return normalised(own.mean(axis=0, keepdims=True))[0]


def distinct(prompts: pd.DataFrame) -> list[str]:
    """The sentences of `tables.PROMPTS`, each once, in their order."""
    return list(dict.fromkeys(prompts["sentence"]))


def encode(
    sentences: list[str], folder: Path, load: Callable[[], TextEncoder], progress: Callable[..., Any] = iter
) -> bool:
    """See to it that `folder` holds the embeddings of sentences, and say whether they had to be made.

    Parameters
    ----------
    sentences
        Distinct ones.
    folder
        Named by a key of everything that they depend on.
    load
        Loads the encoder; called only where it is needed.
    progress
        Wraps loops, such as tqdm.
    """

    def make(place: Path) -> None:
        encoder = load()
        temperature = np.array([encoder.temperature], dtype=np.float32)
        save_file({"vectors": encoder.texts(sentences, progress), "temperature": temperature}, place / _FILE)

    return work.result(folder, make)


def write(prompts: pd.DataFrame, folder: Path, *, table: str | Path, vectors: str | Path) -> None:
    """Write a prompt set's table and, in a file beside it, an embedding for each of its rows.

    Parameters
    ----------
    prompts
        `tables.PROMPTS`.
    folder
        Where `encode` has put the embeddings of its distinct sentences.
    table, vectors
        Files to write. The second holds `vectors` (n, width) float32 and `temperature` (1,) float32.
    """
    found = load_file(folder / _FILE)
    found["vectors"] = found["vectors"][pd.Index(distinct(prompts)).get_indexer(prompts["sentence"])]
    tables.write(prompts, table, tables.PROMPTS)
    with atomic(vectors) as temporary:
        save_file(found, temporary)


def read(table: str | Path, vectors: str | Path) -> Embedded:
    """Read what `write` has written."""
    found = load_file(vectors)
    return Embedded(tables.read(table, tables.PROMPTS), found["vectors"], float(found["temperature"][0]))


def normalised(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Rows brought to length 1, in float64."""
    whole = vectors.astype(np.float64)
    return whole / np.linalg.norm(whole, axis=1, keepdims=True)
