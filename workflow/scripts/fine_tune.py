"""Fine-tune a network on pictures, from wherever the same training was left, unless it was done before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.threads)

    import shutil

    from mammoflow import splits, tables
    from mammoflow.files import atomic
    from mammoflow.models import job, kept_networks, predictions, schemes, snapshots, subsets, trained, views

    given, params, tuning = snakemake.input, snakemake.params, snakemake.params.tuning
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    manifest = views.restricted(
        tables.read(given.manifest, tables.MANIFEST), params.views, classes, experiment=snakemake.wildcards.experiment
    )
    squares = tables.read(given.squares, tables.ARRAYS).set_index("image_id").loc[manifest["image_id"]]
    to_do = job.Job(
        network=params.folder,
        squares=squares["file"].iloc[0],
        n_classes=len(classes),
        head=tuning["head"],
        scheme=schemes.of(tuning["training"], most_epochs=tuning["most_epochs"], **tuning["replaced"]),
        seed=int(snakemake.wildcards.seed),
        checkpoint_minutes=params.machine["checkpoint_minutes"],
    )
    made_by = {
        "network": snapshots.fingerprint(tables.read(given.network, tables.MODEL_FILES)),
        "side": tuning["side"],
        "threads": params.threads,
        "code": params.training,
    }
    rows = subsets.rows_of(manifest, classes, weighted=params.weighted)
    folder, made = kept_networks.train(
        to_do, rows, squares, made_by=made_by, processes=params.machine["gpus"], folder=Path(params.work)
    )
    curve, probabilities = trained.load(folder)
    log.info("trained %d epochs", len(curve) if made else 0)
    tables.write(curve, snakemake.output.curve, tables.CURVE)
    with atomic(snakemake.output.weights) as temporary:
        shutil.copyfile(folder / job.WEIGHTS, temporary)
    found = predictions.as_table(manifest, probabilities, classes)
    tables.write(found, snakemake.output.predictions, tables.PREDICTIONS)
