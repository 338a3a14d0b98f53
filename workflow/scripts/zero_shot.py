"""Send each image to the class whose sentences it is nearest to, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    import pandas as pd

    from mammoflow import splits, tables
    from mammoflow.models import embeddings, predictions, prompt_embeddings, views, zero_shot

    given = snakemake.input
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    manifests = [
        views.restricted(
            tables.read(path, tables.MANIFEST),
            snakemake.params.views,
            classes,
            experiment=snakemake.wildcards.experiment,
        )
        for path in given.manifests
    ]
    # Every seed has the same images, and nothing here depends on it.
    images = manifests[0]
    embedded = prompt_embeddings.read(given.prompts, given.vectors)
    probabilities, signs = zero_shot.predict(
        embeddings.lookup(
            tables.read_all(given.embeddings, tables.EMBEDDINGS), images["image_id"], features="projected"
        ),
        zero_shot.contexts(images, tables.read(given.exams, tables.EXAMS), embedded.prompts),
        embedded,
        classes,
    )
    of_image = pd.DataFrame(probabilities, index=pd.Index(images["image_id"]))
    for manifest, output in zip(manifests, snakemake.output.predictions, strict=True):
        own = of_image.loc[manifest["image_id"]].to_numpy()
        tables.write(predictions.as_table(manifest, own, classes), output, tables.PREDICTIONS)
    explanations = zero_shot.explanations(images["image_id"], signs)
    tables.write(explanations, snakemake.output.explanations, tables.EXPLANATIONS)
