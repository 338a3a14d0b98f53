"""Draw the confusion matrix of one experiment on the test images."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.figures import confusion, style

    paths = zip(snakemake.params.seeds, snakemake.input.predictions, strict=True)
    figure = confusion.draw(
        {seed: tables.read(path, tables.PREDICTIONS) for seed, path in paths},
        experiment=snakemake.wildcards.experiment,
        task=tasks.load(snakemake.input.task),
        warning=snakemake.params.warning,
    )
    style.save(figure, png=snakemake.output.figure, pdf=snakemake.output.pdf)
