"""Make Table I: this run's numbers beside the published ones and the trivial baselines, as TSV and as a page."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import files, pages, report_tables, summary, tables

    experiments = snakemake.params.experiments
    paths = zip(experiments, snakemake.input.metrics, strict=True)
    published = summary.load_published(snakemake.input.published)
    frame = summary.table1({name: tables.read(path, tables.METRICS) for name, path in paths}, experiments, published)
    tables.write(frame, snakemake.output.table, summary.TABLE1)
    page = pages.render(
        snakemake.input.template,
        table=report_tables.table1(frame, summary.notes(experiments, published)),
        warning=snakemake.params.warning,
    )
    files.write_text(page, snakemake.output.page)
