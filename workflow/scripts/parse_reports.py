"""Read the reports and cut them into sections; their texts stay private."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from functools import partial
    from pathlib import Path

    from tqdm import tqdm

    from mammoflow import configuration, datasets, tables
    from mammoflow.logs import log
    from mammoflow.privacy import Pseudonyms, load_key, make_private
    from mammoflow.reports.lexicon import load_lexicon
    from mammoflow.reports.reading import exam_of_file, read_files, read_table, report_tables

    given, made, dataset = snakemake.input, snakemake.output, snakemake.params.dataset
    files = tables.read(snakemake.params.files, tables.INPUT_FILES)
    if "report_columns" in dataset:
        inputs = read_table(Path(files["path"].iloc[0]), dataset["report_columns"])
    else:
        inputs = read_files(
            tqdm(list(zip(files["relative"], files["path"], strict=True)), desc="files", unit="file"),
            exam_key=configuration.header_key(dataset),
            exam_of=datasets.report_namer(dataset["kind"]) or exam_of_file,
        )
    reports, texts, sections = report_tables(
        inputs,
        pseudonyms=Pseudonyms(load_key(given.key), dataset["kind"], snakemake.params.ids),
        lexicon=load_lexicon(given.lexicon),
        progress=partial(tqdm, desc="reports", unit="report"),
    )
    log.info("%d files or rows, of %d exams", len(inputs), len(reports))
    for (status, reason), count in reports.groupby(["status", "reason"]).size().items():
        log.info("reports %s: %d %s", status, count, reason)
    make_private(Path(made.texts).parent)
    tables.write(texts, made.texts, tables.TEXTS, mode=0o600)
    tables.write(sections, made.sections, tables.SECTIONS, mode=0o600)
    tables.write(reports, made.reports, tables.REPORTS)
