"""The embedding cache: vectors kept by content, and the index that says where each image's is.

A folder holds what one encoder, read in one way, made of pictures; below it, each shard of PNGs that it was asked for
has a folder of its own. A shard that is there is done. Of another one, the vectors of PNGs that any shard of the
encoder has are copied, and only the rest is encoded.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors import safe_open
from safetensors.numpy import save_file

from mammoflow import tables, work
from mammoflow.errors import UserError

FILE = "embeddings.safetensors"
_HASHES = "sha256"  # name of the tensor of the PNGs' hashes, (n, 32) uint8, beside those of vectors
# What vectors depend on besides the snapshot and our own code.
_LIBRARIES = ("torch", "torchvision", "timm", "open_clip_torch", "pillow", "opencv-python-headless")

Vectors = dict[str, npt.NDArray[Any]]
# Hashes of PNGs, and what gives their vectors.
_Source = tuple[list[str], Callable[[], Vectors]]


@dataclass(frozen=True)
class Origin:
    """What PNGs came from: a recipe by name, a digest of how it draws, and one of the matching tables it draws by."""

    recipe: str
    drawn: str
    matched: str


@dataclass(frozen=True)
class Shard:
    """A shard that is kept: its file, images, their PNGs' hashes in the order of rows, and what these came from."""

    file: Path
    image_ids: list[str]
    hashes: list[str]
    origin: Origin


@dataclass(frozen=True)
class Filled:
    """A shard's folder, how many of its images were encoded for it, and why images that were known had to be."""

    folder: Path
    encoded: int
    why: str


def libraries() -> list[str]:
    """Versions of the libraries that encode, found without importing them."""
    return [f"{name} {version(name)}" for name in _LIBRARIES]


def origin(recipe: str, settings: dict[str, Any], matching: pd.DataFrame) -> Origin:
    """The origin of a recipe's PNGs, from its settings and its `tables.MATCHING`."""
    fitted = matching[["device", "bits_stored", "tone", "sha256"]].astype(str).to_dict("list")
    return Origin(recipe, work.key_of(settings=settings), work.key_of(tables=fitted))


def fill(
    encoder: Path, pngs: pd.DataFrame, *, origin: Origin, encode: Callable[[list[str]], Vectors], precision: str
) -> Filled:
    """See to it that the cache holds a shard.

    Parameters
    ----------
    encoder
        Folder of the encoder, named by its key.
    pngs
        `tables.PNGS` of the shard, at least one.
    origin
        What they came from; kept to explain a later change.
    encode
        Gives vectors of PNGs by name, (n, width) each; called only where there are PNGs that no shard holds.
    precision
        Numbers that vectors are kept in: float32 or float16.
    """
    ids, hashes = list(pngs["image_id"]), list(pngs["sha256"])
    folder = encoder / work.key_of(images=list(zip(ids, hashes, strict=True)))
    if folder.is_dir():
        return Filled(folder, 0, "")
    shards = kept(encoder)
    known = {one for shard in shards for one in shard.hashes}
    new = pngs[~pngs["sha256"].isin(known)]

    def make(place: Path) -> None:
        """Copy and encode into this folder."""
        fresh = encode(list(new["file"])) if len(new) else {}
        sources: list[_Source] = [(shard.hashes, partial(_vectors, shard.file)) for shard in shards]
        sources.append((list(new["sha256"]), lambda: {name: each.astype(precision) for name, each in fresh.items()}))
        tensors = _gather(hashes, sources)
        tensors[_HASHES] = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, 32)
        about = {"image_ids": ids, "origin": [origin.recipe, origin.drawn, origin.matched]}
        save_file(tensors, place / FILE, metadata={key: json.dumps(value) for key, value in about.items()})

    work.result(folder, make)
    return Filled(folder, len(new), _why(set(new["image_id"]), shards, origin))


