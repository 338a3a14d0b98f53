"""Draw the map of the embeddings of every encoder and recipe, of development images only."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import quality, splits, tables, tasks
    from mammoflow.figures import embeddings_map, style
    from mammoflow.models import embeddings

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    images = splits.development_images(
        tables.read(given.labelled_images, tables.LABELLED_IMAGES),
        tables.read(given.test_patients, tables.TEST_PATIENTS),
    )
    shown = quality.sample(images)
    shards = len(given.embeddings) // max(1, len(params.mapped))
    for at, (encoder, recipe, features) in enumerate(params.mapped):
        index = tables.read_all(given.embeddings[at * shards :][:shards], tables.EMBEDDINGS)
        figure = embeddings_map.draw(
            embeddings.lookup(index, list(shown["image_id"]), features),
            shown,
            n_images=len(images),
            encoder=encoder,
            recipe=recipe,
            features=features,
            task=tasks.load(given.task),
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{encoder}_{recipe}"], pdf=output.pdfs[at], svg=output.svgs[at])
