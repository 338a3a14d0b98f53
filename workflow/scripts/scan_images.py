"""Scan the files of one shard: a row for each, and a 16-bit picture for each that is accepted."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from tqdm import tqdm

    from mammoflow import datasets, scanning, tables
    from mammoflow.configuration import EXAM_KEYS
    from mammoflow.dicom.exclusions import Exclusions
    from mammoflow.privacy import Pseudonyms, load_key

    params = snakemake.params
    files = tables.read(params.files, tables.INPUT_FILES)
    described_by = []
    if datasets.is_described(params.dataset):
        described_by = datasets.own_files(tables.read(params.annotations, tables.INPUT_FILES))
    admit = frozenset(params.exclusions["admit"]) | datasets.admitted(params.dataset)
    key = load_key(snakemake.input.key)
    scanner = scanning.Scanner(
        pseudonyms=Pseudonyms(key, params.dataset["kind"], params.ids),
        describe=datasets.describer(params.dataset, described_by),
        are_pictures=datasets.are_pictures(params.dataset),
        exam_key=params.dataset.get("exam_key", EXAM_KEYS[0]),
        exclusions=Exclusions(admit, params.exclusions["implants"] == "keep"),
        longest_side=params.scan["longest_side"],
        work=Path(params.work),
        code=params.code,
        # Hashed whatever becomes of ids.
        births=Pseudonyms(key, params.dataset["kind"], "hash") if snakemake.output.get("births") else None,
    )
    pairs = list(zip(files["relative"], files["path"], strict=True))
    limits = {name: params.scan[name] for name in ("seconds", "gigabytes")}
    rows = scanning.scan_files(pairs, scanner, tqdm, **limits)
    log.info("decoded %d of %d files", sum(row.get("decoded", False) for row in rows), len(rows))
    for remark in scanning.remarks(rows):
        log.info("%s", remark)
    tables.write(scanning.as_table(rows), snakemake.output.images, tables.IMAGES)
    if scanner.births is not None:
        tables.write(scanning.births(rows), snakemake.output.births, tables.BIRTHS, mode=0o600)
