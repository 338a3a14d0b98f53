"""Predict by the nearest neighbours among cached embeddings, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from mammoflow import splits, tables
    from mammoflow.models import choices, embeddings, nearest_neighbours, predictions, subsets, views

    params, output, experiment = snakemake.params, snakemake.output, snakemake.wildcards.experiment
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    index = tables.read_all(snakemake.input.embeddings, tables.EMBEDDINGS)
    tried = []
    for place, seed in enumerate(params.seeds):
        manifest = tables.read(snakemake.input.manifests[place], tables.MANIFEST)
        manifest = views.restricted(manifest, params.views, classes, experiment=experiment)
        vectors = embeddings.lookup(index, manifest["image_id"], params.vectors["features"])
        rows = subsets.rows_of(manifest, classes, weighted=params.weighted)
        probabilities, of_seed, chosen = nearest_neighbours.predict(vectors, rows, n_classes=len(classes))
        log.info("seed %d: chose %s", seed, of_seed[chosen].setting)
        tried += choices.rows_of(of_seed, chosen, seed=seed)
        predicted = predictions.as_table(manifest, probabilities, classes)
        tables.write(predicted, output.predictions[place], tables.PREDICTIONS)
    tables.write(tables.frame_of(tried, tables.CHOICES), output.choices, tables.CHOICES)
