"""Keyed names for patients, exams and images."""

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mammoflow.errors import UserError


@dataclass(frozen=True)
class Pseudonyms:
    """Turns ids of the hospital into ids of the tables.

    With `hash`, an id is the first 16 hexadecimal digits of HMAC-SHA-256 over its kind, its data set and its value:
    nobody without the key can recompute it. With `keep`, ids stay as they are.
    """

    key: bytes
    dataset: str
    ids: str = "hash"  # hash | keep

    def of(self, kind: str, value: str) -> str:
        """The id of `value`, which names a `kind` ("patient", "exam", "image"); "" stays ""."""
        if not value or self.ids == "keep":
            return value
        message = "\x1f".join((kind, self.dataset, value)).encode("utf-8", "surrogateescape")
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()[:16]


def load_key(path: str | Path) -> bytes:
    """Read the id key: 64 hexadecimal digits."""
    text = Path(path).read_text(encoding="ascii", errors="replace").strip()
    if len(text) != 64 or set(text) - set("0123456789abcdefABCDEF"):
        raise UserError(f"{path} is no id key: it must hold 64 hexadecimal digits; bring back the one of earlier runs")
    return bytes.fromhex(text)


def make_private(folder: Path) -> None:
    """Make the folder of private things, closed to everybody else."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)


def ensure_key(path: Path) -> None:
    """Make an id key where there is none, readable by its owner only; never touch one that is there."""
    if path.exists():
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two runs that start at once, only one makes the key.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
