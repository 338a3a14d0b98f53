"""Predict by logistic regression on the intensity histogram of the PNG, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    import numpy as np
    from tqdm import tqdm

    from mammoflow import pictures, splits, tables
    from mammoflow.models import baselines, predictions, views

    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    pngs = tables.read_all(snakemake.input.pngs, tables.PNGS)
    features = {
        image: baselines.intensity_features(pictures.read_png(file))
        for image, file in tqdm(list(zip(pngs["image_id"], pngs["file"], strict=True)))
    }
    for path, output in zip(snakemake.input.manifests, snakemake.output.predictions, strict=True):
        manifest = views.restricted(
            tables.read(path, tables.MANIFEST),
            snakemake.params.views,
            classes,
            experiment=snakemake.wildcards.experiment,
        )
        own = np.stack([features[image] for image in manifest["image_id"]])
        probabilities = baselines.histogram(own, manifest, classes, weighted=snakemake.params.weighted)
        tables.write(predictions.as_table(manifest, probabilities, classes), output, tables.PREDICTIONS)