def kept(encoder: Path) -> list[Shard]:
    """The shards of an encoder's folder, the newest last."""
    found = []
    # What begins with a dot is not whole yet.
    whole = encoder.glob(f"[!.]*/{FILE}")
    for file in sorted(whole, key=lambda file: (file.stat().st_mtime_ns, file.parent.name)):
        with safe_open(file, framework="numpy") as opened:
            about = {key: json.loads(value) for key, value in opened.metadata().items()}
            rows = opened.get_tensor(_HASHES)
        hashes = [row.tobytes().hex() for row in rows]
        found.append(Shard(file, about["image_ids"], hashes, Origin(*about["origin"])))
    return found


def index(pngs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The index of a shard, whose vectors stand in `folder` in the order of its PNGs: `tables.EMBEDDINGS`."""
    rows = pngs[["image_id", "sha256"]].assign(file=str(folder / FILE), row=range(len(pngs)))
    return rows.astype({"row": "Int64"})[list(tables.EMBEDDINGS.columns)]


def lookup(embeddings: pd.DataFrame, image_ids: Sequence[str], features: str) -> npt.NDArray[np.float32]:
    """The vectors of images, in their order: (n, width) float32.

    Parameters
    ----------
    embeddings
        `tables.EMBEDDINGS` of the shards.
    image_ids
        Whose vectors are wanted.
    features
        "projected" or "trunk"; none is normalised.

    Raises
    ------
    UserError
        If an image was not embedded, the encoder has no such vectors, or the cache is gone.
    """
    wanted = embeddings.set_index("image_id").reindex(image_ids)
    missing = wanted.index[wanted["file"].isna()]
    if len(missing):
        raise UserError(f"image {missing[0]} has no embedding; delete results/embeddings and run again")
    rows = wanted["row"].to_numpy(dtype=int)
    # Filled file by file, so that a million vectors are in memory once.
    found = np.empty((len(wanted), 0), np.float32)
    for file, at in wanted.groupby("file").indices.items():
        whole = _kept(Path(str(file)), features)
        if not found.shape[1]:
            found = np.empty((len(wanted), whole.shape[1]), np.float32)
        found[at] = whole[rows[at]]
    return found


def _kept(file: Path, features: str) -> npt.NDArray[Any]:
    """The vectors of a shard, in the precision that they are kept in."""
    if not file.is_file():
        raise UserError(f"{file} is gone; delete results/embeddings and run again")
    with safe_open(file, framework="numpy") as opened:
        offered = sorted(set(opened.keys()) - {_HASHES})
        if features not in offered:
            raise UserError(f"config: features is {features!r}; allowed with this encoder: {', '.join(offered)}")
        return np.asarray(opened.get_tensor(features))


def _vectors(file: Path) -> Vectors:
    with safe_open(file, framework="numpy") as opened:
        return {name: opened.get_tensor(name) for name in set(opened.keys()) - {_HASHES}}


def _gather(hashes: list[str], sources: list[_Source]) -> Vectors:
    """The vectors of PNGs in their order, each from the first source that has it."""
    found: dict[str, dict[str, npt.NDArray[Any]]] = {}
    missing = set(hashes)
    for own, load in sources:
        if missing.isdisjoint(own):
            continue
        for name, vectors in load().items():
            found.setdefault(name, {}).update((one, vectors[row]) for row, one in enumerate(own) if one in missing)
        missing -= set(own)
    return {name: np.stack([vectors[one] for one in hashes]) for name, vectors in sorted(found.items())}


def _why(new: set[str], shards: list[Shard], origin: Origin) -> str:
    """Why images that were known have PNGs that are not; empty where none was known."""
    before = [shard for shard in shards if shard.origin.recipe == origin.recipe and new & set(shard.image_ids)]
    if not before:
        return ""
    last = before[-1].origin
    if last.drawn != origin.drawn:
        why = f"recipe {origin.recipe} has changed"
    elif last.matched != origin.matched:
        why = f"the matching tables of recipe {origin.recipe} were fitted anew"
    else:
        why = "their pictures have changed"
    known = new & {one for shard in before for one in shard.image_ids}
    return f"{len(known)} of them were known with other PNGs: {why}"
