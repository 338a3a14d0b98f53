"""Measure the predictions of every experiment on parts of the test images."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.evaluation import subgroups
    from mammoflow.evaluation.units import of_persons

    given, params = snakemake.input, snakemake.params
    groups = tables.read(given.groups, tables.GROUPS)
    known = subgroups.attributes(tables.read(given.images, tables.IMAGES), tables.read(given.exams, tables.EXAMS))
    for path, output in zip(given.predictions, snakemake.output.metrics, strict=True):
        metrics = subgroups.evaluate(
            of_persons(tables.read(path, tables.PREDICTIONS), groups),
            known,
            seed=params.seed,
            resamples=params.evaluation["resamples"],
            bootstrap_seed=params.evaluation["seed"],
            aggregation=params.evaluation["aggregation"],
        )
        tables.write(metrics, output, tables.METRICS)
