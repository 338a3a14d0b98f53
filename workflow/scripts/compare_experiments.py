"""Compare every two experiments on what both of them predict of the test set."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import pandas as pd

    from mammoflow import tables
    from mammoflow.evaluation.statistics import compare
    from mammoflow.evaluation.units import of_persons, of_subset

    groups = tables.read(snakemake.input.groups, tables.GROUPS)
    seeds = snakemake.params.seeds
    predictions: dict[str, dict[int, pd.DataFrame]] = {}
    # The rule lists the files experiment by experiment, and within one seed by seed.
    for index, path in enumerate(snakemake.input.predictions):
        experiment = snakemake.params.experiments[index // len(seeds)]
        # Only what is compared is kept: the tables of all experiments and seeds together would be many times as much.
        own = of_subset(of_persons(tables.read(path, tables.PREDICTIONS), groups), "test")
        predictions.setdefault(experiment, {})[seeds[index % len(seeds)]] = own
    comparisons = compare(
        predictions,
        resamples=snakemake.params.evaluation["resamples"],
        bootstrap_seed=snakemake.params.evaluation["seed"],
        aggregation=snakemake.params.evaluation["aggregation"],
    )
    tables.write(comparisons, snakemake.output.comparisons, tables.COMPARISONS)
