"""Draw all experiments with their intervals, beside the published values."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.evaluation import table1
    from mammoflow.figures import experiments, style
    from mammoflow.published import loading

    given, output, settings = snakemake.input, snakemake.output, snakemake.params.experiments
    task = tasks.load(given.task).key
    paths = zip(settings, given.metrics, strict=True)
    others = [loading.load(path, given.schema) for path in given.others]
    figure = experiments.draw(
        {name: tables.read(path, tables.METRICS) for name, path in paths},
        settings,
        table1.load_published(given.published, task),
        references=[of_kind for of_kind in others if of_kind["task"] == task],
        warning=snakemake.params.warning,
    )
    style.save(figure, png=output.figure, pdf=output.pdf, svg=output.svg)
