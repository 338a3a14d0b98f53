"""Train an experiment on few images a class, for every seed and number of images."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from tqdm import tqdm

    from mammoflow import splits, tables
    from mammoflow.models import embeddings, few_shot, kept_probes, logistic_regression, predictions, subsets, views
    from mammoflow.models.probes import Settings

    params, outputs, epochs = snakemake.params, iter(snakemake.output.predictions), 0
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    index = tables.read_all(snakemake.input.embeddings, tables.EMBEDDINGS)
    for place, seed in enumerate(params.seeds):
        manifest = tables.read(snakemake.input.manifests[place], tables.MANIFEST)
        manifest = views.restricted(manifest, params.views, classes, experiment=snakemake.wildcards.experiment)
        vectors = embeddings.lookup(index, manifest["image_id"], params.features)
        whole = subsets.rows_of(manifest, classes, weighted=params.weighted)
        for shots in params.shots:
            rows = few_shot.subset(whole, manifest, shots=shots, n_classes=len(classes), seed=seed)
            if rows is whole:
                # Nothing was left out: this is the experiment itself.
                table = tables.read(snakemake.input.predictions[place], tables.PREDICTIONS)
                tables.write(table, next(outputs), tables.PREDICTIONS)
                continue
            if params.method == "logistic_regression":
                head, *_ = logistic_regression.fit(vectors, rows)
            else:
                training, now = kept_probes.train(
                    vectors,
                    rows,
                    Settings(**params.settings),
                    n_classes=len(classes),
                    seed=seed,
                    made_by={"code": params.training, "threads": params.compute["threads"]},
                    folder=Path(params.work),
                    progress=tqdm,
                )
                head, epochs = kept_probes.head_of(training), epochs + now
            predicted = predictions.as_table(manifest, head.probabilities(vectors), classes)
            tables.write(predicted, next(outputs), tables.PREDICTIONS)
    log.info("trained %d epochs", epochs)
