"""Rounds of kills at random moments, each run again to the same bytes; the table of the rounds goes to a file.

Run with: .venv/bin/python -P benchmarks/kill.py --rounds 20 --table benchmarks/kill_rounds.tsv
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

from tests import kills
from tests.test_workflow import SMALL, copy_workflow, write_config

COLUMNS = ("round", "until", "killed", "after_jobs", "while", "starts", "result")


def main() -> None:
    """Play the rounds, print each, and end with status 1 if one of them came to other bytes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how many that kill something (3)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and the victims (0)")
    parser.add_argument("--table", type=Path, help="where the table of the rounds goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        begin, lines = time.monotonic(), ["\t".join(COLUMNS)]
        for line in played(Path(temporary), number=given.rounds, seed=given.seed):
            print(line, flush=True)
            lines.append(line)
    if given.table:
        given.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    same = sum(line.endswith(kills.SAME) for line in lines)
    load = os.getloadavg()[0]
    print(f"{same} of {len(lines) - 1} rounds: {kills.SAME}; {time.monotonic() - begin:.0f} s, load {load:.1f}")
    sys.exit(same < len(lines) - 1)


def played(place: Path, *, number: int, seed: int) -> Iterator[str]:
    """A line of the table for each round."""
    # A copy: who edits the checkout meanwhile changes nothing.
    repo, names = copy_workflow(ROOT, place / "checkout"), itertools.count()

    def fresh() -> Path:
        directory = place / f"cohort{next(names)}"
        directory.mkdir()
        write_config(directory, SMALL | {"run": ["linear_probe", "convnext", "majority"]})
        return directory

    expected = fresh()
    took = kills.undisturbed(repo, expected)
    print(f"undisturbed: {', '.join(f'{seconds:.0f}' for _, seconds in took)} s a stage", flush=True)
    for one in kills.rounds(repo, fresh, expected, took, number=number, seed=seed):
        jobs = ", ".join(map(str, one.jobs))
        cells = (one.number, one.stage, ", ".join(one.killed), jobs, ", ".join(one.rules), one.starts, one.result)
        yield "\t".join(map(str, cells))


if __name__ == "__main__":
    main()
