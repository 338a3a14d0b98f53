"""Clean: takes away what is kept in results/work and no table of the last run names.

    python -m mammoflow.clean_work

Run it in the folder where results/ lies, after a run that went to its end. Pictures, arrays and embeddings are named by
their indexes; those that none names were made by other settings, by other code, or of files that are gone, and would be
made again where they are wanted. Trained models and embedded sentences, which no index names, stay.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mammoflow import run_record, running, tables
from mammoflow.errors import UserError

RECORD = Path("results/provenance/run.json")
WORK = Path("results/work")
# By stage: its indexes, what they are, and how the name that a row gives becomes a path.
INDEXES = {
    "pictures": ("results/images/shards/*.tsv", tables.IMAGES, "picture", WORK / "pictures"),
    "arrays": ("results/arrays/*/*.tsv", tables.ARRAYS, "file", Path()),
    "embeddings": ("results/embeddings/*/*/*.tsv", tables.EMBEDDINGS, "file", Path()),
}


def main() -> int:
    """Clean, say what that gave, and give the exit status."""
    try:
        running.prepare()
        with running.hold():
            found = [*unnamed(), *left_behind()]
            freed = sum(remove(path) for path in found)
    except UserError as error:
        print(f"mammoflow: {error}", file=sys.stderr)
        return 1
    print(f"Removed {len(found):,} files, {freed / 1e9:.1f} GB; all that the last run names is kept")
    return 0


def unnamed() -> Iterator[Path]:
    """The files of pictures, arrays and embeddings that no index names.

    Raises
    ------
    UserError
        If there is no record of a run, or an index that it names is gone: then nobody knows what is wanted.
    """
    recorded = [Path(file) for file in run_record.read(RECORD)["files"]]
    for stage, (pattern, table, column, below) in INDEXES.items():
        named = set()
        for index in (file for file in recorded if file.match(pattern)):
            if not index.is_file():
                raise UserError(f"{index} is not there; run snakemake in this folder to its end first")
            named |= {below / name for name in tables.read(index, table)[column] if name}
        yield from (path for path in files_below(WORK / stage) if path not in named)


def left_behind() -> Iterator[Path]:
    """The files that killed jobs had begun in the other stages, by their hidden folders; not the checkpoints."""
    for stage in WORK.glob("*"):
        if stage.name not in INDEXES:
            yield from (path for folder in stage.glob(".*") for path in files_below(folder))


def files_below(folder: Path) -> list[Path]:
    """All files of a folder, the hidden ones too."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def remove(path: Path) -> int:
    """Remove a file and the folders that it leaves empty; gives its bytes."""
    size = path.lstat().st_size
    path.unlink()
    for folder in path.parents:
        if folder == WORK or any(folder.iterdir()):
            break
        folder.rmdir()
    return size


if __name__ == "__main__":
    sys.exit(main())
