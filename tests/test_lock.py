"""The lock: every direct dependency in it, every file by its hash, no address in it."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mammoflow import code
from tests.test_envs import REPO, distributions, locked

LOCKS = ["requirements.lock", "requirements-uv.lock"]
DIRECT = [
    Requirement(line)
    for line in (REPO / "requirements.in").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda requirement: requirement.name)
def test_direct_dependency_is_locked(requirement):
    found = locked()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(found, prereleases=True)


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda requirement: requirement.name)
def test_what_runs_is_what_is_locked(requirement):
    # A build for one kind of hardware adds +cpu or the like.
    assert version(requirement.name).split("+")[0] == locked()[canonicalize_name(requirement.name)]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_exact_and_has_hashes(lock):
    entries = re.split(r"^(?=\w)", (REPO / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.]+ ", entry), entry.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_no_address(lock):
    text = (REPO / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text


def python_files():
    return sorted(Path(code.SCRIPTS).rglob("*.py"))


def test_every_import_is_a_direct_dependency():
    direct = {canonicalize_name(requirement.name) for requirement in DIRECT}
    lacking = {
        (str(file.relative_to(REPO)), module)
        for file in python_files()
        for module in {name.split(".")[0] for name in code.imported(file)} - {""}
        if distributions(module) and not distributions(module) & direct
    }
    assert lacking == set()
