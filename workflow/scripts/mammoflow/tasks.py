"""What is classified: ordered classes with names and colours. Nothing else in the library knows them."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from mammoflow.errors import UserError


@dataclass(frozen=True)
class Class:
    """One class of a task."""

    key: str  # as it stands in tables
    name: str  # as people read it
    colour: str  # "#rrggbb"


@dataclass(frozen=True)
class Task:
    """A classification task; the classes stand in order, so that ordinal measures mean something."""

    key: str
    name: str
    classes: tuple[Class, ...]

    @property
    def keys(self) -> list[str]:
        """The classes' keys, in order."""
        return [c.key for c in self.classes]

    def of(self, key: str) -> Class:
        """The class of this key; a merged class `a+b` is named after its parts and coloured like the first."""
        parts = [c for c in self.classes if c.key in key.split("+")]
        if set(key.split("+")) - set(self.keys):
            raise UserError(f"{key!r} is no class of task {self.key}: it has {', '.join(self.keys)}")
        return Class(key, " / ".join(c.name for c in parts), parts[0].colour)


def load(path: str | Path) -> Task:
    """Read a task from its YAML file (resources/tasks)."""
    data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    try:
        classes = tuple(Class(str(c["key"]), c["name"], c["colour"]) for c in data["classes"])
        task = Task(data["key"], data["name"], classes)
    except (KeyError, TypeError):
        raise UserError(
            f"{path} is no task: it must hold key, name and classes, each class with key, name and colour"
        ) from None
    if len(set(task.keys)) != len(classes) or len(classes) < 2:
        raise UserError(f"{path}: a task needs at least two classes, each with its own key")
    if not all(re.fullmatch("[A-Za-z0-9_]+", key) for key in task.keys):
        raise UserError(f"{path}: a class's key is made of letters, digits and _")
    return task
