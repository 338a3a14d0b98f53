"""Draw all experiments with their intervals, beside the published values."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.evaluation import table1
    from mammoflow.figures import experiments, style

    settings = snakemake.params.experiments
    paths = zip(settings, snakemake.input.metrics, strict=True)
    figure = experiments.draw(
        {name: tables.read(path, tables.METRICS) for name, path in paths},
        settings,
        table1.load_published(snakemake.input.published, tasks.load(snakemake.input.task).key),
        warning=snakemake.params.warning,
    )
    style.save(figure, png=snakemake.output.figure, pdf=snakemake.output.pdf)
