"""Draw the confusion matrix of every experiment on the test images."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.figures import confusion, style

    params, output = snakemake.params, snakemake.output
    task = tasks.load(snakemake.input.task)
    for at, experiment in enumerate(params.experiments):
        # The rule lists the files experiment by experiment, and within one seed by seed.
        paths = snakemake.input.predictions[at * len(params.seeds) :]
        read = zip(params.seeds, paths, strict=False)
        figure = confusion.draw(
            {seed: tables.read(path, tables.PREDICTIONS) for seed, path in read},
            experiment=experiment,
            task=task,
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{experiment}"], pdf=output.pdfs[at], svg=output.svgs[at])
