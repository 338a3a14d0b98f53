"""Predict by whether a lesion is outlined, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.models import baselines, predictions, views

    experiment = snakemake.wildcards.experiment
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    labelled = tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES)
    of_image = labelled.set_index("image_id")["roi"]
    for path, output in zip(snakemake.input.manifests, snakemake.output.predictions, strict=True):
        manifest = views.restricted(
            tables.read(path, tables.MANIFEST), snakemake.params.views, classes, experiment=experiment
        )
        roi = manifest["image_id"].map(of_image)
        probabilities = baselines.roi_presence(manifest, roi, classes, experiment=experiment)
        tables.write(predictions.as_table(manifest, probabilities, classes), output, tables.PREDICTIONS)
