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
    for file in sorted(_imports(SCRIPTS / script), key=lambda f: f.relative_to(SCRIPTS).as_posix()):
        digest.update(f"{file.relative_to(SCRIPTS).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _imports(file: Path) -> frozenset[Path]:
    """The files of ours that this file imports, itself and theirs included."""
    found = {file}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in filter(None, map(_module_file, names)):
            if module not in found:
                found |= _imports(module)
    return frozenset(found)


def _module_file(name: str) -> Path | None:
    """The file of a module of ours; None for any other."""
    file = SCRIPTS.joinpath(*name.split(".")).with_suffix(".py")
    return file if file.is_file() else None
