"""Train linear probes on cached embeddings, for every seed, unless the same ones were trained before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from dataclasses import asdict
    from hashlib import sha256

    from tqdm import tqdm

    from mammoflow import splits, tables
    from mammoflow.models import choices, embeddings, heads, kept_probes, predictions, snapshots, subsets, views
    from mammoflow.models.probes import Settings

    params, output, experiment = snakemake.params, snakemake.output, snakemake.wildcards.experiment
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    index = tables.read_all(snakemake.input.embeddings, tables.EMBEDDINGS)
    encoder = snapshots.fingerprint(tables.read(snakemake.input.encoder, tables.MODEL_FILES))
    about = params.vectors | {"method": "linear_probe", "encoder_sha256": sha256(encoder.encode()).hexdigest()}
    about |= {"classes": classes, "warning": params.warning}
    settings = Settings(**params.settings)
    tried, epochs = [], 0
    for place, seed in enumerate(params.seeds):
        manifest = tables.read(snakemake.input.manifests[place], tables.MANIFEST)
        manifest = views.restricted(manifest, params.views, classes, experiment=experiment)
        vectors = embeddings.lookup(index, manifest["image_id"], params.vectors["features"])
        training, now = kept_probes.train(
            vectors,
            subsets.rows_of(manifest, classes, weighted=params.weighted),
            settings,
            n_classes=len(classes),
            seed=seed,
            made_by={"code": params.training, "threads": params.compute["threads"]},
            folder=Path(params.work),
            progress=tqdm,
        )
        epochs += now
        of_seed = kept_probes.tried_of(training, settings)
        tried += choices.rows_of(of_seed, training.chosen, seed=seed)
        head = kept_probes.head_of(training)
        chosen = {"chosen": of_seed[training.chosen].setting, "weighted": params.weighted}
        heads.write(head, output.heads[place], about | {"seed": seed, "settings": asdict(settings) | chosen})
        tables.write(kept_probes.curve_of(training), output.curves[place], tables.CURVE)
        predicted = predictions.as_table(manifest, head.probabilities(vectors), classes)
        tables.write(predicted, output.predictions[place], tables.PREDICTIONS)
    tables.write(tables.frame_of(tried, tables.CHOICES), output.choices, tables.CHOICES)
    log.info("trained %d epochs", epochs)
