"""Train a linear probe on cached embeddings, unless the same one was trained before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    import hashlib

    from safetensors.torch import save_file
    from tqdm import tqdm

    from mammoflow import splits, tables, work
    from mammoflow.models import embeddings, predictions, probes, trained, training, views

    params, seed = snakemake.params, int(snakemake.wildcards.seed)
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    manifest = views.restricted(
        tables.read(snakemake.input.manifest, tables.MANIFEST),
        params.views,
        classes,
        experiment=snakemake.wildcards.experiment,
    )
    index = tables.read_all(snakemake.input.embeddings, tables.EMBEDDINGS)
    vectors = embeddings.lookup(index, manifest["image_id"])
    key = work.key_of(
        vectors=hashlib.sha256(vectors.tobytes()).hexdigest(),
        manifest=manifest[["image_id", "label", "subset"]].to_dict("list"),
        classes=classes,
        settings={
            "max_epochs": params.max_epochs,
            "weighted": params.weighted,
            "compute": params.compute,
            "seed": seed,
        },
        code=params.code,
    )
    folder = Path(params.work) / key

    def train(place: Path) -> None:
        """Train the probe and keep it in this folder."""
        rows = training.rows_of(manifest, classes, weighted=params.weighted)
        layer, curve, probabilities = probes.linear_probe(
            vectors, rows, n_classes=len(classes), max_epochs=params.max_epochs, seed=seed, progress=tqdm
        )
        save_file(layer.state_dict(), place / "weights.safetensors")
        trained.save(place, curve, probabilities)

    made = work.result(folder, train)
    curve, probabilities = trained.load(folder)
    log.info("trained %d epochs", len(curve) if made else 0)
    tables.write(curve, snakemake.output.curve, tables.CURVE)
    tables.write(
        predictions.as_table(manifest, probabilities, classes), snakemake.output.predictions, tables.PREDICTIONS
    )
