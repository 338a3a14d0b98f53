"""Fit logistic regressions on cached embeddings, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from hashlib import sha256

    from mammoflow import splits, tables
    from mammoflow.models import choices, embeddings, heads, logistic_regression, predictions, snapshots, subsets, views

    params, output, experiment = snakemake.params, snakemake.output, snakemake.wildcards.experiment
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    index = tables.read_all(snakemake.input.embeddings, tables.EMBEDDINGS)
    encoder = snapshots.fingerprint(tables.read(snakemake.input.encoder, tables.MODEL_FILES))
    about = params.vectors | {"method": "logistic_regression", "encoder_sha256": sha256(encoder.encode()).hexdigest()}
    about |= {"classes": classes, "warning": params.warning}
    tried = []
    for place, seed in enumerate(params.seeds):
        manifest = tables.read(snakemake.input.manifests[place], tables.MANIFEST)
        manifest = views.restricted(manifest, params.views, classes, experiment=experiment)
        vectors = embeddings.lookup(index, manifest["image_id"], params.vectors["features"])
        rows = subsets.rows_of(manifest, classes, weighted=params.weighted)
        head, of_seed, chosen = logistic_regression.fit(vectors, rows)
        log.info("seed %d: chose %s", seed, of_seed[chosen].setting)
        tried += choices.rows_of(of_seed, chosen, seed=seed)
        settings = {"chosen": of_seed[chosen].setting, "weighted": params.weighted}
        heads.write(head, output.heads[place], about | {"seed": seed, "settings": settings})
        predicted = predictions.as_table(manifest, head.probabilities(vectors), classes)
        tables.write(predicted, output.predictions[place], tables.PREDICTIONS)
    tables.write(tables.frame_of(tried, tables.CHOICES), output.choices, tables.CHOICES)
