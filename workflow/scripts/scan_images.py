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
    annotations = []
    if "image_table" in params.dataset:
        annotations = [Path(path) for path in tables.read(params.annotations, tables.INPUT_FILES)["path"]]
    scanner = scanning.Scanner(
        pseudonyms=Pseudonyms(load_key(snakemake.input.key), params.dataset["kind"], params.ids),
        describe=datasets.describer(params.dataset, annotations),
        exam_key=params.dataset.get("exam_key", EXAM_KEYS[0]),
        exclusions=Exclusions(frozenset(params.exclusions["admit"]), params.exclusions["implants"] == "keep"),
        longest_side=params.scan["longest_side"],
        work=Path(params.work),
        code=params.code,
    )
    pairs = list(zip(files["relative"], files["path"], strict=True))
    limits = {name: params.scan[name] for name in ("seconds", "gigabytes")}
    rows = scanning.scan_files(pairs, scanner, tqdm, **limits)
    log.info("decoded %d of %d files", sum(row.get("decoded", False) for row in rows), len(rows))
    for remark in scanning.remarks(rows):
        log.info("%s", remark)
    tables.write(scanning.as_table(rows), snakemake.output.images, tables.IMAGES)
