"""What is classified: ordered classes with names and colours. Nothing else in the library knows them."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from mammoflow.errors import UserError

# What is annotated of breasts, and its values in order: BI-RADS density, the background tissue of mini-MIAS, pathology.
VALUES = {
    "density": ("a", "b", "c", "d"),
    "tissue": ("fatty", "glandular", "dense"),
    "pathology": ("normal", "benign", "malignant"),
}


@dataclass(frozen=True)
class Class:
    """One class of a task."""

    key: str  # as it stands in tables
    name: str  # as people read it
    colour: str  # "#rrggbb"
    of: tuple[str, ...] = ()  # values of the task's attribute that are this class; its key where none are named

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the attribute that are this class."""
        return self.of or (self.key,)

    @property
    def title(self) -> str:
        """The name with the key, where that says more."""
        return self.name if self.name == self.key.replace("_", "-") else f"{self.name} ({self.key})"


@dataclass(frozen=True)
class Task:
    """A classification task; the classes stand in order, so that ordinal measures mean something.

    `attribute` is what is annotated, a key of VALUES. A class holds one or several values; a value may be of none.
    `dense` are the last classes where the task has halves, the dense one and the other; () where it has none.
    """

    key: str
    name: str
    attribute: str
    classes: tuple[Class, ...]
    dense: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """The classes' keys, in order."""
        return [c.key for c in self.classes]

    @property
    def words(self) -> dict[str, str]:
        """The class that each word for one means, by the word in lower case: its key, else a value of the attribute."""
        of_values = {value.casefold(): key for value in VALUES[self.attribute] if (key := self.classify(value))}
        return of_values | {key.casefold(): key for key in self.keys}

    def classify(self, value: str) -> str:
        """The key of the class that a value of the attribute belongs to; "" where it is of none."""
        return next((c.key for c in self.classes if value in c.values), "")

    def of(self, key: str) -> Class:
        """The class of this key; a merged class `a+b` is named after its parts and coloured like the first."""
        parts = [c for c in self.classes if c.key in key.split("+")]
        if set(key.split("+")) - set(self.keys):
            raise UserError(f"{key!r} is no class of task {self.key}: it has {', '.join(self.keys)}")
        return Class(key, " / ".join(c.name for c in parts), parts[0].colour)


def load(path: str | Path) -> Task:
    """Read a task from its YAML file (resources/tasks).

    Raises
    ------
    UserError
        If the file is no task, or its classes do not fit together or do not fit its attribute.
    """
    data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    try:
        classes = tuple(
            Class(str(c["key"]), c["name"], c["colour"], tuple(map(str, c.get("of", ())))) for c in data["classes"]
        )
        dense = tuple(map(str, data.get("dense", ())))
        task = Task(data["key"], data["name"], data["attribute"], classes, dense)
    except (KeyError, TypeError):
        raise UserError(
            f"{path} is no task: it must hold key, name, attribute and classes, each class with key, name and colour"
        ) from None
    if wrong := _wrong(task):
        raise UserError(f"{path}: {wrong}")
    return task


def _wrong(task: Task) -> str:
    """What is wrong with a task; "" where nothing is."""
    if len(set(task.keys)) != len(task.keys) or len(task.keys) < 2:
        return "a task needs at least two classes, each with its own key"
    if not all(re.fullmatch("[A-Za-z0-9_]+", key) for key in task.keys):
        return "a class's key is made of letters, digits and _"
    if task.attribute not in VALUES:
        return f"attribute is {task.attribute!r}; allowed: {', '.join(VALUES)}"
    values = [value for one in task.classes for value in one.values]
    if unknown := [value for value in values if value not in VALUES[task.attribute]]:
        return f"{unknown[0]!r} is no value of {task.attribute}; allowed: {', '.join(VALUES[task.attribute])}"
    if twice := [value for value in values if values.count(value) > 1]:
        return f"{twice[0]!r} stands twice; allowed: one class for each value"
    if task.dense and task.dense not in [tuple(task.keys[at:]) for at in range(1, len(task.keys))]:
        return f"dense is {', '.join(task.dense)}; allowed: the last classes in order, but not all"
    return ""
