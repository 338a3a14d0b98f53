"""Prompt sets: sentences for the classes of a task, or for the answers of a question about the domain, as data.

A set is a YAML file (resources/prompts): templates, in which phrases of each class stand. It is laid out as a table of
sentences, `tables.PROMPTS`, of which each has its place in the file of their embeddings.
"""

import itertools
import re
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow import checked_yaml, tables
from mammoflow.errors import UserError
from mammoflow.tasks import Task

# What a sentence may name of an image: the place in a template, and the column of `tables.PROMPTS`.
PLACES = {"view": "view", "side": "side", "age": "age_band"}
CONTEXT = list(PLACES.values())
_POLES = ("positive", "negative")
# The set that has questions about the domain.
DOMAIN = "domain"
# What is true of all images here, among the answers of the question about modality.
MODALITY = "mammogram"


@dataclass(frozen=True)
class PromptSet:
    """What the sentences of a task, or of a question, are made of."""

    kind: str  # class | pair | descriptors
    templates: dict[str, list[str]]  # by pole: positive and negative; "" where the kind is class
    words: dict[str, dict[str, str]]  # by place: the words for each value
    phrases: dict[str, list[str]]  # by class of the task, or by answer, in order


def load(path: str | Path, schema: str | Path, task: Task) -> PromptSet:
    """Read what a prompt set has for a task.

    Parameters
    ----------
    path
        YAML file of the set.
    schema
        JSON schema of such files (workflow/schemas/prompts.schema.yaml).
    task
        Whose classes need sentences.

    Raises
    ------
    UserError
        If the file breaks the schema, has no sentences of the task or of one of its classes, if classes have different
        numbers of them, if a sentence stands twice, or if templates and what stands in them do not fit.
    """
    data = checked_yaml.load(path, schema)
    of_task = data.get("tasks", {})
    if task.key not in of_task:
        raise UserError(f"{path} has no sentences for task {task.key}, only for {', '.join(of_task)}; add them to it")
    given = of_task[task.key]
    if set(given) != set(task.keys):
        raise UserError(f"{path}: task {task.key} has sentences for {', '.join(given)}; needed: {', '.join(task.keys)}")
    return _checked(data, {key: given[key] for key in task.keys}, f"{path}, task {task.key}")


def load_questions(path: str | Path, schema: str | Path) -> dict[str, PromptSet]:
    """Read the questions about the domain (resources/prompts/domain.yaml).

    Returns
    -------
    dict
        The question about the view, with the answers CC and MLO, and that about the modality, of which MODALITY is one.

    Raises
    ------
    UserError
        If the file breaks the schema or what holds for any prompt set, is not of kind class, or lacks these answers.
    """
    data = checked_yaml.load(path, schema)
    if "questions" not in data or data["kind"] != "class":
        raise UserError(f"{path}: needed are questions, about view and modality, of kind class")
    questions = data["questions"]
    if set(questions["view"]) != {"CC", "MLO"} or MODALITY not in questions["modality"]:
        raise UserError(f"{path}: needed answers: CC and MLO about the view; {MODALITY} and others about the modality")
    return {name: _checked(data, answers, f"{path}, question {name}") for name, answers in questions.items()}


def load_all(path: str | Path, schema: str | Path, task: Task) -> list[PromptSet]:
    """What a file has for a task or, where it is that of the domain, for its questions; raises as `load` does."""
    if Path(path).stem == DOMAIN:
        return list(load_questions(path, schema).values())
    return [load(path, schema, task)]


def lay_out(*sets: PromptSet) -> pd.DataFrame:
    """The sentences of prompt sets, one after the other: `tables.PROMPTS`.

    A set with words for views has each sentence for CC, for MLO and for a view that is not known; sides and ages alike.
    """
    sentences = itertools.chain.from_iterable(map(_rows, sets))
    rows: list[dict[str, object]] = [{"position": place, **row} for place, row in enumerate(sentences)]
    return tables.frame_of(rows, tables.PROMPTS)


def _rows(one: PromptSet) -> list[dict[str, str]]:
    values = [[*one.words.get(place, {}), ""] for place in PLACES]
    return [
        {"kind": one.kind, "label": label, "pole": pole, "descriptor": phrase if pole else ""}
        | dict(zip(CONTEXT, known, strict=True))
        | {"sentence": _sentence(template, phrase, _words(one, known))}
        for label, phrases in one.phrases.items()
        for known in itertools.product(*values)
        for phrase in phrases
        for pole, templates in one.templates.items()
        for template in templates
    ]


def _words(one: PromptSet, known: tuple[str, ...]) -> dict[str, str]:
    """What stands at each place; "" where the value is not known."""
    return {place: one.words.get(place, {}).get(value, "") for place, value in zip(PLACES, known, strict=True)}


def _sentence(template: str, phrase: str, words: dict[str, str]) -> str:
    """The template with phrase and words; where there is no word, no gap is left."""
    return re.sub(r" ([,.:;])", r"\1", " ".join(template.format(phrase, **words).split()))


def _checked(data: dict[str, Any], phrases: dict[str, list[str]], place: str) -> PromptSet:
    """The set with these phrases."""
    templates = data["templates"]
    by_pole = {pole: templates[pole] for pole in _POLES} if isinstance(templates, dict) else {"": templates}
    one = PromptSet(data["kind"], by_pole, data.get("words", {}), phrases)
    if wrong := _wrong_templates(one) or _wrong_phrases(one):
        raise UserError(f"{place}: {wrong}")
    return one


def _wrong_templates(one: PromptSet) -> str:
    """What is wrong with a set's templates; "" where nothing is."""
    if (one.kind == "class") != ("" in one.templates):
        return (
            f"kind {one.kind} needs templates as {'a list' if one.kind == 'class' else 'positive and negative lists'}"
        )
    if len({len(templates) for templates in one.templates.values()}) != 1:
        return "needed are as many negative templates as positive ones"
    named = set()
    for template in itertools.chain(*one.templates.values()):
        places = _places(template)
        if places.count("") != 1 or not set(places) <= {"", *one.words}:
            allowed = "".join(f", {{{place}}}" for place in one.words)
            return f"template {template!r} needs {{}} once, and other places only with words for them{allowed}"
        named |= set(places)
    unused = [place for place in one.words if place not in named]
    return f"there are words for {unused[0]}, but no template has {{{unused[0]}}}" if unused else ""


def _places(template: str) -> list[str]:
    """The names of the places in a template, "" for that of the phrase; none where braces do not pair off."""
    try:
        return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError:
        return []


def _wrong_phrases(one: PromptSet) -> str:
    """What is wrong with a set's phrases; "" where nothing is."""
    if len({len(phrases) for phrases in one.phrases.values()}) != 1:
        return "every class needs the same number of sentences"
    if one.kind == "pair" and any(len(phrases) != 1 for phrases in one.phrases.values()):
        return "kind pair needs one phrase a class; several are of kind descriptors"
    rows = pd.DataFrame(_rows(one))
    twice = rows.loc[rows.duplicated([*CONTEXT, "sentence"]), "sentence"]
    return f"a sentence stands twice: {twice.iloc[0]!r}" if len(twice) else ""
