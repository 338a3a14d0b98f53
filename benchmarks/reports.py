"""Reports read in a second, beside a bare regular expression over the same texts; and a folder of 10,000 to its labels.

Run with: make bench
"""

import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import yaml
from tqdm import tqdm

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

from tests.reading_reports import CLASSES, LEXICON, RULES, collected, found

from mammoflow.demo import patients
from mammoflow.demo.reports import report
from mammoflow.reports.cleaning import normal
from mammoflow.reports.extraction import judge_report, read_report

LANGUAGES = ("es", "en")
SETS = ("first", "second", "third", "fourth", "fifth", "sixth")
STATEMENTS = [f"{name}_{language}" for name in SETS for language in LANGUAGES]
WHOLE = ["second", "third", "fourth", "fifth"]
# What a script of one afternoon does: the first code or phrase that is found is the label.
NAIVE = re.compile(
    r"acr\s*(?:tipo\s*)?[abcd1-4]\b|tipo [abcd]\b|grasa|graso|dispers|heterog[eé]neamente dens|extremadamente dens|"
    r"fatty|scattered|heterogeneously dense|extremely dense",
    re.IGNORECASE,
)
COUNT = 10_000


def main() -> None:
    """Print the figures."""
    written = (report(exam) for exam in patients.exams(count=COUNT, seed=1, class_mix="natural"))
    texts = [one.text for one in written if one]
    print(f"{len(texts):,} reports of {sum(map(len, texts)) // len(texts)} characters")
    ours, bare = _seconds(texts, _extract), _seconds(texts, NAIVE.search)
    print(f"extraction: {len(texts) / ours:,.0f} reports/s on one core; a bare regex pass: {len(texts) / bare:,.0f}")
    print(f"ratio of extraction to the bare regex pass: {ours / bare:.0f}")
    with tempfile.TemporaryDirectory() as folder:
        _run_workflow(texts, Path(folder))
    for name in STATEMENTS + WHOLE:
        read = [(one.label, found(one.text)) for one in collected(name)]
        right = sum(label == said for label, said in read)
        wrong = sum(label != said and said in CLASSES for label, said in read)
        print(f"{name}: {right} of {len(read)} exactly right ({100 * right / len(read):.1f} %), {wrong} silently wrong")


def _extract(text: str) -> None:
    judge_report(read_report(normal(text), LEXICON, RULES), RULES, sides_differ="ambiguous")


def _seconds(texts: list[str], read: Callable[[str], object]) -> float:
    start = time.process_time()
    for text in tqdm(texts, unit="report", leave=False):
        read(text)
    return time.process_time() - start


def _run_workflow(texts: list[str], folder: Path) -> None:
    """From a folder of text files to labels.tsv, as a user runs it, on two cores."""
    (folder / "reports").mkdir()
    for number, text in enumerate(texts):
        (folder / "reports" / f"{number}.txt").write_text(text, encoding="utf-8")
    config, overlay = {"dataset": {"kind": "folder", "reports": str(folder / "reports")}}, folder / "mine.yaml"
    overlay.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "results/labels/labels.tsv", "--cores", "2", "--quiet"]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--configfile", str(overlay)]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"a folder of {len(texts):,} reports to labels.tsv: {seconds:.1f} s with --cores 2, of them")
    for rule in ("parse_reports", "extract_labels"):
        used = pd.read_csv(folder / f"results/benchmarks/{rule}.tsv", sep="\t").iloc[0]
        print(f"  {rule}: {used['s']:.1f} s, {used['max_rss']:.0f} MB")
    print(f"  largest process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
