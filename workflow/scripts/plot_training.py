"""Draw the learning curves of one experiment."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.figures import style, training

    paths = zip(snakemake.params.seeds, snakemake.input.curves, strict=True)
    figure = training.draw(
        {seed: tables.read(path, tables.CURVE) for seed, path in paths},
        experiment=snakemake.wildcards.experiment,
        warning=snakemake.params.warning,
    )
    style.save(figure, png=snakemake.output.figure, pdf=snakemake.output.pdf)
