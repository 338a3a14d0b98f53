"""Checkpoints of a training: written whole or not at all, and read without running anything that is in them.

Weights are safetensors. The optimizer's state and the course of the training are tensors and plain values, which torch
reads with `weights_only`: no file can run code.
"""

import os
import shutil
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors.torch import load_file, save_file

Weights = dict[str, torch.Tensor]

_NOW, _BEST, _COURSE = "weights.safetensors", "best.safetensors", "course.pt"
_WHOLE = "checkpoint"


class Stopped(SystemExit):
    """The process was asked to end, and its checkpoint is written; the exit status is that of a SIGTERM."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Checkpoints:
    """The one checkpoint of a training in its folder, and when to write it."""

    # Of the process: asked while one training is concluded, it ends at the first step of the next.
    _asked_to_end = False

    def __init__(self, folder: Path, *, minutes: float) -> None:
        """Keep it in `folder`, renewed at least every so many minutes; SIGTERM asks for one, and for the end."""
        self.folder = folder
        self._seconds = 60 * minutes
        self._written = time.monotonic()

    def listen(self) -> None:
        """Take SIGTERM, which a cluster sends before it kills, for the wish to save and end."""
        signal.signal(signal.SIGTERM, self._end)

    @property
    def due(self) -> bool:
        """Whether one should be written at the next step's end."""
        return self._asked_to_end or time.monotonic() - self._written >= self._seconds

    def save(self, *, weights: Weights, best: Weights | None, course: dict[str, Any]) -> None:
        """Write one in place of the last.

        Parameters
        ----------
        weights
            Of the model as it is, and of the running mean if there is one.
        best
            Of the best epoch, if it is not the last checkpoint's.
        course
            Everything else: plain values, and tensors.
        """
        new, whole = self.folder / f".{_WHOLE}.new", self.folder / _WHOLE
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        save_file(_contiguous(weights), new / _NOW)
        if best is not None:
            save_file(_contiguous(best), new / _BEST)
        elif (whole / _BEST).is_file():
            os.link(whole / _BEST, new / _BEST)
        torch.save(course, new / _COURSE)
        for path in new.iterdir():
            _to_disk(path)
        # A folder cannot be renamed over another: for a moment there are two, and `load` takes either.
        old = self.folder / f".{_WHOLE}.old"
        shutil.rmtree(old, ignore_errors=True)
        if whole.is_dir():
            whole.rename(old)
        new.rename(whole)
        shutil.rmtree(old, ignore_errors=True)
        self._written = time.monotonic()

    def end_if_asked(self) -> None:
        """End the process where that was asked for.

        Raises
        ------
        Stopped
            If it was.
        """
        if self._asked_to_end:
            raise Stopped

    def load(self) -> tuple[Weights, Weights | None, dict[str, Any]] | None:
        """Weights, best weights and course of the last checkpoint, on the CPU; None where there is none."""
        whole, old = self.folder / _WHOLE, self.folder / f".{_WHOLE}.old"
        if not whole.is_dir() and old.is_dir():
            old.rename(whole)
        if not whole.is_dir():
            return None
        best = load_file(whole / _BEST) if (whole / _BEST).is_file() else None
        course = torch.load(whole / _COURSE, map_location="cpu", weights_only=True)
        return load_file(whole / _NOW), best, course

    def remove(self) -> None:
        """Forget everything, when the training is done."""
        for name in (_WHOLE, f".{_WHOLE}.new", f".{_WHOLE}.old"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _end(self, number: int, frame: FrameType | None) -> None:
        Checkpoints._asked_to_end = True


def _contiguous(weights: Weights) -> Weights:
    """As safetensors takes them: on the CPU, each with memory of its own."""
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}


def _to_disk(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
