"""Draw pictures before and after the matching of a recipe, and the intensities of each device."""

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

    recipe = Recipe(**snakemake.params.recipe)
    development = splits.development_images(
        tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES),
        tables.read(snakemake.input.test_patients, tables.TEST_PATIENTS),
    )
    images = tables.read(snakemake.input.images, tables.IMAGES)
    pngs = tables.read_all(snakemake.input.pngs, tables.PNGS)[["image_id", "file"]]
    files = images[["image_id", "picture"]].merge(pngs, on="image_id", validate="1:1")
    shown, distributions = samples.of_recipe(
        development.merge(files, on="image_id", validate="1:1"), recipe, Path(snakemake.params.work)
    )
    figure = image_plots.matching(
        shown,
        distributions,
        recipe=snakemake.wildcards.recipe,
        way=recipe.matching,
        warning=snakemake.params.warning,
    )
    style.save(figure, png=snakemake.output.figure, pdf=snakemake.output.pdf)
