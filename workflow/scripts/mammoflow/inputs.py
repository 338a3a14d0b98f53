"""The one walk over a user's folders: which files there are, and which shard each belongs to.

It runs whenever the workflow starts, so it uses the standard library only and looks at names, sizes and times, never
into a file.
"""

import csv
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mammoflow.errors import UserError
from mammoflow.files import write_text
from mammoflow.layouts import REPORT_TABLES, Layout, Source

# What Windows keeps in folders; Word's locks and leftovers begin with a tilde.
_LEFT_BEHIND = ("thumbs.db", "desktop.ini")


class File(NamedTuple):
    """A file found: its path below the root, its path here, its size and its time."""

    relative: str
    path: str
    bytes: int
    mtime_ns: int


def shard_of(relative: str, shards: int) -> int:
    """The shard of a file: the SHA-256 of its relative path modulo the number of shards."""
    digest = hashlib.sha256(relative.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest, "big") % shards


def list_files(layout: Layout, *, shards: int, private: Path) -> None:
    """Write private/inputs: a list of files for each shard of the images, the reports and the annotations.

    A list that did not change is left alone.

    Raises
    ------
    UserError
        If a folder or a file that the configuration names is not there, or holds no image.
    """
    lists: dict[str, list[File]] = {str(shard): [] for shard in range(shards)}
    if layout.images:
        for file in walk(_folder(layout.images, layout.page), layout.image_suffixes):
            lists[str(shard_of(file.relative, shards))].append(file)
        if not any(lists.values()):
            raise _without_image(layout.images, layout.page)
    lists["reports"] = _reports(layout.reports, layout.page) if layout.reports else []
    lists["annotations"] = [_file(source, layout.page) for source in layout.annotations if not _is_left_out(source)]
    (private / "inputs").mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, files in lists.items():
        _write_if_changed(files, private / "inputs" / f"{name}.tsv")


def walk(folder: Path, suffixes: tuple[str, ...]) -> Iterator[File]:
    """Every regular file below `folder` whose name ends in one of `suffixes` (lower case; () for any), in order.

    A link to a file is that file. Left alone are links to folders and links to nothing, devices, pipes, and whatever
    is hidden (a file server's snapshots lie in a hidden folder).

    Raises
    ------
    UserError
        If a folder may not be read: its files would be missing without a word.
    """
    root = os.path.join(os.path.abspath(folder), "")
    waiting = [""]
    while waiting:
        below = waiting.pop()
        folders, others = _inside(os.path.normpath(root + below))
        waiting += [f"{below}{name}/" for name in reversed(folders)]
        for entry in others:
            if suffixes and not entry.name.lower().endswith(suffixes):
                continue
            found = _stat(entry)
            if found and stat.S_ISREG(found.st_mode):
                relative = below + entry.name
                yield File(relative, root + relative, found.st_size, found.st_mtime_ns)


def _inside(folder: str) -> tuple[list[str], list[os.DirEntry[str]]]:
    """The folders and all else in a folder, but what is hidden, by name."""
    folders, others = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                else:
                    others.append(entry)
    except OSError as error:
        raise _unreadable(error) from None
    return sorted(folders), sorted(others, key=lambda entry: entry.name)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What is known of a file; None for one that is gone and for a link that leads nowhere."""
    try:
        return entry.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        if entry.is_symlink():
            return None
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> UserError:
    return UserError(f"{error.filename!r}: {error.strerror}; allow reading it, or move it out of the data set")


def digest(path: Path, prefix: str = "", *, names_only: bool = False) -> str:
    """Digest of a list of files, of those whose names begin so, without the root: a moved folder is the same input.

    With `names_only` a file that was touched or changed is the same, too.
    """
    if not path.exists():
        return ""
    total = hashlib.sha256()
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, delimiter="\t")
        next(rows)
        for relative, _, *about in rows:
            if relative.startswith(prefix):
                told = [relative] if names_only else [relative, *about]
                total.update("\x1f".join((*told, "\n")).encode("utf-8", "surrogateescape"))
    return total.hexdigest()[:16]


def _reports(source: Source, page: str) -> list[File]:
    """The files in a folder of reports, or the one table that holds them all.

    Files of every form, those that nobody reads too: each is accounted for.
    """
    if source.paths[0].suffix.lower() in REPORT_TABLES:
        return [_file(source, page)]
    return [file for file in walk(_folder(source, page), ()) if not _is_left_behind(os.path.basename(file.path))]


def _is_left_behind(name: str) -> bool:
    return name.startswith("~") or name.lower() in _LEFT_BEHIND


def _folder(source: Source, page: str) -> Path:
    for path in source.paths:
        if path.is_dir():
            return path
    raise _missing(source, "folder", page)


def _file(source: Source, page: str) -> File:
    for path in source.paths:
        if path.is_dir() if source.is_folder else path.is_file():
            # A folder's time changes with the names in it.
            found = path.stat()
            # Known by its key: two keys may lead to files of one name, or to one file.
            return File(source.name_of(path), str(path.absolute()), found.st_size, found.st_mtime_ns)
    raise _missing(source, "folder" if source.is_folder else "file", page)


def _is_left_out(source: Source) -> bool:
    return source.is_optional and not any(path.exists() for path in source.paths)


def _missing(source: Source, wanted: str, page: str) -> UserError:
    """The key, where it leads, and what is not there; for a public data set, the page that says how to get it."""
    if source.root is None:
        return UserError(f"config: {source.key} leads to {_joined(source.paths)}; allowed: a {wanted} that is there")
    if not source.root.is_dir():
        return UserError(f"config: {source.key} leads to {str(source.root)!r}, which is no folder; read {page}")
    names = _joined(path.relative_to(source.root) for path in source.paths)
    return UserError(f"config: {source.key} leads to {str(source.root)!r}, which has no {wanted} {names}; read {page}")


def _without_image(source: Source, page: str) -> UserError:
    said = f"config: {source.key} leads to {_joined(source.paths)}; no file in it is an image"
    return UserError(f"{said}; read {page}" if page else said)


def _joined(paths: Iterable[Path]) -> str:
    return " or ".join(repr(str(path)) for path in paths)


def _write_if_changed(files: list[File], path: Path) -> None:
    text = io.StringIO(newline="")
    # Quoted, because a name may hold any character, a bare carriage return too.
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(File._fields)
    writer.writerows(files)
    new = text.getvalue()
    if not path.exists() or path.read_bytes() != new.encode("utf-8", "surrogateescape"):
        write_text(new, path, mode=0o600)
