"""Measure the predictions of one experiment, with intervals over patients."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.evaluation.statistics import evaluate
    from mammoflow.evaluation.units import of_persons

    groups = tables.read(snakemake.input.groups, tables.GROUPS)
    paths = zip(snakemake.params.seeds, snakemake.input.predictions, strict=True)
    predictions = {seed: of_persons(tables.read(path, tables.PREDICTIONS), groups) for seed, path in paths}
    metrics = evaluate(
        predictions,
        subsets=snakemake.params.subsets,
        resamples=snakemake.params.evaluation["resamples"],
        bootstrap_seed=snakemake.params.evaluation["seed"],
        aggregation=snakemake.params.evaluation["aggregation"],
        dense=tasks.load(snakemake.input.task).dense,
    )
    tables.write(metrics, snakemake.output.metrics, tables.METRICS)
