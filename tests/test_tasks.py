"""Tasks and their classes."""

from pathlib import Path

import pytest

from mammoflow import tasks
from mammoflow.errors import UserError

SHIPPED = sorted((Path(__file__).resolve().parent.parent / "resources/tasks").glob("*.yaml"))


@pytest.fixture
def density():
    return tasks.load(next(path for path in SHIPPED if path.stem == "density"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_tasks(path):
    task = tasks.load(path)
    assert task.key == path.stem
    assert all(c.name for c in task.classes)
    assert all(len(c.colour) == 7 and int(c.colour[1:], 16) >= 0 for c in task.classes)
    assert len({c.colour for c in task.classes}) == len(task.classes)


def test_density_is_in_order(density):
    assert density.keys == ["a", "b", "c", "d"]
    assert density.of("a").name == "almost entirely fatty"


def test_merged_class(density):
    merged = density.of("a+b")
    assert merged.key == "a+b"
    assert merged.name == "almost entirely fatty / scattered fibroglandular"
    assert merged.colour == density.of("a").colour


@pytest.mark.parametrize("key", ["e", "", "a+e", "A", "ab"])
def test_class_that_is_none(density, key):
    with pytest.raises(UserError, match="is no class of task density: it has a, b, c, d"):
        density.of(key)


def test_class_keys_are_text(tmp_path):
    path = tmp_path / "birads.yaml"
    path.write_text(
        "key: birads\nname: BI-RADS\nclasses:\n"
        '- {key: 1, name: negative, colour: "#000000"}\n- {key: 2, name: benign, colour: "#ffffff"}\n'
    )
    assert tasks.load(path).keys == ["1", "2"]


CLASS = '{key: a, name: one, colour: "#000000"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no task"),
        ("key: x\nname: x\n", "is no task"),
        ("key: x\nname: x\nclasses: [a, b]\n", "is no task"),
        ("key: x\nname: x\nclasses: [{key: a, name: one}]\n", "is no task"),
        (f"name: x\nclasses: [{CLASS}]\n", "is no task"),
        (f"key: x\nname: x\nclasses: [{CLASS}]\n", "at least two classes"),
        (f"key: x\nname: x\nclasses: [{CLASS}, {CLASS}]\n", "its own key"),
        (f"key: x\nname: x\nclasses: [{CLASS}, {CLASS.replace('key: a', 'key: a+b')}]\n", "letters, digits and _"),
    ],
)
def test_unfit_task(tmp_path, text, said):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        tasks.load(path)
    assert str(path) in str(caught.value)
