"""The embedding cache: vectors kept by content, and the index that says where each image's is."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file

from mammoflow import tables
from mammoflow.errors import UserError

VECTORS = "vectors"
FILE = "embeddings.safetensors"


def index(pngs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The index of a shard, whose vectors stand in `folder` in the order of its PNGs: `tables.EMBEDDINGS`."""
    rows = pngs[["image_id", "sha256"]].assign(file=str(folder / FILE), row=range(len(pngs)))
    return rows.astype({"row": "Int64"})[list(tables.EMBEDDINGS.columns)]


def lookup(embeddings: pd.DataFrame, image_ids: pd.Series) -> npt.NDArray[np.float32]:
    """The vectors of images, in their order: (n, width) float32.

    Raises
    ------
    UserError
        If an image was not embedded, or the cache is gone.
    """
    vectors: dict[str, npt.NDArray[np.float32]] = {}
    for file, own in embeddings.groupby("file"):
        if not Path(file).is_file():
            raise UserError(f"{file} is gone; delete results/embeddings and run again")
        whole = load_file(file)[VECTORS]
        vectors.update(zip(own["image_id"], whole[own["row"].to_numpy(dtype=int)], strict=True))
    missing = [one for one in image_ids if one not in vectors]
    if missing:
        raise UserError(f"image {missing[0]} has no embedding; delete results/embeddings and run again")
    return np.stack([vectors[one] for one in image_ids])
