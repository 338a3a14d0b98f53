"""Draw ROC curves and reliability diagrams of every experiment."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.evaluation.units import of_subset
    from mammoflow.figures import reliability, roc, style

    params, output = snakemake.params, snakemake.output
    paths = zip(params.experiments, snakemake.input.predictions, strict=True)
    predictions = {name: of_subset(tables.read(path, tables.PREDICTIONS), "test") for name, path in paths}
    about = {"seed": params.seed, "warning": params.warning}
    curves = roc.draw(predictions, level="exam", aggregation=params.aggregation, **about)
    style.save(curves, png=output.roc, pdf=output.pdfs[0], svg=output.svgs[0])
    diagrams = reliability.draw(predictions, **about)
    style.save(diagrams, png=output.reliability, pdf=output.pdfs[1], svg=output.svgs[1])
