"""Model snapshots as folders of files: where they come from, their accounts, and whether they are still whole."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.files import sha256
from mammoflow.models import snapshot_files


def account(folder: Path, *, source: str, revision: str = "") -> pd.DataFrame:
    """The files of a snapshot with their hashes and origin: `tables.MODEL_FILES`.

    Raises
    ------
    UserError
        If the folder holds no file.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not files:
        raise UserError(f"{folder} holds no model file; delete it and run again")
    rows: list[dict[str, object]] = [
        {
            "file": path.name,
            "bytes": path.stat().st_size,
            "sha256": sha256(path),
            "source": source,
            "revision": revision,
        }
        for path in files
    ]
    return tables.frame_of(rows, tables.MODEL_FILES)


def fingerprint(files: pd.DataFrame) -> str:
    """One hash of a snapshot: of its files' names and hashes."""
    return json.dumps(sorted(zip(files["file"], files["sha256"], strict=True)))


def check(folder: Path, files: pd.DataFrame) -> None:
    """Compare a snapshot with its account, before anything is made with it.

    Parameters
    ----------
    folder
        Where its files are.
    files
        `tables.MODEL_FILES`, from when they came there.

    Raises
    ------
    UserError
        If a file is missing, shorter, longer or changed.
    """
    for file in files.itertuples():
        path = folder / str(file.file)
        remedy = f"delete {folder} and {folder}.tsv and run again"
        if not path.is_file():
            raise UserError(f"{path} is missing; {remedy}")
        size = path.stat().st_size
        if size != file.bytes:
            raise UserError(f"{path} has {size:,} bytes, but had {file.bytes:,} when it was fetched; {remedy}")
        if sha256(path) != file.sha256:
            raise UserError(f"{path} has changed since it was fetched; {remedy}")


def fetch_encoder(source: str, folder: Path, *, kind: str, revision: str, text_revision: str) -> pd.DataFrame:
    """Bring an encoder's snapshot into `folder`, the configuration of its text tower included.

    Parameters
    ----------
    source
        "hf-hub:NAME", downloaded, or "local-dir:FOLDER", copied.
    folder
        Where its files go; what else is there goes away.
    kind
        "open_clip" or "timm".
    revision, text_revision
        Git revisions on the hub, of the snapshot and of its text tower's own repository.

    Returns
    -------
    pandas.DataFrame
        `tables.MODEL_FILES`.

    Raises
    ------
    UserError
        If the source is not there, or lacks a file.
    """
    commit = _bring(source, folder, kind=kind, revision=revision)
    text_tower, text_commit = "", ""
    if source.startswith("hf-hub:") and kind == "open_clip":
        # open_clip asks the hub for the text tower's configuration even where the weights are local.
        text_tower = snapshot_files.text_tower(folder)
    if text_tower:
        text_commit, _ = _download(text_tower, folder, lambda _: ["config.json"], revision=text_revision)
    files = _account_of_whole(folder, kind=kind, source=source, revision=commit)
    if text_tower:
        files.loc[files["file"] == "config.json", ["source", "revision"]] = [f"hf-hub:{text_tower}", text_commit]
    return files


def fetch_network(model: str, folder: Path) -> pd.DataFrame:
    """Download a timm network by its name with tag, such as convnext_base.fb_in22k_ft_in1k: `tables.MODEL_FILES`."""
    source = f"hf-hub:timm/{model}"
    commit = _bring(source, folder, kind="timm", revision="main")
    return _account_of_whole(folder, kind="timm", source=source, revision=commit)


def fetch_translator(source: str, revision: str, folder: Path) -> pd.DataFrame:
    """Bring a Marian snapshot into `folder`: everything that loading needs, and one file of weights.

    Parameters
    ----------
    source
        "hf-hub:NAME", downloaded, or "local-dir:FOLDER", copied.
    revision
        Git revision on the hub.

    Returns
    -------
    pandas.DataFrame
        `tables.MODEL_FILES`.

    Raises
    ------
    UserError
        If the source is not there, is `folder` itself, or lacks a file.
    """
    commit = _bring(source, folder, kind="translator", revision=revision)
    return _account_of_whole(folder, kind="translator", source=source, revision=commit)


def _bring(source: str, folder: Path, *, kind: str, revision: str) -> str:
    """Bring what a snapshot of this kind is loaded from into `folder`; gives the hub's commit, empty from elsewhere."""
    place, _, name = source.partition(":")
    folder.mkdir(parents=True, exist_ok=True)
    if place == "hf-hub":
        commit, files = _download(name, folder, partial(snapshot_files.chosen, kind=kind), revision=revision)
    else:
        commit, files = "", _copy(source, folder, kind)
    # Weights of another revision must not stay beside those of this one.
    for path in folder.iterdir():
        if path.is_file() and path.name not in files:
            path.unlink()
    return commit


def _copy(source: str, folder: Path, kind: str) -> list[str]:
    """Copy the files of a folder that are needed; gives their names."""
    origin = Path(source.partition(":")[2])
    if not origin.is_dir():
        raise UserError(f"config: model folder {origin} is not there; allowed: a folder that holds a snapshot")
    if origin.resolve() == folder.resolve():
        raise UserError(f"config: {source} is where the snapshot is copied to; allowed: another folder")
    offered = [path.name for path in origin.iterdir() if path.is_file()]
    files = snapshot_files.chosen(offered, kind)
    if snapshot_files.text_tower(origin) and "config.json" in offered:
        files.append("config.json")
    for name in files:
        shutil.copyfile(origin / name, folder / name)
    return files


def _download(
    name: str, folder: Path, choose: Callable[[list[str]], list[str]], *, revision: str
) -> tuple[str, list[str]]:
    """Download files of a repository at the commit that its revision is at; gives that commit and their names."""
    from huggingface_hub import HfApi, constants, errors, hf_hub_download

    if constants.HF_HUB_OFFLINE:
        # Nobody is to be asked: what stands there was put there by hand.
        return "", [path.name for path in folder.iterdir()]
    try:
        about = HfApi().model_info(name, revision=revision)
        files = choose([one.rfilename for one in about.siblings])
        for file in files:
            hf_hub_download(name, file, revision=about.sha, local_dir=folder)
    except (errors.HTTPError, errors.LocalEntryNotFoundError) as error:
        raise UserError(
            f"config: the hub does not give {name} at revision {revision} ({type(error).__name__}); check both and the "
            "connection, or copy the snapshot into a folder and name it as local-dir:FOLDER"
        ) from None
    return about.sha, files


def _account_of_whole(folder: Path, *, kind: str, source: str, revision: str) -> pd.DataFrame:
    if lacks := snapshot_files.lacking(folder, kind):
        raise UserError(f"config: {source} lacks {', '.join(lacks)}; name a whole snapshot")
    return account(folder, source=source, revision=revision)
