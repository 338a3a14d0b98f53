"""Verify: whether the results are still what the run left, by the hash of every file.

    python -m mammoflow.verify

Run it in the folder where results/ lies. Each line names a file and what is wrong with it; the exit status is 1 where a
file is missing or was changed since, or where there is no record of a run.
"""

import sys
from pathlib import Path

from tqdm import tqdm

from mammoflow import run_record
from mammoflow.errors import UserError

RECORDS = {"results": "results/provenance/run.json", "private": "private/run.json"}


def main() -> int:
    """Compare, print, and give the exit status."""
    found: list[run_record.Difference] = []
    recorded = 0
    try:
        for folder, path in RECORDS.items():
            record = run_record.read(Path(path))
            recorded += len(record["files"])
            found += run_record.differences(record, Path(folder), tqdm)
    except UserError as error:
        print(f"mammoflow: {error}", file=sys.stderr)
        return 1
    for one in found:
        print(f"{one.what}: {one.file}")
    wrong = [one for one in found if one.what != "not in the record"]
    said = f"{len(wrong)} of them missing or changed" if wrong else "all as the run left them"
    print(f"{recorded} files recorded, with the pictures that they name: {said}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
