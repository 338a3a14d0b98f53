"""Model snapshots as folders of files: their accounts, and where they come from."""

import json
import shutil
from pathlib import Path

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.files import sha256

ENCODER_FILES = (
    "open_clip_config.json",
    "open_clip_*model.*",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "merges.txt",
    "config.json",
)
NETWORK_FILES = ("config.json", "model.safetensors")
TRANSLATOR_FILES = ("config.json", "tokenizer_config.json", "source.spm", "target.spm", "vocab.json")
# Not every snapshot has one, but where it does, translations follow from it.
_TRANSLATOR_SEARCH = "generation_config.json"
# The first that a snapshot offers: safetensors hold nothing but tensors.
TRANSLATOR_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def account(folder: Path) -> pd.DataFrame:
    """The files of a snapshot with their hashes: `tables.MODEL_FILES`.

    Raises
    ------
    UserError
        If the folder holds no file.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not files:
        raise UserError(f"{folder} holds no model file; delete it and run again")
    rows: list[dict[str, object]] = [
        {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files
    ]
    return tables.frame_of(rows, tables.MODEL_FILES)


def fingerprint(files: pd.DataFrame) -> str:
    """One hash of a snapshot: of its files' names and hashes."""
    return json.dumps(sorted(zip(files["file"], files["sha256"], strict=True)))


def fetch_encoder(source: str, revision: str, folder: Path) -> None:
    """Bring an open_clip snapshot into `folder`, the configuration of its text tower included.

    Parameters
    ----------
    source
        "hf-hub:NAME", downloaded, or "local-dir:FOLDER", copied.
    revision
        Git revision on the hub.

    Raises
    ------
    UserError
        If the local folder, or its open_clip configuration, is not there.
    """
    kind, _, name = source.partition(":")
    if kind == "local-dir":
        _copy(Path(name), folder, ENCODER_FILES)
    else:
        _download(name, revision, folder, ENCODER_FILES)
    config = folder / "open_clip_config.json"
    if not config.is_file():
        raise UserError(f"config: {source} has no open_clip_config.json; name an open_clip snapshot")
    text_tower = json.loads(config.read_text())["model_cfg"]["text_cfg"].get("hf_model_name")
    # open_clip asks the hub for the text tower's configuration even where the weights are local.
    if text_tower and not (folder / "config.json").is_file():
        if kind == "local-dir":
            raise UserError(f"config: {name} lacks config.json, the configuration of {text_tower}; put it there")
        _download(text_tower, "main", folder, ("config.json",))


def fetch_network(model: str, folder: Path) -> None:
    """Download a timm network by its name with tag, such as convnext_base.fb_in22k_ft_in1k."""
    _download(f"timm/{model}", "main", folder, NETWORK_FILES)


def fetch_translator(source: str, revision: str, folder: Path) -> None:
    """Bring a Marian snapshot into `folder`: everything that loading needs, and one file of weights.

    Parameters
    ----------
    source
        "hf-hub:NAME", downloaded, or "local-dir:FOLDER", copied.
    revision
        Git revision on the hub.

    Raises
    ------
    UserError
        If the local folder is not there, is `folder` itself, or the snapshot lacks a file.
    """
    kind, _, name = source.partition(":")
    if kind == "local-dir" and Path(name).resolve() == folder.resolve():
        raise UserError(
            f"config: translate.source {source} is where the snapshot is copied to; allowed: another folder"
        )
    # Weights of another revision must not stay beside those of this one.
    shutil.rmtree(folder, ignore_errors=True)
    for weights in TRANSLATOR_WEIGHTS:
        files = (*TRANSLATOR_FILES, _TRANSLATOR_SEARCH, weights)
        if kind == "local-dir":
            _copy(Path(name), folder, files)
        else:
            _download(name, revision, folder, files)
        if (folder / weights).is_file():
            break
    missing = [file for file in (*TRANSLATOR_FILES, weights) if not (folder / file).is_file()]
    if missing:
        raise UserError(f"config: translate.source {source} has no {', '.join(missing)}; name a Marian snapshot")


def _copy(source: Path, folder: Path, patterns: tuple[str, ...]) -> None:
    if not source.is_dir():
        raise UserError(f"config: model folder {source} is not there; allowed: a folder that holds a snapshot")
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(path for pattern in patterns for path in source.glob(pattern)):
        shutil.copyfile(path, folder / path.name)


def _download(name: str, revision: str, folder: Path, patterns: tuple[str, ...]) -> None:
    from huggingface_hub import snapshot_download

    snapshot_download(name, revision=revision, local_dir=folder, allow_patterns=list(patterns))
