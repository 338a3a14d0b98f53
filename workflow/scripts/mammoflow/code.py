"""The code that a rule really uses, found by reading imports."""

import ast
import hashlib
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent


def code_hash(script: str) -> str:
    """Changes when this script, or any of our modules that it imports, changes; never when a file is only touched.

    Parameters
    ----------
    script
        Name of a file in workflow/scripts.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    # Sorted by the relative path: the hash does not depend on where the checkout lies.
    for file in sorted(reached(SCRIPTS / script), key=lambda f: f.relative_to(SCRIPTS).as_posix()):
        digest.update(f"{file.relative_to(SCRIPTS).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def reached(file: Path) -> set[Path]:
    """A file and the files of ours that it imports, directly or by others of them."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += own_imports(file)
    return found


@cache
def own_imports(file: Path) -> list[Path]:
    """The files of ours that a file imports itself; kept, because every rule's script leads to many of the same."""
    return [module for name in imported(file) for module in _module_files(name)]


def imported(file: Path) -> list[str]:
    """The dotted names that a file imports, anybody's."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _module_files(name: str) -> list[Path]:
    """The files of ours that importing this dotted name runs: its packages and itself, as far as they are files."""
    parts = name.split(".")
    places = [SCRIPTS.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    candidates = [place / "__init__.py" for place in places] + [place.with_suffix(".py") for place in places]
    return [file for file in candidates if file.is_file()]
