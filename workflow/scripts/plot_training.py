"""Draw the learning curves of every experiment that has them."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.figures import style, training

    params, output = snakemake.params, snakemake.output
    for at, experiment in enumerate(params.experiments):
        # The rule lists the files experiment by experiment, and within one seed by seed.
        paths = snakemake.input.curves[at * len(params.seeds) :]
        read = zip(params.seeds, paths, strict=False)
        figure = training.draw(
            {seed: tables.read(path, tables.CURVE) for seed, path in read},
            experiment=experiment,
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{experiment}"], pdf=output.pdfs[at], svg=output.svgs[at])
