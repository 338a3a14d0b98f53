"""Translations kept by content: a sentence that was translated once, by the same model, is never translated again.

They are words of reports: the folder that they are kept in is private. A file holds a batch and is there whole or not
at all, so a killed run loses at most the batch that it was at.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from mammoflow import work
from mammoflow.errors import UserError
from mammoflow.files import write_text


@dataclass(frozen=True)
class Translation:
    """What a model made of a sentence."""

    text: str
    ended: bool  # by the model; else it was cut off at the most that may be written


class Translates(Protocol):
    """What translates sentences in batches."""

    def batches(self, sentences: list[str]) -> list[list[str]]:
        """The sentences in the batches that they are translated in."""

    def translate(self, batch: list[str]) -> list[Translation]:
        """The translations of a batch, in its order."""


def translated(
    sentences: Iterable[str], translator: Translates, *, folder: Path, progress: Callable[..., Any] = iter
) -> tuple[dict[str, Translation], int]:
    """The translation of each sentence, kept in `folder`.

    Parameters
    ----------
    sentences
        In any order; one that comes twice is translated once.
    translator
        What translates those that are not kept yet.
    folder
        Where translations by this model are kept.
    progress
        Wraps the loop over batches, such as tqdm.

    Returns
    -------
    dict, int
        Translations by sentence, and how many had to be made.

    Raises
    ------
    UserError
        If a file of the folder does not hold what was written to it.
    """
    wanted = set(sentences)
    known = _kept(folder)
    missing = sorted(wanted - known.keys())
    for batch in progress(translator.batches(missing)):
        made = dict(zip(batch, translator.translate(batch), strict=True))
        _keep(made, folder)
        known.update(made)
    return {sentence: known[sentence] for sentence in sorted(wanted)}, len(missing)


def _kept(folder: Path) -> dict[str, Translation]:
    known: dict[str, Translation] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith("."):  # what a killed run was writing
            continue
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
            known.update((row["source"], Translation(row["text"], row["ended"])) for row in rows)
        except (ValueError, KeyError, TypeError):
            raise UserError(f"{path} is damaged; delete it and run again") from None
    return known


def _keep(made: Mapping[str, Translation], folder: Path) -> None:
    rows = [{"source": source} | asdict(translation) for source, translation in made.items()]
    name = work.key_of(sources=list(made))
    write_text(json.dumps(rows, ensure_ascii=False, indent=0) + "\n", folder / f"{name}.json", mode=0o600)
