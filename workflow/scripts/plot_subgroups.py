"""Draw the measures of every experiment in parts of the test set."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.figures import style, subgroups

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    for at, experiment in enumerate(params.experiments):
        figure = subgroups.draw(
            tables.read(given.subgroups[at], tables.METRICS),
            tables.read(given.metrics[at], tables.METRICS),
            experiment=experiment,
            seed=params.seed,
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{experiment}"], pdf=output.pdfs[at], svg=output.svgs[at])
