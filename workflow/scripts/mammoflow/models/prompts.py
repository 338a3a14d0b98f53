"""Prompts: sentences for each class of a task, as data."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from mammoflow.errors import UserError
from mammoflow.tasks import Task


@dataclass(frozen=True)
class PromptSet:
    """Sentences of each class of a task, in its order."""

    name: str
    sentences: dict[str, list[str]]


def load(path: str | Path, task: Task) -> PromptSet:
    """Read the sentences of a task from the YAML file of a prompt set (resources/prompts).

    Raises
    ------
    UserError
        If the file has no sentences of the task or of one of its classes, if classes have different numbers of them, or
        if a sentence stands twice.
    """
    of_task = yaml.safe_load(Path(path).read_text(encoding="utf-8"))["tasks"]
    if task.key not in of_task:
        raise UserError(f"{path} has no sentences for task {task.key}, only for {', '.join(of_task)}; add them to it")
    given = {str(key): list(own) for key, own in of_task[task.key].items()}
    if set(given) != set(task.keys):
        raise UserError(f"{path}: task {task.key} has sentences for {', '.join(given)}; needed: {', '.join(task.keys)}")
    sentences = {key: given[key] for key in task.keys}
    everything = [sentence for own in sentences.values() for sentence in own]
    if len({len(own) for own in sentences.values()}) != 1 or not everything:
        raise UserError(f"{path}: every class needs the same number of sentences, at least one")
    if len(set(everything)) != len(everything):
        raise UserError(f"{path}: a sentence stands twice")
    return PromptSet(Path(path).stem, sentences)


def probabilities(
    images: npt.NDArray[np.float32], classes: npt.NDArray[np.float32], temperature: float
) -> npt.NDArray[np.float64]:
    """Zero-shot probabilities: softmax of the cosines of image and class, times the model's temperature.

    Parameters
    ----------
    images : (n, width) float32
        Image embeddings.
    classes : (k, width) float32
        A class's embedding is the mean of its sentences'.
    temperature
        What the cosines are multiplied with.

    Returns
    -------
    (n, k) float64
        Each row sums to 1.
    """
    cosines = _normalised(images) @ _normalised(classes).T
    logits = temperature * cosines
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def of_class(embedded: dict[str, npt.NDArray[np.float32]], label: str) -> npt.NDArray[np.float32]:
    """The vector of a class; of a merged class `a+b` the mean of its parts'.

    Raises
    ------
    UserError
        If the prompt set lacks the class.
    """
    missing = [part for part in label.split("+") if part not in embedded]
    if missing:
        raise UserError(f"config: the prompt set has no sentence for class {missing[0]!r}; choose one of this task")
    return np.mean([embedded[part] for part in label.split("+")], axis=0)


def _normalised(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    whole = vectors.astype(np.float64)
    return whole / np.linalg.norm(whole, axis=1, keepdims=True)
