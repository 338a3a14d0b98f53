"""Make Table I: this run's numbers beside the published ones and the trivial baselines, as TSV and as a page."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import files, tables, tasks
    from mammoflow.evaluation import table1
    from mammoflow.pages import html, sections

    experiments = snakemake.params.experiments
    paths = zip(experiments, snakemake.input.metrics, strict=True)
    published = table1.load_published(snakemake.input.published, tasks.load(snakemake.input.task).key)
    frame = table1.make({name: tables.read(path, tables.METRICS) for name, path in paths}, experiments, published)
    tables.write(frame, snakemake.output.table, tables.TABLE1)
    page = html.render(
        snakemake.input.template,
        table=sections.main_table(frame, table1.notes(experiments, published)),
        warning=snakemake.params.warning,
    )
    files.write_text(page, snakemake.output.page)
