"""Linear heads: what makes probabilities of embeddings, and the file that it is handed on in."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save
from scipy.special import log_softmax

from mammoflow.files import atomic

_WEIGHT, _BIAS = "weight", "bias"


@dataclass(frozen=True)
class Head:
    """A linear layer for vectors that are not normalised: `weight` (classes, width) and `bias` (classes,)."""

    weight: npt.NDArray[np.floating]
    bias: npt.NDArray[np.floating]

    def log_probabilities(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Logarithms of the probabilities of vectors (n, width): (n, classes), never infinite."""
        logits = vectors.astype(np.float64) @ self.weight.astype(np.float64).T + self.bias
        return log_softmax(logits, axis=1)

    def probabilities(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Probabilities of vectors (n, width): (n, classes)."""
        return np.exp(self.log_probabilities(vectors))


def write(head: Head, path: str | Path, about: dict[str, object]) -> None:
    """Write a head as safetensors, with what is to be known of it as metadata; the same head gives the same bytes.

    Parameters
    ----------
    head
        Its tensors are `weight` and `bias`.
    path
        Where to.
    about
        Texts are kept as they are, anything else as JSON.
    """
    metadata = {key: value if isinstance(value, str) else json.dumps(value) for key, value in about.items()}
    tensors = {_WEIGHT: np.ascontiguousarray(head.weight), _BIAS: np.ascontiguousarray(head.bias)}
    with atomic(path) as temporary:
        temporary.write_bytes(_sorted(save(tensors, metadata)))


def read(path: str | Path) -> tuple[Head, dict[str, str]]:
    """A head and its metadata."""
    with safe_open(path, "np") as file:
        return Head(file.get_tensor(_WEIGHT), file.get_tensor(_BIAS)), file.metadata()


def _sorted(content: bytes) -> bytes:
    """The same file with the names of its header in order: safetensors writes metadata in any."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[end:]
