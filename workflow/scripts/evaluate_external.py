"""Measure a saved model on new images that have labels, and the best constant answer beside it."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.evaluation.statistics import evaluate
    from mammoflow.evaluation.units import of_persons
    from mammoflow.models import external_images

    params, output = snakemake.params, snakemake.output
    groups = tables.read(snakemake.input.groups, tables.GROUPS)
    paths = zip(params.seeds, snakemake.input.predictions, strict=True)
    own = {seed: of_persons(tables.read(path, tables.PREDICTIONS), groups) for seed, path in paths}
    constant = {seed: external_images.best_constant(found) for seed, found in own.items()}
    for predictions, path in ((own, output.metrics), (constant, output.constant)):
        metrics = evaluate(
            predictions,
            subsets=["external"],
            resamples=params.evaluation["resamples"],
            bootstrap_seed=params.evaluation["seed"],
            aggregation=params.evaluation["aggregation"],
            dense=tasks.load(snakemake.input.task).dense,
        )
        tables.write(metrics, path, tables.METRICS)
