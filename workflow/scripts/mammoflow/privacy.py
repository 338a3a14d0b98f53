"""Keyed names for patients, exams and images."""

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mammoflow.errors import UserError
from mammoflow.files import write_text


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


def settle_key(key: Path, record: Path) -> None:
    """See to it that there is an id key, and that it is the one that earlier results were made with.

    Parameters
    ----------
    key
        File of the id key; made where there is none.
    record
        File that holds the fingerprint of the key behind the results; written at the first run.

    Raises
    ------
    UserError
        If results were made with a key that is gone, or with another one.
    """
    if record.exists() and not key.exists():
        raise UserError(f"{key} is gone, but results/ was made with it: bring it back, or delete results/ and private/")
    ensure_key(key)
    mark = fingerprint(load_key(key))
    if record.exists() and record.read_text(encoding="ascii").strip() != mark:
        raise UserError(f"{key} is not the key that results/ was made with: bring that one back, or delete results/")
    if not record.exists():
        write_text(mark + "\n", record)


def fingerprint(key: bytes) -> str:
    """What may be shown of a key, to recognise it: 16 hexadecimal digits of a hash of it."""
    return hashlib.sha256(b"mammoflow id key" + key).hexdigest()[:16]


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
