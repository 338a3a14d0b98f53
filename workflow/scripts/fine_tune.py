"""Fine-tune a network on the PNGs, unless the same training was done before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from safetensors.torch import save_model
    from tqdm import tqdm

    from mammoflow import splits, tables, work
    from mammoflow.models import finetuning, predictions, snapshots, subsets, trained, training, views

    params, seed = snakemake.params, int(snakemake.wildcards.seed)
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    manifest = views.restricted(
        tables.read(snakemake.input.manifest, tables.MANIFEST),
        params.views,
        classes,
        experiment=snakemake.wildcards.experiment,
    )
    pngs = tables.read_all(snakemake.input.pngs, tables.PNGS).set_index("image_id").loc[manifest["image_id"]]
    key = work.key_of(
        pngs=list(pngs["sha256"]),
        manifest=manifest[["image_id", "label", "subset"]].to_dict("list"),
        classes=classes,
        network=snapshots.fingerprint(tables.read(snakemake.input.network, tables.MODEL_FILES)),
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
        """Fine-tune and keep the weights in this folder."""
        training.make_deterministic(seed)
        network = finetuning.load_network(Path(params.folder), n_classes=len(classes))
        curve, probabilities = finetuning.fine_tune(
            network,
            list(pngs["file"]),
            subsets.rows_of(manifest, classes, weighted=params.weighted),
            max_epochs=params.max_epochs,
            seed=seed,
            progress=tqdm,
        )
        save_model(network, str(place / "weights.safetensors"))
        trained.save(place, curve, probabilities)

    made = work.result(folder, train)
    curve, probabilities = trained.load(folder)
    log.info("trained %d epochs", len(curve) if made else 0)
    tables.write(curve, snakemake.output.curve, tables.CURVE)
    tables.write(
        predictions.as_table(manifest, probabilities, classes), snakemake.output.predictions, tables.PREDICTIONS
    )
