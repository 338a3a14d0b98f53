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
    from dataclasses import asdict

    from mammoflow import splits, tables, work
    from mammoflow.files import atomic
    from mammoflow.models import job, predictions, schemes, snapshots, subsets, trained, views

    given, params, seed = snakemake.input, snakemake.params, int(snakemake.wildcards.seed)
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    manifest = views.restricted(
        tables.read(given.manifest, tables.MANIFEST), params.views, classes, experiment=snakemake.wildcards.experiment
    )
    squares = tables.read(given.squares, tables.ARRAYS).set_index("image_id").loc[manifest["image_id"]]
    tuning = params.tuning
    scheme = schemes.of(tuning["training"], most_epochs=tuning["most_epochs"], **tuning["replaced"])
    key = work.key_of(
        pngs=list(squares["sha256"]),
        manifest=manifest[["image_id", "label", "subset"]].to_dict("list"),
        classes=classes,
        network=snapshots.fingerprint(tables.read(given.network, tables.MODEL_FILES)),
        side=Path(given.squares).stem,
        scheme=asdict(scheme),
        head=tuning["head"],
        weighted=params.weighted,
        # Sums depend on how they are divided.
        machine={"threads": params.threads, "gpus": params.machine["gpus"]},
        seed=seed,
        code=params.training,
    )
    folder = Path(params.work) / key

    def train(place: Path) -> None:
        """Train in this folder, which holds the checkpoint of an earlier try where there was one."""
        to_do = job.Job(
            network=params.folder,
            squares=squares["file"].iloc[0],
            n_classes=len(classes),
            head=tuning["head"],
            scheme=scheme,
            seed=seed,
            checkpoint_minutes=params.machine["checkpoint_minutes"],
        )
        rows = subsets.rows_of(manifest, classes, weighted=params.weighted)
        job.write(place, to_do, rows, squares["row"].to_numpy(dtype="int64"))
        job.start(place, processes=params.machine["gpus"])

    made = work.resumable(folder, train)
    curve, probabilities = trained.load(folder)
    log.info("trained %d epochs", len(curve) if made else 0)
    tables.write(curve, snakemake.output.curve, tables.CURVE)
    with atomic(snakemake.output.weights) as temporary:
        shutil.copyfile(folder / job.WEIGHTS, temporary)
    found = predictions.as_table(manifest, probabilities, classes)
    tables.write(found, snakemake.output.predictions, tables.PREDICTIONS)
