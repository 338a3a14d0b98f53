"""The hash of the code that a rule uses changes exactly when that code does."""

import ast
import os
import shutil

import pytest

from mammoflow import code

MODULES = {
    "one.py": "import os\nfrom library import near\n",
    "two.py": "def late():\n    import library.part.deep\n",
    "library/__init__.py": '"""Library."""\n',
    "library/near.py": "import numpy\nfrom library.far import thing\nfrom library import round_a\n",
    "library/far.py": "thing = 1\n",
    "library/round_a.py": "from library import round_b\n",
    "library/round_b.py": "from library import round_a\n",
    "library/part/__init__.py": "from library.part.sibling import name\n",
    "library/part/deep.py": "import library.lonely as other\n",
    "library/part/sibling.py": "name = 1\n",
    "library/lonely.py": "",
    "library/unused.py": "",
}
REACHED = {
    "one.py": {
        "one.py",
        "library/__init__.py",
        "library/near.py",
        "library/far.py",
        "library/round_a.py",
        "library/round_b.py",
    },
    "two.py": {
        "two.py",
        "library/__init__.py",
        "library/part/__init__.py",
        "library/part/deep.py",
        "library/part/sibling.py",
        "library/lonely.py",
    },
}


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    folder = tmp_path / "scripts"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    use(folder, monkeypatch)
    yield folder
    code.own_imports.cache_clear()


def use(folder, monkeypatch):
    monkeypatch.setattr(code, "SCRIPTS", folder)
    code.own_imports.cache_clear()


def hash_now(script):
    code.own_imports.cache_clear()
    return code.code_hash(script)


@pytest.mark.parametrize("script", REACHED)
def test_reached(scripts, script):
    assert {f.relative_to(scripts).as_posix() for f in code.reached(scripts / script)} == REACHED[script]


@pytest.mark.parametrize("script", REACHED)
@pytest.mark.parametrize("edited", MODULES)
def test_changes_exactly_when_reached_code_changes(scripts, script, edited):
    before = hash_now(script)
    with open(scripts / edited, "a") as file:
        file.write("# more\n")
    assert (hash_now(script) != before) == (edited in REACHED[script])


def test_touch_changes_nothing(scripts):
    before = hash_now("one.py")
    for file in scripts.rglob("*.py"):
        os.utime(file, (1, 1))
    assert hash_now("one.py") == before


def test_place_of_the_checkout_changes_nothing(scripts, tmp_path, monkeypatch):
    before = hash_now("one.py")
    moved = tmp_path / "a much longer name" / "elsewhere"
    shutil.copytree(scripts, moved)
    use(moved, monkeypatch)
    assert hash_now("one.py") == before


def test_renamed_module_is_another_code(scripts):
    before = hash_now("one.py")
    (scripts / "library/far.py").rename(scripts / "library/afar.py")
    near = scripts / "library/near.py"
    near.write_text(near.read_text().replace("far", "afar"))
    assert hash_now("one.py") != before


def test_new_import_of_a_used_module_counts(scripts):
    (scripts / "library/far.py").write_text("from library import unused\nthing = 1\n")
    before = hash_now("one.py")
    (scripts / "library/unused.py").write_text("value = 2\n")
    assert hash_now("one.py") != before


def test_nothing_of_ours_is_imported_relatively():
    """Such an import would be overlooked."""
    relative = {
        str(file)
        for file in code.SCRIPTS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert relative == set()


def test_hash_of_the_real_library_is_short_and_stable():
    assert len(hash_now("mammoflow/tables.py")) == 16
    assert hash_now("mammoflow/tables.py") == hash_now("mammoflow/tables.py")


@pytest.mark.parametrize("module", ["finetuning", "probes", "encoders"])
def test_what_expensive_results_hang_on_reaches_no_tables_and_no_pages(module):
    """Their hash is in the keys of trainings and vectors: an edit of a table's schema must not repeat these."""
    reached = code.reached(code.SCRIPTS / f"mammoflow/models/{module}.py")
    outside = {path.relative_to(code.SCRIPTS / "mammoflow").as_posix() for path in reached}
    assert {path for path in outside if not path.startswith("models/")} == {"__init__.py", "errors.py"}
