"""Predict the commonest class of the development images, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.models import baselines, predictions, views

    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    for path, output in zip(snakemake.input.manifests, snakemake.output.predictions, strict=True):
        manifest = views.restricted(
            tables.read(path, tables.MANIFEST),
            snakemake.params.views,
            classes,
            experiment=snakemake.wildcards.experiment,
        )
        probabilities = baselines.majority(manifest, classes)
        tables.write(predictions.as_table(manifest, probabilities, classes), output, tables.PREDICTIONS)
