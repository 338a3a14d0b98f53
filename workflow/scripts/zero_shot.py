"""Send each image to the class whose prompts it is nearest to."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import numpy as np
    from safetensors.numpy import load_file

    from mammoflow import splits, tables
    from mammoflow.models import embeddings, predictions, prompts, views

    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    manifest = views.restricted(
        tables.read(snakemake.input.manifest, tables.MANIFEST),
        snakemake.params.views,
        classes,
        experiment=snakemake.wildcards.experiment,
    )
    images = embeddings.lookup(tables.read_all(snakemake.input.embeddings, tables.EMBEDDINGS), manifest["image_id"])
    embedded = load_file(snakemake.input.prompts)
    vectors = np.stack([prompts.of_class(embedded, label) for label in classes])
    probabilities = prompts.probabilities(images, vectors, float(embedded["temperature"][0]))
    tables.write(
        predictions.as_table(manifest, probabilities, classes), snakemake.output.predictions, tables.PREDICTIONS
    )
