"""Fine-tune a network on few images a class, for every seed and number of images, from wherever that was left."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.threads)

    from mammoflow import splits, tables
    from mammoflow.models import few_shot, job, kept_networks, predictions, schemes, snapshots, subsets, trained, views

    given, params, tuning = snakemake.input, snakemake.params, snakemake.params.tuning
    outputs, epochs = iter(snakemake.output.predictions), 0
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    index = tables.read(given.squares, tables.ARRAYS).set_index("image_id")
    made_by = {
        "network": snapshots.fingerprint(tables.read(given.network, tables.MODEL_FILES)),
        "side": tuning["side"],
        "threads": params.threads,
        "code": params.training,
    }
    for place, seed in enumerate(params.seeds):
        manifest = tables.read(given.manifests[place], tables.MANIFEST)
        manifest = views.restricted(manifest, params.views, classes, experiment=snakemake.wildcards.experiment)
        squares = index.loc[manifest["image_id"]]
        whole = subsets.rows_of(manifest, classes, weighted=params.weighted)
        to_do = job.Job(
            network=params.folder,
            squares=squares["file"].iloc[0],
            n_classes=len(classes),
            head=tuning["head"],
            scheme=schemes.of(tuning["training"], most_epochs=tuning["most_epochs"], **tuning["replaced"]),
            seed=seed,
            checkpoint_minutes=params.checkpoint_minutes,
            # One for each seed and number of images, which nobody asks for.
            keeps_weights=False,
        )
        for shots in params.shots:
            rows = few_shot.subset(whole, manifest, shots=shots, n_classes=len(classes), seed=seed)
            if rows is whole:
                # Nothing was left out: this is the experiment itself.
                table = tables.read(given.predictions[place], tables.PREDICTIONS)
                tables.write(table, next(outputs), tables.PREDICTIONS)
                continue
            log.info("seed %d, %s images a class", seed, shots)
            # So few images need no second device.
            folder, made = kept_networks.train(
                to_do, rows, squares, made_by=made_by, processes=1, folder=Path(params.work)
            )
            curve, probabilities = trained.load(folder)
            epochs += len(curve) if made else 0
            found = predictions.as_table(manifest, probabilities, classes)
            tables.write(found, next(outputs), tables.PREDICTIONS)
    log.info("trained %d epochs", epochs)
