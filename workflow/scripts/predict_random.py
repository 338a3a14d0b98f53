"""Predict a class drawn from the development shares, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import numpy as np

    from mammoflow import splits, tables
    from mammoflow.models import baselines, predictions, views

    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    seeds = zip(snakemake.params.seeds, snakemake.input.manifests, snakemake.output.predictions, strict=True)
    for seed, path, output in seeds:
        manifest = views.restricted(
            tables.read(path, tables.MANIFEST),
            snakemake.params.views,
            classes,
            experiment=snakemake.wildcards.experiment,
        )
        probabilities = baselines.random(manifest, classes, np.random.default_rng(seed))
        tables.write(predictions.as_table(manifest, probabilities, classes), output, tables.PREDICTIONS)
