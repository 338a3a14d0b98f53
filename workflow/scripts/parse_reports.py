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
    from mammoflow.reports.reading import read_text, report_tables

    names = Pseudonyms(load_key(snakemake.input.key), snakemake.params.dataset, snakemake.params.ids)
    files = tables.read(snakemake.params.files, tables.INPUT_FILES)
    texts = [
        (names.of("exam", PurePath(file.relative).stem), read_text(file.path))
        for file in tqdm(files.itertuples(), desc="reports", total=len(files), unit="file")
    ]
    reports, sections = report_tables(texts)
    for (status, reason), count in reports.groupby(["status", "reason"]).size().items():
        log.info("reports %s: %d %s", status, count, reason)
    make_private(Path(snakemake.output.sections).parent)
    tables.write(sections, snakemake.output.sections, tables.SECTIONS, mode=0o600)
    tables.write(reports, snakemake.output.reports, tables.REPORTS)
