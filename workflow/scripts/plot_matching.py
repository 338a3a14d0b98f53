"""Draw pictures before and after the matching of every recipe, and the intensities of each device."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.figures import images as image_plots
    from mammoflow.figures import samples, style
    from mammoflow.recipes import Recipe

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    development = splits.development_images(
        tables.read(given.labelled_images, tables.LABELLED_IMAGES),
        tables.read(given.test_patients, tables.TEST_PATIENTS),
    )
    images = tables.read(given.images, tables.IMAGES)[["image_id", "picture"]]
    development = development.merge(images, on="image_id", validate="1:1")
    # The rule lists the indexes of PNGs recipe by recipe, and each recipe has as many.
    n_shards = len(given.pngs) // max(1, len(params.recipes))
    for at, (name, settings) in enumerate(params.recipes.items()):
        recipe = Recipe(**settings)
        pngs = tables.read_all(given.pngs[at * n_shards : (at + 1) * n_shards], tables.PNGS)[["image_id", "file"]]
        shown, distributions = samples.of_recipe(
            development.merge(pngs, on="image_id", validate="1:1"), recipe, Path(params.work)
        )
        figure = image_plots.matching(shown, distributions, recipe=name, way=recipe.matching, warning=params.warning)
        style.save(figure, png=output[f"figure_{name}"], pdf=output.pdfs[at], svg=output.svgs[at])
