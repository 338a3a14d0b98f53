"""The files that models are loaded from, as their publishers lay them out.

An encoder of kind `open_clip` has its own configuration, weights and a tokenizer; where its text tower is one of
transformers, also that tower's config.json. Networks, and encoders of kind `timm`, have config.json and weights.
"""

import json
from collections.abc import Iterable
from pathlib import Path

CLIP_CONFIG = "open_clip_config.json"
# The first that a snapshot offers is taken: safetensors hold nothing but tensors.
CLIP_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_model.bin",
    "open_clip_pytorch_model.bin",
)
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_WORDS = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
_TOKENIZER = (*_WORDS, "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
TRANSLATOR = ("config.json", "tokenizer_config.json", "source.spm", "target.spm", "vocab.json")
# Not every translator has one, but where it does, translations follow from it.
_TRANSLATOR_SEARCH = "generation_config.json"


def chosen(names: Iterable[str], kind: str) -> list[str]:
    """Of the files that a snapshot offers, those that are needed: one file of weights among them.

    Parameters
    ----------
    names
        Files of a repository or a folder.
    kind
        "open_clip", "timm" (networks too) or "translator".
    """
    offered = set(names)
    wanted, weights = {
        "open_clip": ((CLIP_CONFIG, *_TOKENIZER), CLIP_WEIGHTS),
        "timm": (("config.json",), WEIGHTS),
        "translator": ((*TRANSLATOR, _TRANSLATOR_SEARCH), WEIGHTS),
    }[kind]
    return [*(name for name in wanted if name in offered), *[name for name in weights if name in offered][:1]]


def text_tower(folder: Path) -> str:
    """The model of transformers that an open_clip snapshot has as its text tower; empty where it has none."""
    return str((_text_config(folder) or {}).get("hf_model_name", ""))


def lacking(folder: Path, kind: str) -> list[str]:
    """What an encoder or a translator (`chosen` says the kinds) lacks in a folder, in words."""
    if not folder.is_dir():
        return ["everything: there is no such folder"]
    weights = CLIP_WEIGHTS if kind == "open_clip" else WEIGHTS
    lacks = [] if any((folder / name).is_file() for name in weights) else [f"its weights ({weights[0]})"]
    needed = TRANSLATOR if kind == "translator" else ("config.json",)
    if kind != "open_clip":
        return [name for name in needed if not (folder / name).is_file()] + lacks
    text = _text_config(folder)
    if text is None:
        return [CLIP_CONFIG, *lacks]
    if "hf_model_name" in text and not (folder / "config.json").is_file():
        lacks.append(f"config.json (of its text tower, {text['hf_model_name']})")
    if "hf_tokenizer_name" in text and not any((folder / name).is_file() for name in _WORDS):
        lacks.append("tokenizer.json")
    return lacks


def _text_config(folder: Path) -> dict[str, object] | None:
    """What an open_clip snapshot says of its text tower; None where it says nothing."""
    try:
        config = json.loads((folder / CLIP_CONFIG).read_text(encoding="utf-8"))
        return dict(config["model_cfg"]["text_cfg"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
