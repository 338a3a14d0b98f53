"""Read the reports, clean them and cut them into sections."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path, PurePath

    from tqdm import tqdm

    from mammoflow import tables
    from mammoflow.logs import log
    from mammoflow.privacy import Pseudonyms, load_key, make_private
    from mammoflow.reports.reading import read_table, read_text, report_tables

    params = snakemake.params
    names = Pseudonyms(load_key(snakemake.input.key), params.dataset["kind"], params.ids)
    files = tables.read(params.files, tables.INPUT_FILES)
    if "report_columns" in params.dataset:
        found = read_table(Path(files["path"].iloc[0]), params.dataset["report_columns"])
    else:
        found = [
            (PurePath(file.relative).stem, read_text(file.path))
            for file in tqdm(files.itertuples(), desc="reports", total=len(files), unit="file")
        ]
    log.info("%d reports, %d of them without an exam's id and left out", len(found), sum(not exam for exam, _ in found))
    reports, sections = report_tables((names.of("exam", exam), text) for exam, text in found if exam)
    for (status, reason), count in reports.groupby(["status", "reason"]).size().items():
        log.info("reports %s: %d %s", status, count, reason)
    make_private(Path(snakemake.output.sections).parent)
    tables.write(sections, snakemake.output.sections, tables.SECTIONS, mode=0o600)
    tables.write(reports, snakemake.output.reports, tables.REPORTS)
